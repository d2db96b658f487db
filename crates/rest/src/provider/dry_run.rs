//! Who somebody would be, and what would change, if a provider said this of them.

use crate::answer::{Answer, Reply};
use crate::call::Call;
use crate::difference::DryRunView;
use crate::wire;
use rolecall_model::Org;
use rolecall_model::id::{GroupId, Holder, PrincipalId};
use rolecall_service::sso::{self, Claimed, Trial, Who};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The claims of a token to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderDryRunBody {
    /// The claims of an ID token, decoded.
    #[schema(value_type = Object)]
    pub claims: Map<String, Value>,
    /// What the userinfo endpoint says, when the token is silent on something.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub userinfo: Option<Map<String, Value>>,
}

/// Who somebody would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WouldBeView {
    /// Its opaque id; absent when it would be new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What people would call it.
    pub name: String,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Its sign-in name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The id another system knows it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// What would happen if somebody came back from the provider with these claims. Nothing was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderDryRunView {
    /// `known` (linked already), `linked` (by the verified address), `new` (added), or `nobody` (not let in).
    pub who: &'static str,
    /// Who it would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<WouldBeView>,
    /// Why nobody would be let in, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is said of groups: `off` (they do not follow the provider), `absent`, `malformed`, `empty` or `names`.
    /// Only the last two change memberships.
    pub groups: &'static str,
    /// The names of the groups, as the provider has them.
    pub group_names: Vec<String>,
    /// The groups here that would be joined.
    pub joined: Vec<String>,
    /// The groups here that would be left.
    pub left: Vec<String>,
    /// Whether memberships would stay all the same, because nobody would be left who can administer.
    pub kept: bool,
    /// Whether the provider names another address than the one kept, which would stay.
    pub other_address: bool,
    /// Who would gain and who would lose what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<DryRunView>,
}

impl ProviderDryRunView {
    fn of(call: &Call, trial: &Trial) -> Self {
        let org = trial.done.as_ref().map_or_else(|| call.org(), |done| done.view.org());
        let (who, user, is_new) = match &trial.who {
            Who::Known(id) => ("known", Some(*id), false),
            Who::Linked(id) => ("linked", Some(*id), false),
            Who::New(id) => ("new", Some(*id), true),
            Who::Barred(_) | Who::Refused(_) => ("nobody", None, false),
        };
        let (reason, detail) = match &trial.who {
            Who::Barred(barred) => (Some(barred.code()), Some(barred.reason().to_owned())),
            Who::Refused(refusal) => (Some(refusal.kind.code()), Some(refusal.message.clone())),
            _ => (None, None),
        };
        let (groups, group_names) = match &trial.groups {
            None => ("off", Vec::new()),
            Some(Claimed::Absent) => ("absent", Vec::new()),
            Some(Claimed::Malformed) => ("malformed", Vec::new()),
            Some(Claimed::Names(names)) => (if names.is_empty() { "empty" } else { "names" }, names.clone()),
        };
        let names = |groups: &[GroupId]| groups.iter().map(|id| wire::holder_name(org, Holder::Group(*id))).collect();
        let difference = trial.done.as_ref().and_then(|done| Some((done, done.difference.as_ref()?)));
        ProviderDryRunView {
            who,
            user: user.and_then(|id| would_be(org, id, is_new)),
            reason,
            detail,
            groups,
            group_names,
            joined: names(&trial.joined),
            left: names(&trial.left),
            kept: trial.kept,
            other_address: trial.other_address,
            difference: difference.map(|(done, difference)| DryRunView::of(&call.ctx, done, difference)),
        }
    }
}

fn would_be(org: &Org, id: PrincipalId, is_new: bool) -> Option<WouldBeView> {
    let user = org.principal(id)?;
    let text = |text: &Option<rolecall_model::name::Text>| text.as_ref().map(ToString::to_string);
    Some(WouldBeView {
        // The id of somebody new is drawn when they really come.
        subject: (!is_new).then(|| user.subject.to_string()),
        name: user.name.to_string(),
        email: text(&user.email),
        username: text(&user.username),
        external_id: text(&user.external_id),
    })
}

pub(super) async fn dry_run(call: Call) -> Reply {
    let ProviderDryRunBody { claims, userinfo } = call.json().await?;
    let trial = sso::dry_run(&call.ctx, &call.target("provider"), claims, userinfo).await?;
    Answer::json(&ProviderDryRunView::of(&call, &trial))
}
