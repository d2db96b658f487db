//! Carrying out changes to users and applications.

use super::{Principal, PrincipalChange};
use crate::collection::{Match, Name};
use crate::id::{Holder, PrincipalId, TokenId};
use crate::name::{NameKey, Text, fold};
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
        let tokens: Vec<TokenId> = self.tokens_of(id).collect();
        for token in tokens {
            self.remove_token(token);
        }
        touched.principals.push(id);
    }

    /// Whether somebody other than `own` has this identifier, in any case and of any kind.
    pub(crate) fn has_identifier(&self, value: &str, own: Option<PrincipalId>) -> bool {
        let wanted = fold(value);
        let is_other = |number: u32| {
            let id = PrincipalId::new(number);
            let Some(principal) = id.and_then(|id| self.principal(id)) else { return false };
            id != own && principal.identifiers().any(|(text, _)| fold(text) == wanted)
        };
        self.identifiers.find_folded(&NameKey::of(value), is_other).is_some()
    }
}

impl Principal {
    /// The identifiers other than the subject, and how each is found.
    fn identifiers(&self) -> impl Iterator<Item = (&Text, Match)> {
        let folded = [&self.email, &self.username].into_iter().flatten().map(|text| (text, Match::Folded));
        let exact = [self.external_id.as_ref(), self.client_id()].into_iter().flatten();
        folded.chain(exact.map(|text| (text, Match::Exact)))
    }

    /// The names under which it is filed.
    pub(crate) fn filed(&self, id: PrincipalId) -> impl Iterator<Item = Name> {
        let links = self.identities().iter();
        let links = links.map(move |link| Name::of(&link.filed(), Match::Exact, id.number()));
        self.identifiers().map(move |(text, matched)| Name::of(text, matched, id.number())).chain(links)
    }
}
