//! Compiling holders: all of them at first, later only those that a change touched.

use super::{Index, LINES};
use crate::line::{self, Bundle, Key, Line, More};
use crate::rights::Rights;
use crate::vocabulary::Vocabulary;
use rolecall_model::Org;
use rolecall_model::collection::Tree;
use rolecall_model::id::{GroupId, PolicyId, PrincipalId};
use rolecall_model::organization::Touched;
use rolecall_model::parallel;
use std::ops::Range;
use std::sync::Arc;

impl Index {
    /// The index of the organization after a change. `touched` must name all that differs between
    /// [`Index::org`] and `org`, as [`Org::apply`] says it; several in a row may be joined. Costs
    /// what was touched, except that changed actions compile every role again.
    #[must_use]
    pub fn advance(&self, org: Org, touched: &Touched) -> Index {
        if touched.all {
            return Index::build(org);
        }
        let mut next = self.clone();
        next.reverse.advance(&self.org, &org, touched);
        next.org = Arc::new(org);
        next.renew_roles(touched);
        for id in &touched.principals {
            next.compile_principal(*id);
        }
        for id in &touched.groups {
            next.compile_group(*id);
        }
        for id in &touched.policies {
            next.compile_policy(*id);
        }
        if touched.everyone {
            next.everyone = Arc::new(line::of_everyone(&next.org));
        }
        next
    }

    fn renew_roles(&mut self, touched: &Touched) {
        if touched.environments || !touched.actions.is_empty() {
            self.vocabulary = Vocabulary::of(&self.org);
            self.rights = Rights::of(&self.org, &self.vocabulary);
            return;
        }
        for role in &touched.roles {
            self.rights.renew(&self.org, &self.vocabulary, *role);
        }
    }

    pub(super) fn compile_all(&mut self) {
        let org = Arc::clone(&self.org);
        let bound = org.principal_bound();
        // Whole leaves, so that those of the second half are put behind the first as they are.
        let middle = bound / 2 / LINES * LINES;
        let (first, second) = parallel::both(
            bound > parallel::WORTH_A_THREAD,
            || Subjects::compile(&org, 0..middle),
            || Subjects::compile(&org, middle..bound),
        );
        self.subjects = first.lines;
        self.subjects.append(&second.lines);
        for (key, more) in first.more.into_iter().chain(second.more) {
            self.more.insert(key, Arc::new(more));
        }
        for group in org.groups.iter() {
            self.compile_group(group.id);
        }
        for policy in org.policies.iter() {
            self.compile_policy(policy.id);
        }
    }

    fn compile_principal(&mut self, id: PrincipalId) {
        let compiled = self.org.principal(id).map(|principal| line::of_principal(&self.org, principal));
        let (line, more) = compiled.unwrap_or((Line::VACANT, None));
        put(&mut self.subjects, id.index(), line);
        self.put_more(Key::Subject(id), more);
    }

    fn compile_group(&mut self, id: GroupId) {
        let compiled = self.org.group(id).map(|group| line::of_group(&self.org, &group.assignments));
        let (line, more) = compiled.unwrap_or((Line::VACANT, None));
        put(&mut self.bundles, Bundle::Group(id).index(), line);
        self.put_more(Key::Group(id), more);
    }

    fn compile_policy(&mut self, id: PolicyId) {
        let compiled = self.org.policy(id).map(|policy| line::of_policy(policy));
        let (line, more) = compiled.unwrap_or((Line::VACANT, None));
        put(&mut self.bundles, Bundle::Policy(id).index(), line);
        self.put_more(Key::Policy(id), more);
    }

    fn put_more(&mut self, key: Key, more: Option<More>) {
        match more {
            Some(more) => drop(self.more.insert(key, Arc::new(more))),
            None if self.more.contains_key(&key) => drop(self.more.remove(&key)),
            None => {}
        }
    }
}

/// Some users and applications, compiled.
struct Subjects {
    lines: Tree<Line, LINES>,
    more: Vec<(Key, More)>,
}

impl Subjects {
    fn compile(org: &Org, numbers: Range<usize>) -> Self {
        let mut all = Vec::new();
        let lines = numbers.map(|number| {
            let id = u32::try_from(number).ok().and_then(PrincipalId::new);
            let Some((id, principal)) = id.and_then(|id| Some((id, org.principal(id)?))) else { return Line::VACANT };
            let (line, more) = line::of_principal(org, principal);
            all.extend(more.map(|more| (Key::Subject(id), more)));
            line
        });
        let lines = lines.collect();
        Subjects { lines, more: all }
    }
}

fn put(tree: &mut Tree<Line, LINES>, index: usize, line: Line) {
    while tree.len() <= index {
        tree.push(Line::VACANT);
    }
    if let Some(place) = tree.get_mut(index) {
        *place = line;
    }
}
