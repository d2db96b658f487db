//! Pages of lists. A page token pins the revision, the instant and the query for five minutes; the
//! server keeps nothing per token but the states they pin.

use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rolecall_model::Timestamp;
use rolecall_model::id::OrganizationId;
use rolecall_model::name::fold;
use rolecall_service::View;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

/// How long a page token counts, in seconds.
const FIVE_MINUTES: i64 = 5 * 60;
/// Most states pinned at once; they share structure, so each costs what changed.
const MOST_PINS: usize = 4_096;
/// Items of a page when the caller names no number.
const USUAL: usize = 100;
/// Most items of a page.
const MOST: usize = 1_000;

/// By what lists of nouns are sorted.
pub(crate) const SORTS: &[&str] = &["number", "-number", "name", "-name", "created", "-created", "changed", "-changed"];

/// A state, and when it was last used.
type Pin = (Arc<View>, Timestamp);

/// States that page tokens pin, each for five minutes after it was last used.
#[derive(Default)]
pub(crate) struct Pins {
    kept: Mutex<HashMap<(OrganizationId, u64), Pin>>,
}

impl Pins {
    fn keep(&self, organization: OrganizationId, view: &Arc<View>, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = now.plus_seconds(-FIVE_MINUTES);
        kept.retain(|_, (_, used)| *used >= oldest);
        if kept.len() >= MOST_PINS
            && let Some(first) = kept.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key)
        {
            kept.remove(&first);
        }
        kept.insert((organization, view.revision()), (Arc::clone(view), now));
    }

    fn find(&self, organization: OrganizationId, revision: u64) -> Option<Arc<View>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(organization, revision)).map(|(view, _)| Arc::clone(view))
    }
}

/// What a page token holds.
#[derive(Serialize, Deserialize)]
struct Token {
    /// The revision.
    r: u64,
    /// The instant that is asked about, in microseconds.
    i: i64,
    /// When the token was given, in microseconds.
    t: i64,
    /// A digest of the route and the query.
    q: String,
    /// Where to go on.
    a: After,
}

/// The last item of a page, as its list sorts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum After {
    /// A number or a place in a list with its own order.
    Number(u64),
    /// Two numbers: what is sorted by, and the item's own.
    Pair(u64, u64),
    /// A folded name and the item's own number.
    Name(String, u64),
}

/// A page that was asked for: the state it reads, how long it is and where it begins.
pub(crate) struct Asked {
    pub view: Arc<View>,
    /// The instant that is asked about.
    pub at: Timestamp,
    pub limit: usize,
    pub after: Option<After>,
    query: String,
}

impl Asked {
    /// What a call asks for.
    ///
    /// # Errors
    /// `malformed` for a token that is none or belongs to another query; `page_expired`.
    pub(crate) fn of(call: &Call) -> Result<Self, Problem> {
        let limit = call.query("limit").map_or(Ok(USUAL), str::parse).unwrap_or(0);
        if limit == 0 || limit > MOST {
            return Err(Problem::malformed(format!("limit must be 1 to {MOST}")).at("limit"));
        }
        let query = digest(call);
        let Some(token) = call.query("page_token") else {
            return Ok(Asked { view: Arc::clone(call.ctx.view()), at: call.ctx.asked_at(), limit, after: None, query });
        };
        let token = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
        let token =
            token.ok_or_else(|| Problem::malformed("page_token is none of ours; copy it whole").at("page_token"))?;
        if token.q != query {
            let said = "page_token belongs to another query; change nothing but the token from page to page";
            return Err(Problem::malformed(said).at("page_token"));
        }
        let expired = || Problem::new("page_expired", "the page expired, start the list again");
        if Timestamp::from_micros(token.t).plus_seconds(FIVE_MINUTES) < call.ctx.now() {
            return Err(expired());
        }
        let view = if token.r == call.ctx.revision() {
            Arc::clone(call.ctx.view())
        } else {
            call.shared.pins.find(call.ctx.organization(), token.r).ok_or_else(expired)?
        };
        Ok(Asked { view, at: Timestamp::from_micros(token.i), limit, after: Some(token.a), query })
    }

    /// Answers a page of these items; `next` is the last item when there are more.
    ///
    /// # Errors
    /// None that a caller could mend.
    pub(crate) fn answer<V: Serialize>(&self, call: &Call, items: Vec<V>, next: Option<After>) -> Reply {
        let next_page_token = next.map(|after| self.token(call, after)).transpose()?;
        let revision = self.view.revision();
        Ok(Answer::json(&Page { items, next_page_token, revision })?.at(revision))
    }

