//! `AuthZEN`: bodies of questions, batches and searches, and the page tokens in them.

use super::house::House;
use crate::Parser;

/// Whole requests: the first line is method and path, the rest is the body.
pub(crate) fn requests() -> Parser {
    let house = house();
    Box::new(move |data| {
        house.send(data, |_, _| "");
    })
}

fn house() -> House {
    House::new(|service| rolecall_authzen::router(service, "https://rbac.example.com").0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved;

    #[test]
    fn most_saved_requests_are_answered_and_not_refused() {
        let house = house();
        let statuses: Vec<_> = saved::read(&saved::folder(), "authzen")
            .expect("saved inputs")
            .into_iter()
            .map(|input| (house.send(&input.data, |_, _| "").map(|status| status.as_u16()), input.name))
            .collect();
        let answered = statuses.iter().filter(|(status, _)| matches!(status, Some(200..300))).count();
        assert!(answered * 2 > statuses.len(), "{statuses:?}");
    }
}
