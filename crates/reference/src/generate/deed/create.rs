//! What is new.

use super::Doer;
use crate::generate::name;
use rolecall_model::application::NewApplication;
use rolecall_model::group::NewGroup;
use rolecall_model::policy::NewPolicy;
use rolecall_model::role::{Bindable, NewRole};
use rolecall_model::user::NewUser;
use serde_json::Map;

impl Doer<'_> {
    pub(super) fn new_user(&mut self) -> NewUser {
        let state = self.state;
        let mut user = NewUser { terms: self.terms(), disabled: self.random.percent(12), ..NewUser::default() };
        user.email = self.random.percent(60).then(|| self.email());
        user.username = self.random.percent(30).then(|| self.identifier());
        user.external_id = (user.email.is_none() && user.username.is_none()).then(|| self.identifier());
        if self.random.percent(10) {
            // Another system may know it by its own address, in whatever case.
            user.external_id = user.email.as_deref().map(name::in_another_case);
        }
        user.password = self.random.percent(30);
        user.grants = (0..self.random.below(3)).map(|_| self.grant_ref()).collect();
        if !state.groups.is_empty() {
            user.groups = (0..self.random.below(2)).map(|_| self.one(&state.groups)).collect();
        }
        user
    }

    pub(super) fn new_application(&mut self) -> NewApplication {
        let name = self.name();
        let client_id = self.random.percent(80).then(|| self.identifier());
        let grants = (0..self.random.below(3)).map(|_| self.grant_ref()).collect();
        NewApplication { name, client_id, grants, terms: self.terms(), ..NewApplication::default() }
    }

    pub(super) fn new_group(&mut self) -> NewGroup {
        let members = (0..self.random.below(4)).map(|_| self.person()).collect();
        let grants = (0..self.random.below(2)).map(|_| self.grant_ref()).collect();
        NewGroup { name: self.name(), members, grants, terms: self.terms(), ..NewGroup::default() }
    }

    pub(super) fn new_role(&mut self) -> NewRole {
        let bindable = [None, Some(Bindable::Anywhere), Some(Bindable::Project), Some(Bindable::Organization)];
        NewRole {
            name: self.name(),
            description: String::new(),
            bindable: bindable[self.random.below(4)],
            slot: self.random.percent(10).then(|| "root".to_owned()),
            permits: self.permits(4),
            attributes: Map::new(),
        }
    }

    pub(super) fn new_policy(&mut self) -> NewPolicy {
        NewPolicy { name: self.name(), description: String::new(), bindings: self.bindings(3), attributes: Map::new() }
    }

    pub(super) fn identifier(&mut self) -> String {
        name::any(&mut self.random, false)
    }

    pub(super) fn email(&mut self) -> String {
        format!("{}@{}", self.identifier(), ["Example.com", "example.org", "пример.испытание"][self.random.below(3)])
    }
}