    fn token(&self, call: &Call, after: After) -> Result<String, Problem> {
        call.shared.pins.keep(call.ctx.organization(), &self.view, call.ctx.now());
        let (r, i, t) = (self.view.revision(), self.at.micros(), call.ctx.now().micros());
        let token = Token { r, i, t, q: self.query.clone(), a: after };
        let bytes = serde_json::to_vec(&token).map_err(|error| Problem::new("internal", error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The place to go on in a list that has its own order.
    pub(crate) const fn position(&self) -> u64 {
        match self.after {
            Some(After::Number(position)) => position,
            _ => 0,
        }
    }
}

/// A digest of the route and everything asked but the page token.
fn digest(call: &Call) -> String {
    let mut hash = Sha256::new_with_prefix(call.route.id);
    for name in call.route.path_params() {
        hash.update(call.path(name));
        hash.update([0]);
    }
    for (name, value) in call.query_without_page() {
        hash.update(name);
        hash.update([0]);
        hash.update(value);
        hash.update([0]);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..9])
}

#[derive(Serialize)]
struct Page<V> {
    items: Vec<V>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
    revision: u64,
}

/// The schema of a page of things with this schema.
pub(crate) fn schema(item: &str) -> RefOr<Schema> {
    let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
    let page = ObjectBuilder::new()
        .description(Some(format!("A page of a list of {item}.")))
        .property("items", ArrayBuilder::new().items(Ref::from_schema_name(item)).description(Some("The items.")))
        .required("items")
        .property("next_page_token", text("Where to go on; absent on the last page."))
        .property(
            "revision",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some("The revision that the whole list shows.")),
        )
        .required("revision");
    page.into()
}

/// An item of a list before it is shown.
pub(crate) struct Entry<'a> {
    pub number: u32,
    pub name: &'a str,
    pub created: u64,
    pub changed: u64,
}

/// The numbers of one page of entries, given in the order of their numbers.
pub(crate) fn sorted<'a>(
    call: &Call,
    asked: &Asked,
    entries: impl Iterator<Item = Entry<'a>>,
) -> (Vec<u32>, Option<After>) {
    let sort = call.query("sort").unwrap_or("number");
    let (word, down) = sort.strip_prefix('-').map_or((sort, false), |word| (word, true));
    let after = asked.after.clone();
    if word == "number" && !down {
        let start = asked.position();
        let mut numbers: Vec<u32> = entries
            .map(|entry| entry.number)
            .filter(|number| u64::from(*number) > start)
            .take(asked.limit + 1)
            .collect();
        let more = numbers.len() > asked.limit;
        numbers.truncate(asked.limit);
        let next = numbers.last().filter(|_| more).map(|number| After::Number(u64::from(*number)));
        return (numbers, next);
    }
    let key = |entry: &Entry<'_>| {
        let number = u64::from(entry.number);
        match word {
            "name" => After::Name(fold(entry.name).into(), number),
            "created" => After::Pair(entry.created, number),
            "changed" => After::Pair(entry.changed, number),
            _ => After::Number(number),
        }
    };
    let beyond = |key: &After| after.as_ref().is_none_or(|after| if down { key < after } else { key > after });
    // Only as many as the page needs are kept while the list is walked once.
    let mut kept: BTreeMap<After, u32> = BTreeMap::new();
    for entry in entries {
        let key = key(&entry);
        if beyond(&key) {
            kept.insert(key, entry.number);
            if kept.len() > asked.limit + 1 {
                let _surplus = if down { kept.pop_first() } else { kept.pop_last() };
            }
        }
    }
    let mut page: Vec<(After, u32)> = kept.into_iter().collect();
    if down {
        page.reverse();
    }
    let more = page.len() > asked.limit;
    page.truncate(asked.limit);
    let next = page.last().filter(|_| more).map(|(key, _)| key.clone());
    (page.into_iter().map(|(_, number)| number).collect(), next)
}

/// Whether a text has another somewhere, case aside.
pub(crate) fn has(text: &str, needle: Option<&str>) -> bool {
    // Taking case away makes a text at most three times as long or as short. What cannot be inside is not folded: a
    // needle of 60 KiB, looked for in every item, would take seconds.
    needle.is_none_or(|needle| needle.len() <= 9 * text.len() && fold(text).contains(fold(needle).as_str()))
}
