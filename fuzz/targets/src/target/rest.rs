//! Our own API: paths, queries, bodies and page tokens.

use super::house::House;
use crate::Parser;

/// Whole requests: the first line is method and path, the rest is the body. Changes are only tried, so that what fails
/// fails again alone.
pub(crate) fn requests() -> Parser {
    let house = house();
    Box::new(move |data| {
        house.send(data, only_try);
    })
}

/// What is put at the end of a query: questions know no dry run.
fn only_try(method: &str, path: &str) -> &'static str {
    let question = method == "GET" || path.contains("/check") || path.contains("/explain");
    if question { "" } else { "dry_run=true" }
}

fn house() -> House {
    House::new(|service| rolecall_rest::router(service).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved;

    #[test]
    fn most_saved_requests_are_answered_and_not_refused() {
        let house = house();
        let statuses: Vec<_> = saved::read(&saved::folder(), "rest")
            .expect("saved inputs")
            .into_iter()
            .map(|input| (house.send(&input.data, only_try).map(|status| status.as_u16()), input.name))
            .collect();
        let answered = statuses.iter().filter(|(status, _)| matches!(status, Some(200..300))).count();
        assert!(answered * 2 > statuses.len(), "{statuses:?}");
    }
}
