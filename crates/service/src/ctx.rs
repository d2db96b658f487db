//! Who calls, when, and through what. A context cannot be made without a credential having been
//! checked: see `Service::enter`.

use crate::need;
use crate::organization::Organization;
use crate::standing::Standing;
use crate::view::View;
use crate::{Error, Service};
use rolecall_engine::{Index, Place};
use rolecall_model::assignment::{Assignment, Grant};
use rolecall_model::id::{ActionId, Holder, OrganizationId, PrincipalId, ProjectId, TokenId};
use rolecall_model::moment::Actor;
use rolecall_model::{Org, Timestamp};
use std::sync::Arc;

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// As of an entry.
    Revision(u64),
    /// As of an instant.
    Instant(Timestamp),
}

/// What a façade knows of a request before its credential is checked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The `Authorization` header's value, with or without `Bearer`.
    pub credential: Option<&'a str>,
    /// Which façade it came through.
    pub facade: &'static str,
    /// Its id in the logs.
    pub request_id: &'a str,
    /// The caller's key for repeating it safely.
    pub idempotency_key: Option<&'a str>,
    /// The revision at which the caller read the target of its change.
    pub if_match: Option<u64>,
    /// Whether a change is only to be shown.
    pub dry_run: bool,
    /// The revision that the answer must include.
    pub at_least: Option<u64>,
    /// The past moment that is asked about.
    pub at: Option<At>,
}

/// A caller whose credential was checked. Cheap to copy.
#[derive(Clone)]
pub struct Ctx {
    pub(crate) service: Service,
    pub(crate) organization: Arc<Organization>,
    pub(crate) view: Arc<View>,
    /// The state by which the caller's rights are judged: the present, also when the past is read.
    pub(crate) present: Arc<View>,
    pub(crate) principal: PrincipalId,
    pub(crate) token: Option<TokenId>,
    /// Who acts instead: a connection that acts for itself, not for whom its token belongs to.
    pub(crate) acting: Option<Actor>,
    pub(crate) now: Timestamp,
    pub(crate) asked_at: Timestamp,
    pub(crate) facade: &'static str,
    pub(crate) request_id: Arc<str>,
    pub(crate) idempotency_key: Option<Arc<str>>,
    pub(crate) if_match: Option<u64>,
    pub(crate) dry_run: bool,
    pub(crate) past: bool,
}

impl Ctx {
    /// The state that this request reads.
    pub const fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// The nouns of that state.
    pub fn org(&self) -> &Org {
        self.view.org()
    }

    /// The index of that state.
    pub fn index(&self) -> &Index {
        self.view.index()
    }

    /// The revision of that state.
    pub fn revision(&self) -> u64 {
        self.view.revision()
    }

    /// The service.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    /// The organization the credential belongs to.
    pub fn organization(&self) -> OrganizationId {
        self.organization.id()
    }

    /// The instant of the request.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The instant that questions are asked about: now, or the past moment.
    pub const fn asked_at(&self) -> Timestamp {
        self.asked_at
    }

    /// Who acts.
    pub const fn actor(&self) -> Actor {
        match self.acting {
            Some(actor) => actor,
            None => Actor::Principal { id: self.principal, token: self.token },
        }
    }

    /// Who acts, as a number.
    pub const fn principal(&self) -> PrincipalId {
        self.principal
    }

    /// Through which token.
    pub const fn token(&self) -> Option<TokenId> {
        self.token
    }

    /// Whether the organization is the home of the installation.
    pub fn is_home(&self) -> bool {
        self.organization.home
    }

    /// The request's id in the logs.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Whether a change is only to be shown.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// The same caller, reading another state.
    #[must_use]
    pub fn with_view(&self, view: Arc<View>) -> Self {
        Ctx { view, ..self.clone() }
    }

    /// The same caller, whose changes are only to be shown.
    #[must_use]
    pub fn rehearsing(&self) -> Self {
        Ctx { dry_run: true, ..self.clone() }
    }

    /// Whether the caller may do an action at a place, through the token it uses. The engine answers.
    pub fn may(&self, action: ActionId, place: Place) -> bool {
        self.standing().may(action, place)
    }

    /// What the caller may do: judged by the present, also when the past is read.
    pub fn standing(&self) -> Standing<'_> {
        Standing { view: &self.present, principal: self.principal, token: self.token, now: self.now }
    }

    /// Refuses a caller who may not do an action at a place.
    ///
    /// # Errors
    /// `Forbidden`, naming both.
    pub fn require(&self, action: ActionId, place: Place) -> Result<(), Error> {
        if self.may(action, place) { Ok(()) } else { Err(self.forbidden(action, place)) }
    }

    /// The refusal of a caller who may not do an action at a place. A project that the caller may not
    /// see reads like one that is not there.
    pub(crate) fn forbidden(&self, action: ActionId, place: Place) -> Error {
        need::forbidden(self.org(), action, place, &|action, place| self.may(action, place))
    }

    /// Whether the caller may see a project: with `rolecall.projects.read` there, in all environments
    /// or in any one (catalogs give it through actions of an environment).
    pub fn sees_project(&self, project: ProjectId) -> bool {
        need::sees_project(self.org(), project, &|action, place| self.may(action, place))
    }

    /// What somebody has been given itself, as far as the caller may see it.
    pub fn seen_assignments(&self, who: PrincipalId) -> impl Iterator<Item = &Assignment> {
        let holder = Holder::Principal(who);
        let all = self.org().assignments_of(holder).iter();
        all.filter(move |assignment| self.sees_assignment(holder, assignment.grant))
    }

    /// Whether the caller may see that a holder has been given something: its own, or with the right to see assignments
    /// at one of the places where it counts.
    pub fn sees_assignment(&self, holder: Holder, grant: Grant) -> bool {
        need::may_see_assignment(self, holder, grant)
    }

    /// The same caller now, reading the newest state; none when its credential counts no longer. For
    /// streams, which outlive their request.
    pub fn renewed(&self) -> Option<Ctx> {
        let (present, now) = (self.organization.view(), self.service.now());
        let counts = self.token.is_none_or(|id| present.org().token(id).is_some_and(|token| token.counts_at(now)));
        let active = present.org().principal(self.principal).is_some_and(|principal| principal.active);
        let view = Arc::clone(&present);
        (counts && active).then(|| Ctx { present, view, now, asked_at: now, past: false, ..self.clone() })
    }

    /// Refuses a caller who may not see a thing as if the thing were not there.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn require_to_see(&self, read: ActionId, place: Place, what: &str) -> Result<(), Error> {
        if self.may(read, place) {
            return Ok(());
        }
        Err(Error::NotFound { message: format!("no {what} is there") })
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ctx({:?} through {})", self.principal, self.facade)
    }
}
