//! Lists: which part is asked for, and where the next one begins. A list is in the order of numbers, which is the order in
//! which things were made, and a page begins after the last number of the one before: so nothing is shown twice or left
//! out, whatever is made or deleted meanwhile, and a page never expires.

use crate::fault::invalid;
use crate::wire::common::ListRequest;
use connectrpc::ConnectError;

/// Items of a page when nobody says how many.
const USUAL: u32 = 100;

/// How a token begins: what it is, should somebody look.
const AFTER: &str = "after-";

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    limit: usize,
    after: Option<u32>,
}

impl Page {
    /// The whole list.
    pub(crate) const ALL: Page = Page { limit: usize::MAX, after: None };

    /// What a request asks for.
    ///
    /// # Errors
    /// `invalid_argument` for a token that is not ours, and for an order that lists do not have.
    pub(crate) fn of(request: &ListRequest) -> Result<Self, ConnectError> {
        let sorts = request.sort_by_fields.iter().chain(request.sort_by.as_option());
        for sort in sorts {
            if !sort.key.is_empty() {
                return Err(invalid("lists are in the order in which things were made; leave the sorting out"));
            }
        }
        Page::new(request.limit, &request.token)
    }

    /// So many items after a token.
    ///
    /// # Errors
    /// `invalid_argument` for a token that is not ours.
    pub(crate) fn new(limit: u32, token: &str) -> Result<Self, ConnectError> {
        let limit = usize::try_from(if limit == 0 { USUAL } else { limit }).unwrap_or(usize::MAX);
        let after = match token {
            "" => None,
            token => {
                let number = token.strip_prefix(AFTER).and_then(|number| number.parse().ok());
                let strange = || invalid("this page token is not one of ours; start the list again without one");
                Some(number.ok_or_else(strange)?)
            }
        };
        Ok(Page { limit, after })
    }

    /// The items of the page, from all in the order of their numbers, and the token of the next page; it is empty on the
    /// last one.
    pub(crate) fn take<T, U>(self, all: impl Iterator<Item = (u32, T)>, show: impl Fn(T) -> U) -> (Vec<U>, String) {
        let mut rest = all.filter(|(number, _)| self.after.is_none_or(|after| *number > after));
        let (mut items, mut last) = (Vec::new(), 0);
        while items.len() < self.limit {
            let Some((number, item)) = rest.next() else { return (items, String::new()) };
            items.push(show(item));
            last = number;
        }
        let token = if rest.next().is_some() { format!("{AFTER}{last}") } else { String::new() };
        (items, token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(page: Page, from: &[u32]) -> (Vec<u32>, String) {
        page.take(from.iter().map(|number| (*number, *number)), |number| number)
    }

    #[test]
    fn a_list_is_whole_over_its_pages_whatever_is_deleted_between_them() {
        let (first, token) = numbers(Page::new(2, "").unwrap(), &[1, 2, 5, 7, 9]);
        assert_eq!(first, [1, 2]);
        let (second, token) = numbers(Page::new(2, &token).unwrap(), &[1, 5, 7, 9]);
        assert_eq!(second, [5, 7]);
        assert_eq!(numbers(Page::new(2, &token).unwrap(), &[1, 9]), (vec![9], String::new()));
    }

    #[test]
    fn the_last_page_has_no_token_also_when_it_is_full() {
        assert_eq!(numbers(Page::new(2, "").unwrap(), &[1, 2]), (vec![1, 2], String::new()));
        assert_eq!(numbers(Page::new(0, "").unwrap(), &(1..=101).collect::<Vec<_>>()).0.len(), 100);
    }

    #[test]
    fn a_token_that_is_not_ours_is_refused() {
        for token in ["7", "after-", "after-x", "after--1", "after-99999999999"] {
            assert!(Page::new(1, token).is_err(), "{token}");
        }
    }
}
