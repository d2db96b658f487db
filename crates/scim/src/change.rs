//! Changes: a resource is added, replaced, patched or deleted, each by one command.

use crate::call::{Answer, Ask, Call};
use crate::fault::Fault;
use crate::patch::{self, Step};
use crate::resource::{location, require_tag};
use crate::route::Target;
use crate::schema::Type;
use crate::selection::Selection;
use crate::{canonical, group, member, user};
use axum::http::Method;
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::group::{GroupChange, GroupCommand};
use rolecall_model::id::{GroupId, PrincipalId};
use rolecall_model::principal::PrincipalChange;
use rolecall_model::user::UserCommand;
use rolecall_model::{Change, Command};
use rolecall_service::{Done, execute};
use serde_json::{Map, Value};
use std::sync::Arc;

impl Call {
    /// Changes what is asked.
    ///
    /// # Errors
    /// What stands in the way; then nothing has changed.
    pub(crate) async fn change(&self, target: Target, mut ask: Ask) -> Result<Answer, Fault> {
        match (&ask.method, target) {
            (&Method::POST, Target::All(Type::User)) => {
                let body = ask.body()?;
                self.add_user(body, &ask).await
            }
            (&Method::POST, Target::All(Type::Group)) => {
                let body = ask.body()?;
                self.add_group(body, &ask).await
            }
            (&Method::DELETE, Target::One(kind, id)) => self.delete(kind, &id, &ask).await,
            (_, Target::One(Type::User, id)) => {
                let body = ask.body()?;
                self.change_user(&id, body, &ask).await
            }
            (_, Target::One(Type::Group, id)) => {
                let body = ask.body()?;
                self.change_group(&id, body, &ask).await
            }
            _ => Err(Fault::new(404, "there is nothing at this address")),
        }
    }

    async fn add_user(&self, body: Value, ask: &Ask) -> Result<Answer, Fault> {
        let selection = ask.selection()?;
        let document = canonical::resource(Type::User, body)?;
        self.require_free(&document, None).await?;
        let done = execute(&self.ctx, UserCommand::Create(user::new(document)?).into()).await?;
        let id = done.changes.iter().find_map(|change| match change {
            Change::Principal(PrincipalChange::Created { id, .. }) => Some(*id),
            _ => None,
        });
        let id = id.ok_or_else(|| Fault::new(500, "the user was not added"))?;
        self.made_user(&done, id, &selection, 201).await
    }

    async fn change_user(&self, id: &str, body: Value, ask: &Ask) -> Result<Answer, Fault> {
        let selection = ask.selection()?;
        let (number, user) = user::find(self.ctx.org(), id)?;
        require_tag(ask.if_match.as_deref(), user.changed.0)?;
        let whole = ask.method == Method::PUT;
        let document = if whole {
            canonical::resource(Type::User, body)?
        } else {
            let steps = patch::steps(Type::User, body)?;
            applied(user::document(user), steps)?
        };
        self.require_free(&document, Some(number)).await?;
        let patch = user::patch(user, document, whole)?;
        let done = execute(&self.ctx, UserCommand::Change(SubjectRef::Number(number.number()), patch).into()).await?;
        self.made_user(&done, number, &selection, 200).await
    }

    async fn require_free(&self, document: &Map<String, Value>, own: Option<PrincipalId>) -> Result<(), Fault> {
        self.state.learn(self.ctx.view()).await?;
        user::require_free(self.ctx.org(), &self.state.known(self.ctx.view()), document, own)
    }

    async fn made_user(
        &self,
        done: &Done,
        id: PrincipalId,
        selection: &Selection,
        status: u16,
    ) -> Result<Answer, Fault> {
        self.learn(done, Some(id));
        let ctx = self.ctx.with_view(Arc::clone(&done.view));
        let gone = || Fault::new(404, "the user was deleted meanwhile");
        let user = ctx.org().principal(id).ok_or_else(gone)?;
        let location = location(self.base(), Type::User, &user.subject.to_string());
        let body = self.user(&ctx, id, selection).await?;
        Ok(Answer { status, body: Some(body), location: Some(location), revision: Some(user.changed.0) })
    }

