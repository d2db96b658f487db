//! Members of groups over the wire.

use crate::answer::{Answer, Item, Reply};
use crate::call::{Call, subject};
use crate::group::{GroupView, Groups};
use crate::noun;
use crate::page::{After, Asked, has};
use crate::problem::Problem;
use crate::route::{Route, Value};
use crate::wire::{TermsBody, TermsView};
use rolecall_model::command::{Command, Ref};
use rolecall_model::group::{Group, GroupCommand, GroupPatch};
use rolecall_model::id::{GroupId, PrincipalId};
use rolecall_model::membership::MembershipCommand;
use rolecall_model::{Org, Timestamp, operation as op, resolve};
use rolecall_service::Ctx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A member to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMemberBody {
    /// The user, by any identifier.
    pub user: String,
    /// When the membership begins to count; absent means at once.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// When it stops to count; absent means never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approved it: any identifier.
    #[serde(default)]
    pub approver: Option<String>,
}

/// Members to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMembersBody {
    /// The members. One who is in the group already gets these conditions.
    pub members: Vec<NewMemberBody>,
}

impl NewMembersBody {
    pub(crate) fn command(self, ctx: &Ctx, group: &Ref) -> Result<Command, Problem> {
        let commands = self.members.into_iter().enumerate().map(|(index, member)| {
            let NewMemberBody { user, from, until, reason, approver } = member;
            let terms = TermsBody { from, until, reason, approver }.terms(ctx);
            let terms = terms.map_err(|problem| problem.under(&format!("members[{index}]")))?;
            Ok(MembershipCommand::Add(group.clone(), subject(&user), terms).into())
        });
        commands.collect::<Result<Vec<_>, Problem>>().map(Command::Batch)
    }
}

/// Users by any identifier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MembersBody {
    /// The users.
    pub members: Vec<String>,
}

impl MembersBody {
    pub(crate) fn remove(self, group: &Ref) -> Command {
        let commands = self.members.iter().map(|user| leave(group, user, true));
        Command::Batch(commands.collect())
    }

    pub(crate) fn replace(self, group: Ref) -> GroupCommand {
        let members = Some(self.members.iter().map(|user| subject(user)).collect());
        GroupCommand::Change(group, GroupPatch { members, ..GroupPatch::default() })
    }
}

fn leave(group: &Ref, user: &str, quietly: bool) -> Command {
    MembershipCommand::Remove { group: group.clone(), user: subject(user), source: None, quietly }.into()
}

/// A member of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    /// The user's subject.
    pub user: String,
    /// Its number.
    pub number: u32,
    /// What people call it.
    pub name: String,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether it may act at all.
    pub active: bool,
    /// On what conditions it is in the group.
    #[serde(flatten)]
    pub terms: TermsView,
}

fn member(org: &Org, group: GroupId, id: PrincipalId, at: Timestamp) -> Option<MemberView> {
    let user = org.principal(id)?;
    let membership = user.memberships.iter().find(|membership| membership.group == group)?;
    Some(MemberView {
        user: user.subject.to_string(),
        number: id.number(),
        name: user.name.to_string(),
        email: user.email.as_ref().map(ToString::to_string),
        active: user.active,
        terms: TermsView::of(org, membership.provenance, at),
    })
}

fn group<'a>(call: &Call, org: &'a Org) -> Result<&'a Group, Problem> {
    let id = resolve::group(org, &call.target("group"), "").map_err(rolecall_model::Refusal::of_target)?;
    org.group(id).map(|row| &row.value).ok_or_else(|| Problem::not_found("group", call.path("group")))
}

