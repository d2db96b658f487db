//! Who asks for decisions: what a [`Ctx`] is for everything else, at a fraction of its price. A
//! decision takes a tenth of a microsecond; copying, allocating and counting references for a whole
//! context takes several times that.

use crate::credential::Known;
use crate::ctx::Ctx;
use crate::standing::Standing;
use crate::view::View;
use crate::{Error, Service};
use arc_swap::Guard;
use rolecall_model::Timestamp;
use rolecall_model::id::PrincipalId;
use std::sync::Arc;

/// A caller whose credential was checked against the newest state, which answers what is asked.
pub struct Asker {
    known: Arc<Known>,
    view: Guard<Arc<View>>,
    principal: PrincipalId,
    now: Timestamp,
}

impl Service {
    /// Checks a credential (the `Authorization` header's value) for questions about the present; the
    /// state must be of at least the revision that is demanded. Waits only for a secret that this node
    /// has not seen before and for a revision that is not here yet.
    ///
    /// # Errors
    /// `Unauthenticated`; `NotYet` when the demanded revision does not come in time.
    pub async fn ask(&self, credential: Option<&str>, at_least: Option<u64>) -> Result<Asker, Error> {
        let now = self.now();
        let caller = self.authenticate(credential, now).await?;
        let mut view = caller.view;
        if at_least.is_some_and(|wanted| wanted > view.revision()) {
            let present = Guard::into_inner(view);
            view = Guard::from_inner(Box::pin(self.at_least(&caller.known.organization, present, at_least)).await?);
        }
        Ok(Asker { known: caller.known, view, principal: caller.principal, now })
    }
}

impl Asker {
    /// The state that answers.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The instant that is asked about.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// What the caller may do.
    pub fn standing(&self) -> Standing<'_> {
        Standing { view: &self.view, principal: self.principal, token: Some(self.known.token), now: self.now }
    }

    /// The same caller with all that other questions need: through which façade it came, and the
    /// request's id in the logs.
    pub fn ctx(&self, service: &Service, facade: &'static str, request_id: &str) -> Ctx {
        let view = Arc::clone(&self.view);
        Ctx {
            service: service.clone(),
            organization: Arc::clone(&self.known.organization),
            present: Arc::clone(&view),
            view,
            principal: self.principal,
            token: Some(self.known.token),
            acting: None,
            now: self.now,
            asked_at: self.now,
            facade,
            request_id: request_id.into(),
            idempotency_key: None,
            if_match: None,
            dry_run: false,
            past: false,
        }
    }
}

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asker({:?})", self.principal)
    }
}