    async fn add_group(&self, mut body: Value, ask: &Ask) -> Result<Answer, Fault> {
        let selection = ask.selection()?;
        let members = member::read(self.ctx.org(), member::taken(&mut body))?;
        let document = canonical::resource(Type::Group, body)?;
        let done = execute(&self.ctx, GroupCommand::Create(group::new(document, &members)?).into()).await?;
        let id = done.changes.iter().find_map(|change| match change {
            Change::Group(GroupChange::Created { id, .. }) => Some(*id),
            _ => None,
        });
        let id = id.ok_or_else(|| Fault::new(500, "the group was not added"))?;
        self.made_group(&done, id, Some(&selection), 201).await
    }

    async fn change_group(&self, id: &str, mut body: Value, ask: &Ask) -> Result<Answer, Fault> {
        let selection = ask.selection()?;
        let org = self.ctx.org();
        let group = group::find(org, id)?;
        require_tag(ask.if_match.as_deref(), group.changed.0)?;
        let mut members = member::Members::of(org, group, self.base());
        let document = if ask.method == Method::PUT {
            members.replace(member::read(org, member::taken(&mut body))?);
            canonical::resource(Type::Group, body)?
        } else {
            let steps = patch::steps(Type::Group, body)?;
            let (theirs, own): (Vec<Step>, Vec<Step>) =
                steps.into_iter().partition(|step| step.at.attribute.is_some_and(|a| a.name == "members"));
            theirs.into_iter().try_for_each(|step| members.apply(step))?;
            applied(group::document(group), own)?
        };
        let change = GroupCommand::Change(Ref::Number(group.id.number()), group::patch(document)?).into();
        let mut commands = vec![change];
        commands.extend(members.commands());
        let done = execute(&self.ctx, Command::Batch(commands)).await?;
        // A large group is answered only when it is asked for.
        let shows = ask.method == Method::PUT || selection != Selection::Usual;
        self.made_group(&done, group.id, shows.then_some(&selection), 200).await
    }

    async fn made_group(
        &self,
        done: &Done,
        id: GroupId,
        shown: Option<&Selection>,
        status: u16,
    ) -> Result<Answer, Fault> {
        self.learn(done, None);
        let ctx = self.ctx.with_view(Arc::clone(&done.view));
        let gone = || Fault::new(404, "the group was deleted meanwhile");
        let group = ctx.org().group(id).ok_or_else(gone)?;
        let revision = Some(group.changed.0);
        let Some(selection) = shown else { return Ok(Answer { revision, ..Answer::nothing() }) };
        let location = Some(location(self.base(), Type::Group, &group.subject.to_string()));
        let body = Some(self.group(&ctx, id, selection).await?);
        Ok(Answer { status, body, location, revision })
    }

    async fn delete(&self, kind: Type, id: &str, ask: &Ask) -> Result<Answer, Fault> {
        let org = self.ctx.org();
        let (command, revision): (Command, _) = match kind {
            Type::User => {
                let (number, user) = user::find(org, id)?;
                (UserCommand::Delete(SubjectRef::Number(number.number())).into(), user.changed.0)
            }
            Type::Group => {
                let group = group::find(org, id)?;
                (GroupCommand::Delete(Ref::Number(group.id.number())).into(), group.changed.0)
            }
        };
        require_tag(ask.if_match.as_deref(), revision)?;
        execute(&self.ctx, command).await?;
        Ok(Answer::nothing())
    }

    /// Keeps up what is remembered with what was done.
    fn learn(&self, done: &Done, changed: Option<PrincipalId>) {
        self.state.known_so_far().learn_own(&done.view, done.revision, changed);
    }
}

fn applied(mut document: Map<String, Value>, steps: Vec<Step>) -> Result<Map<String, Value>, Fault> {
    for step in steps {
        patch::apply(&mut document, step)?;
    }
    Ok(document)
}
