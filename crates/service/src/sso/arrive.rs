//! Somebody comes back from a provider and is signed in: found, linked or added, groups brought up to date and
//! the session opened, all in one entry.

use super::claim::{Arrival, Claimed};
use super::plan::{Barred, Found, Plan};
use super::{Client, Failure};
use crate::event::Event;
use crate::execute::Done;
use crate::organization::Organization;
use crate::session::{Opening, SignedIn};
use crate::visitor::Visitor;
use crate::{Error, Service};
use rolecall_model::Change;
use rolecall_model::id::PrincipalId;
use rolecall_model::moment::Actor;
use rolecall_model::refusal::Kind;
use std::sync::Arc;

/// How often a plan is made anew when somebody else was first.
const TRIES: u32 = 3;

/// Signs in somebody whose proof was checked.
///
/// # Errors
/// `Barred` when the person is not let in; else what stands in the way. Then nothing has changed.
pub async fn arrive(
    service: &Service,
    client: &Client,
    arrival: &Arrival,
    visitor: &Visitor<'_>,
) -> Result<SignedIn, Failure> {
    let organization = &client.organization;
    let entered = enter(service, client, arrival, visitor).await;
    match entered {
        Ok(Entered { signed_in, done, plan, kept }) => {
            let note = Note { service, organization, visitor };
            note.arrival(client, &plan, &signed_in, &done, kept);
            Ok(signed_in)
        }
        Err(failure) => {
            let reason = match &failure {
                Failure::Barred(barred) => barred.reason().to_owned(),
                other => other.to_string(),
            };
            note_failure_of(service, organization, &client.provider.name, &reason, visitor);
            Err(failure)
        }
    }
}

struct Entered {
    signed_in: SignedIn,
    done: Done,
    plan: Plan,
    /// Whether memberships stay as they are, because nobody would be left to administer.
    kept: bool,
}

async fn enter(
    service: &Service,
    client: &Client,
    arrival: &Arrival,
    visitor: &Visitor<'_>,
) -> Result<Entered, Failure> {
    let (organization, id) = (&client.organization, client.provider.id);
    let mut kept = false;
    let mut tries = 0;
    loop {
        tries += 1;
        let view = organization.view();
        let provider = view.org().provider(id).ok_or(Barred::Off)?;
        let mut plan = Plan::of(view.org(), &provider.value, arrival)?;
        if kept {
            plan.keep_memberships();
        }
        let opening = Opening {
            actor: Actor::Provider(id),
            commands: plan.commands.clone(),
            rows: Vec::new(),
            subject: plan.subject.clone(),
            browser: visitor.browser.to_owned(),
            request_id: visitor.request_id.to_owned(),
            facade: visitor.facade,
        };
        match service.open_session(organization, opening).await {
            Ok((signed_in, done)) => return Ok(Entered { signed_in, done, plan, kept }),
            // The last administrator is let in: who else could mend it?
            Err(Error::Refused(refusal)) if refusal.kind == Kind::LastAdministrator && !kept => kept = true,
            Err(Error::Refused(refusal)) if tries < TRIES && matches!(refusal.kind, Kind::Taken | Kind::Unknown) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes down that a sign-in by a provider failed, for administrators.
pub fn note_failure(service: &Service, client: &Client, reason: &str, visitor: &Visitor<'_>) {
    note_failure_of(service, &client.organization, &client.provider.name, reason, visitor);
}

pub(super) fn note_failure_of(
    service: &Service,
    organization: &Arc<Organization>,
    provider: &str,
    reason: &str,
    visitor: &Visitor<'_>,
) {
    service.note_failure(organization, None, visitor, &format!("a sign-in by \"{provider}\" failed: {reason}"));
}

struct Note<'a> {
    service: &'a Service,
    organization: &'a Arc<Organization>,
    visitor: &'a Visitor<'a>,
}

impl Note<'_> {
    fn write(&self, kind: &str, who: Option<PrincipalId>, message: String) {
        let event = Event {
            position: 0,
            at: self.service.now(),
            principal: who.map(PrincipalId::number),
            facade: self.visitor.facade.to_owned(),
            request: self.visitor.request_id.to_owned(),
            kind: kind.to_owned(),
            message,
        };
        self.service.events().note(self.organization, event);
    }

    /// What a sign-in shows that its entry does not.
    fn arrival(&self, client: &Client, plan: &Plan, signed_in: &SignedIn, done: &Done, kept: bool) {
        let who = match plan.found {
            Found::Known(id) | Found::Linked(id) => Some(id),
            Found::New => done.view.org().principal_id(&signed_in.subject),
        };
        let (name, path) = (&client.provider.name, &client.provider.group_sync.path);
        let moved = done.changes.iter().any(|change| matches!(change, Change::Membership(_)));
        match &plan.groups {
            Some(Claimed::Absent) => {
                let message = format!("\"{name}\" said nothing of groups at {path}; memberships stay as they are");
                self.write("sso_groups_absent", who, message);
            }
            Some(Claimed::Malformed) => {
                let message =
                    format!("what \"{name}\" said at {path} is no list of names; memberships stay as they are");
                self.write("sso_groups_malformed", who, message);
            }
            Some(Claimed::Names(_)) if kept => {
                let message = format!(
                    "memberships from \"{name}\" stay as they are: without them nobody would be left who can \
                     administer the organization"
                );
                self.write("sso_groups_kept", who, message);
            }
            Some(Claimed::Names(names)) if names.is_empty() && !moved => {
                let message =
                    format!("\"{name}\" gave an empty list of groups at {path}; there was nothing to take away");
                self.write("sso_groups_empty", who, message);
            }
            _ => {}
        }
        if plan.other_address {
            let message = format!("\"{name}\" names another address than the one kept, which stays as it is");
            self.write("sso_address_differs", who, message);
        }
    }
}