async fn list(call: Call) -> Reply {
    let asked = Asked::of(&call)?;
    let org = asked.view.org();
    let group = group(&call, org)?;
    let search = call.query("search");
    let wanted =
        |view: &MemberView| has(&view.name, search) || view.email.as_ref().is_some_and(|email| has(email, search));
    let start = usize::try_from(asked.position()).unwrap_or(usize::MAX);
    let after = group.members.iter().enumerate().skip(start);
    let views = after.filter_map(|(index, id)| Some((index + 1, member(org, group.id, *id, asked.at)?)));
    let mut page: Vec<(usize, MemberView)> = views.filter(|(_, view)| wanted(view)).take(asked.limit + 1).collect();
    let more = page.len() > asked.limit;
    page.truncate(asked.limit);
    let next = page.last().filter(|_| more).map(|(position, _)| After::Number(*position as u64));
    asked.answer(&call, page.into_iter().map(|(_, view)| view).collect(), next)
}

async fn read(call: Call) -> Reply {
    let org = call.org();
    let group = group(&call, org)?;
    let found = resolve::user(org, &call.subject("user"), "").map_err(rolecall_model::Refusal::of_target)?;
    let view = member(org, group.id, found.0, call.ctx.asked_at());
    let view = view.ok_or_else(|| Problem::not_found("member", call.path("user")))?;
    Answer::item(&Item { revision: view.terms.revision, view })
}

/// Several memberships are one batch, whose group the service does not know as its target.
fn require_tag(call: &Call) -> Result<(), Problem> {
    let id = resolve::group(call.org(), &call.target("group"), "").map_err(rolecall_model::Refusal::of_target)?;
    call.require_tag(call.org().group(id).map_or(0, |group| group.changed.0))
}

async fn add(call: Call) -> Reply {
    let body: NewMembersBody = call.json().await?;
    require_tag(&call)?;
    let command = body.command(&call.ctx, &call.target("group"))?;
    let done = call.change(command).await.map_err(|problem| problem.renamed("commands", "members"))?;
    noun::changed::<Groups>(&call, &done)
}

async fn replace(call: Call) -> Reply {
    let body: MembersBody = call.json().await?;
    let done = call.change(body.replace(call.target("group"))).await?;
    noun::changed::<Groups>(&call, &done)
}

async fn remove(call: Call) -> Reply {
    let body: MembersBody = call.json().await?;
    require_tag(&call)?;
    let done = call
        .change(body.remove(&call.target("group")))
        .await
        .map_err(|problem| problem.renamed("commands", "members"))?;
    noun::changed::<Groups>(&call, &done)
}

async fn delete(call: Call) -> Reply {
    let done = call.change(leave(&call.target("group"), call.path("user"), false)).await?;
    call.gone(&done)
}

/// The routes of members.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/groups/{group}/members", "list_members", "List the members of a group, in the order given")
            .seen_by(op::GROUPS_READ)
            .pages::<MemberView>()
            .param("search", Value::Text, "Only those with this text in name or address.")
            .by(list),
        Route::post("/groups/{group}/members", "add_members", "Add members to a group")
            .needs(op::GROUPS_WRITE)
            .seen_by(op::GROUPS_READ)
            .takes::<NewMembersBody>()
            .answers::<GroupView>()
            .by(add),
        Route::put(
            "/groups/{group}/members",
            "replace_members",
            "Set all members of a group, in this order; who stays keeps its conditions",
        )
        .needs(op::GROUPS_WRITE)
        .seen_by(op::GROUPS_READ)
        .takes::<MembersBody>()
        .answers::<GroupView>()
        .by(replace),
        Route::post(
            "/groups/{group}/members/remove",
            "remove_members",
            "Take members out of a group; those who are not in it are passed over",
        )
        .needs(op::GROUPS_WRITE)
        .seen_by(op::GROUPS_READ)
        .takes::<MembersBody>()
        .answers::<GroupView>()
        .by(remove),
        Route::get("/groups/{group}/members/{user}", "read_member", "Read a member of a group")
            .seen_by(op::GROUPS_READ)
            .answers::<MemberView>()
            .by(read),
        Route::delete("/groups/{group}/members/{user}", "delete_member", "Take a member out of a group")
            .needs(op::GROUPS_WRITE)
            .seen_by(op::GROUPS_READ)
            .by(delete),
    ]
}
