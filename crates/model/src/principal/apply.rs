//! Carrying out changes to users and applications.

use super::{Principal, PrincipalChange};
use crate::id::{Holder, PrincipalId, TokenId};
use crate::name::{fold, fold_hash};
use crate::organization::{Org, Stamp, Touched};

impl Org {
    pub(crate) fn apply_principal(&mut self, change: &PrincipalChange, stamp: &Stamp, touched: &mut Touched) {
        match change {
            PrincipalChange::Created { id, subject, profile } => {
                let mut principal = Principal {
                    subject: *subject,
                    name: crate::name::Text::default(),
                    email: None,
                    username: None,
                    external_id: None,
                    rare: None,
                    active: true,
                    sign_in: super::SignIn::default(),
                    assignments: Vec::new(),
                    memberships: Vec::new(),
                    created: stamp.revision,
                    changed: stamp.revision,
                };
                principal.set_profile(profile);
                self.put_principal(*id, principal);
                touched.principals.push(*id);
            }
            PrincipalChange::Changed { id, after, .. } => {
                if let Some(mut principal) = self.take_principal(*id) {
                    principal.set_profile(after);
                    principal.changed = stamp.revision;
                    self.put_principal(*id, principal);
                }
                touched.principals.push(*id);
            }
            PrincipalChange::Deleted { id, .. } => self.delete_principal(*id, stamp, touched),
            // The values are gone from the entries themselves; the record went with `Deleted`.
            PrincipalChange::Erased { .. } => {}
        }
    }

    fn delete_principal(&mut self, id: PrincipalId, stamp: &Stamp, touched: &mut Touched) {
        let groups = self.principal(id).map(|p| p.memberships.clone()).unwrap_or_default();
        for membership in groups {
            self.drop_membership(membership.group, id, stamp);
            touched.groups.push(membership.group);
        }
        if let Some(principal) = self.take_principal(id) {
            self.forget_holder(Holder::Principal(id), &principal.assignments);
        }
        let tokens: Vec<TokenId> = self.tokens.iter().filter(|t| t.principal == id).map(|t| t.id).collect();
        for token in tokens {
            self.tokens.remove(token.number(), true);
        }
        touched.principals.push(id);
    }

    /// Whether somebody other than `own` has this identifier, in any case and of any kind.
    pub(crate) fn has_identifier(&self, value: &str, own: Option<PrincipalId>) -> bool {
        let wanted = fold(value);
        let is_other = |number: u32| {
            let id = PrincipalId::new(number);
            let Some(principal) = id.and_then(|id| self.principal(id)) else { return false };
            let texts = [principal.email.as_ref(), principal.username.as_ref(), principal.external_id.as_ref()];
            let mut texts = texts.into_iter().chain([principal.client_id()]).flatten();
            id != own && texts.any(|text| fold(text) == wanted)
        };
        self.identifiers.find(fold_hash(value, true), is_other).is_some()
    }
}
