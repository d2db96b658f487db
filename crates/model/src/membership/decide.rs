//! The rules of memberships.

use super::{MembershipChange, MembershipCommand};
use crate::assignment;
use crate::command::{Ref, SubjectRef};
use crate::decide::Draft;
use crate::id::{GroupId, PrincipalId};
use crate::organization::{Org, Stamp, Touched};
use crate::provenance::{Source, Terms};
use crate::refusal::{Kind, Refusal};
use crate::resolve;
use std::collections::HashSet;

impl Draft<'_> {
    pub(crate) fn decide_membership(&mut self, command: MembershipCommand) -> Result<(), Refusal> {
        match command {
            MembershipCommand::Add(group, user, terms) => {
                let group = resolve::group(&self.org, &group, "group").map_err(Refusal::of_target)?;
                let (user, _) = resolve::user(&self.org, &user, "user")?;
                self.require_hands_off(group)?;
                join(self, group, user, &terms)
            }
            MembershipCommand::Sync { user, provider, names } => self.sync_memberships(&user, &provider, &names),
            MembershipCommand::Remove { group, user, source, quietly } => {
                self.leave(&group, &user, source.as_ref(), quietly)
            }
        }
    }

    fn leave(&mut self, group: &Ref, user: &SubjectRef, source: Option<&Source>, quietly: bool) -> Result<(), Refusal> {
        let group = resolve::group(&self.org, group, "group").map_err(Refusal::of_target)?;
        let (user, _) = resolve::user(&self.org, user, "user").map_err(Refusal::of_target)?;
        self.require_hands_off(group)?;
        let Some(before) = self.org.membership_terms(group, user) else {
            if quietly {
                return Ok(());
            }
            let who = self.org.holder_words(crate::id::Holder::Principal(user));
            let group = self.org.holder_words(crate::id::Holder::Group(group));
            return Err(Refusal::new(Kind::Unknown, "", format!("{who} is not in {group}")).of_target());
        };
        let mut after = before.clone();
        match source {
            Some(source) => after.sources.retain(|kept| kept != source),
            None => after.sources.clear(),
        }
        if after.sources.is_empty() {
            self.change(MembershipChange::Removed { group, user, terms: before });
        } else if after != before {
            self.change(MembershipChange::Changed { group, user, before, after });
        }
        Ok(())
    }
}

impl Draft<'_> {
    /// Refuses to change by hand who is in a group that a SCIM client manages.
    fn require_hands_off(&self, group: GroupId) -> Result<(), Refusal> {
        match self.org.group(group) {
            Some(row) if row.scim.is_some() => self.require_scim("group", &row.name),
            _ => Ok(()),
        }
    }

    fn sync_memberships(&mut self, user: &SubjectRef, provider: &Ref, names: &[String]) -> Result<(), Refusal> {
        let (user, _) = resolve::user(&self.org, user, "user")?;
        let provider = resolve::provider(&self.org, provider, "provider")?;
        let Some(name) = self.org.provider(provider).map(|row| row.name.clone()) else { return Ok(()) };
        let source = Source::Sso(name);
        let names: HashSet<&str> = names.iter().map(String::as_str).collect();
        let mut gains = Vec::new();
        let mut losses = Vec::new();
        for group in self.org.groups.iter() {
            if group.sso_names.is_empty() {
                continue;
            }
            let maps = group.sso_names.iter().any(|name| names.contains(name.as_str()));
            match self.org.membership_terms(group.id, user) {
                None if maps => gains.push(group.id),
                // Another provider's member gains a second reason to stay; one by hand needs none.
                Some(terms) if maps && by_providers(&terms) && !terms.sources.contains(&source) => gains.push(group.id),
                Some(terms) if !maps && terms.sources.contains(&source) => losses.push((group.id, terms)),
                _ => {}
            }
        }
        for group in gains {
            join(self, group, user, &Terms::of(source.clone()))?;
        }
        for (group, before) in losses {
            end_source(self, group, user, before, &source);
        }
        Ok(())
    }
}

/// Takes a source away from a membership, which ends with the last.
pub(crate) fn end_source(draft: &mut Draft<'_>, group: GroupId, user: PrincipalId, before: Terms, source: &Source) {
    let mut after = before.clone();
    after.sources.retain(|kept| kept != source);
    if after.sources.is_empty() {
        draft.change(MembershipChange::Removed { group, user, terms: before });
    } else if after != before {
        draft.change(MembershipChange::Changed { group, user, before, after });
    }
}

fn by_providers(terms: &Terms) -> bool {
    terms.sources.iter().all(|source| matches!(source, Source::Sso(_)))
}

/// Puts a user into a group, or joins the terms with those of the membership there is.
pub(crate) fn join(draft: &mut Draft<'_>, group: GroupId, user: PrincipalId, terms: &Terms) -> Result<(), Refusal> {
    let terms = assignment::sound_terms(terms, &draft.org)?;
    match draft.org.membership_terms(group, user) {
        None => draft.change(MembershipChange::Added { group, user, terms }),
        Some(before) => {
            let after = assignment::joined(&before, &terms);
            if after != before {
                draft.change(MembershipChange::Changed { group, user, before, after });
            }
        }
    }
    Ok(())
}

impl Org {
    pub(crate) fn apply_membership(&mut self, change: &MembershipChange, stamp: &Stamp, touched: &mut Touched) {
        let (group, user) = match change {
            MembershipChange::Added { group, user, terms }
            | MembershipChange::Changed { group, user, after: terms, .. } => {
                self.put_membership(*group, *user, terms, stamp);
                (*group, *user)
            }
            MembershipChange::Removed { group, user, .. } => {
                self.drop_membership(*group, *user, stamp);
                (*group, *user)
            }
        };
        touched.groups.push(group);
        touched.principals.push(user);
    }

    /// The terms on which a user is in a group, if it is.
    pub fn membership_terms(&self, group: GroupId, user: PrincipalId) -> Option<Terms> {
        let membership = self.principal(user)?.memberships.iter().find(|m| m.group == group)?;
        Some(self.terms(membership.provenance))
    }
}
