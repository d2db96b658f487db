//! The parameters of a request. One without a value counts as left out, one that comes twice as a mistake (RFC 6749,
//! 3.1 and 3.2).

use crate::signin::query;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query};
use rolecall_service::oauth::Fault;

/// Pairs as they came.
pub(super) type Pairs = Vec<(String, String)>;

/// Parameters, each once.
pub(super) struct Parameters(Pairs);

impl Parameters {
    fn once(pairs: Pairs) -> Result<Self, Fault> {
        let given: Pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let twice =
            given.iter().enumerate().find(|(at, (name, _))| given[..*at].iter().any(|(other, _)| other == name));
        match twice {
            Some((_, (name, _))) if name.len() < 40 && name.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(Fault::request(format!("{name} is given twice")))
            }
            Some(_) => Err(Fault::request("a parameter is given twice")),
            None => Ok(Parameters(given)),
        }
    }

    /// Those of an address.
    pub(super) fn of_query(query: Result<Query<Pairs>, QueryRejection>) -> Result<Self, Fault> {
        let Query(pairs) = query.map_err(|_| Fault::request("the parameters of the address cannot be read"))?;
        Parameters::once(pairs)
    }

    /// Those of a form.
    pub(super) fn of_form(form: Result<Form<Pairs>, FormRejection>) -> Result<Self, Fault> {
        let Form(pairs) = form.map_err(|_| {
            Fault::request("the body must be a form: content-type application/x-www-form-urlencoded, and not too long")
        })?;
        Parameters::once(pairs)
    }

    /// The value of one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same, to keep.
    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// All but these.
    pub(super) fn without(&self, names: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.0.iter().filter(move |(name, _)| !names.contains(&name.as_str()));
        kept.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An address with parameters.
pub(super) fn address<'a>(path: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> = parameters.map(|(name, value)| format!("{}={}", query(name), query(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}
