//! What surrounds every request: an id, a line in the log, a count, and headers that keep browsers
//! careful. Secrets are never logged: neither headers nor bodies nor query strings are.

use crate::metrics::Metrics;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use rolecall_authzen::DecisionCall;
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The header that carries a request's id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, lets it through, logs and counts it.
pub(crate) async fn observe(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let begin = SystemTime::now();
    let id = sane_id(request.headers()).unwrap_or_else(|| fresh_id(begin));
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let mut response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), since(begin));
    metrics.count(method.as_str(), route, status, took);
    note(&id, method.as_str(), route, status, took);
    dress(response.headers_mut(), id, route, status);
    response
}

/// Whether a decision was answered. Those are counted, and logged only for who wants every detail:
/// there are as many of them as clicks, and a line takes as long to write as several decisions.
fn is_decision(route: &str, status: u16) -> bool {
    status == 200 && DecisionCall::ALL.into_iter().any(|call| call.path() == route)
}

/// The line in the log.
pub(crate) fn note(id: &HeaderValue, method: &str, route: &str, status: u16, took: Duration) {
    let id = id.to_str().unwrap_or_default();
    let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(request_id = id, method, route, status, microseconds, "request failed");
    } else if is_decision(route, status) {
        tracing::debug!(request_id = id, method, route, status, microseconds, "request");
    } else {
        tracing::info!(request_id = id, method, route, status, microseconds, "request");
    }
}

/// The request's id, and headers for browsers. A decision is JSON for programs: no browser shows,
/// frames or keeps the answer to such a POST, so it goes without.
pub(crate) fn dress(headers: &mut HeaderMap, id: HeaderValue, route: &str, status: u16) {
    headers.insert(REQUEST_ID, id);
    if !is_decision(route, status) {
        careful(headers);
    }
}

/// Headers for browsers: nothing of ours is framed, sniffed or sent on as a referrer.
fn careful(headers: &mut HeaderMap) {
    let fixed = [(header::X_CONTENT_TYPE_OPTIONS, "nosniff"), (header::X_FRAME_OPTIONS, "DENY")];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// The caller's id, if it is short and plain enough to be logged.
pub(crate) fn sane_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(REQUEST_ID)?;
    let text = value.to_str().ok()?;
    let plain = !text.is_empty() && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| value.clone())
}

/// How long ago that was. One clock gives a request both its id and its duration, as reading one takes
/// 0.6 % of a decision's processor time; should it be set back meanwhile, nothing is what it says.
pub(crate) fn since(begin: SystemTime) -> Duration {
    begin.elapsed().unwrap_or_default()
}

/// A new id. Time-ordered ids make a log easy to search. They need not be hard to guess, so the rest
/// is a sequence of each thread's own from a random start: asking the operating system for it every
/// time takes longer than a decision.
pub(crate) fn fresh_id(at: SystemTime) -> HeaderValue {
    thread_local!(static NEXT: Cell<u128> = Cell::new(u128::from(random()) << 64 | u128::from(random())));
    let rest = NEXT.replace(NEXT.get().wrapping_add(ODD)).to_be_bytes();
    let millis = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let (_, rest) = rest.split_at(6);
    let rest = rest.first_chunk().copied().unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(u64::try_from(millis).unwrap_or(u64::MAX), &rest).into_uuid();
    let mut text = uuid::Uuid::encode_buffer();
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)).unwrap_or(HeaderValue::from_static("unknown"))
}

/// A large odd number: a step that comes back only after all others, and that changes all of the id.
const ODD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// Randomness that the standard library has for its own tables.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn fresh_ids_differ_on_one_thread_and_on_several() {
        let make = || (0..10_000).map(|_| fresh_id(UNIX_EPOCH)).collect::<HashSet<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(make)).collect();
        let all: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.len(), 40_000);
        assert!(all.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'), "all are UUIDs of version 7");
    }
}
