//! The same things in the reference's words and in the engine's.

use rolecall_engine as engine;
use rolecall_model::id::{ActionId, EnvironmentId, PrincipalId, ProjectId};
use rolecall_model::{Scope, Timestamp, policy, role};
use rolecall_reference as reference;

pub fn question(question: &reference::Question) -> engine::Question {
    engine::Question {
        subject: principal(question.subject),
        action: action(question.action),
        place: place(question.place),
        at: Timestamp::from_micros(question.at),
    }
}

pub fn principal(number: u32) -> PrincipalId {
    PrincipalId::new(number).unwrap()
}

pub fn action(number: u32) -> ActionId {
    ActionId::new(number).unwrap()
}

pub fn place(place: reference::Place) -> engine::Place {
    let project = match place.project {
        reference::Asked::All => engine::Part::All,
        reference::Asked::One(number) => engine::Part::One(ProjectId::new(number).unwrap()),
        reference::Asked::Unknown => engine::Part::Unknown,
    };
    let environment = match place.environment {
        reference::Asked::All => engine::Part::All,
        reference::Asked::One(number) => engine::Part::One(EnvironmentId::new(number).unwrap()),
        reference::Asked::Unknown => engine::Part::Unknown,
    };
    engine::Place { project, environment }
}

/// Whether a scope covers a place, in plain numbers.
pub fn covers(scope: Scope, place: reference::Place) -> bool {
    let half = |scope: Option<u32>, asked| scope.is_none_or(|number| asked == reference::Asked::One(number));
    half(scope.project.map(ProjectId::number), place.project)
        && half(scope.environment.map(EnvironmentId::number), place.environment)
}

pub fn binding(binding: policy::Binding) -> reference::Binding {
    let permit = permit(role::Permit { action: ActionId::new(1).unwrap(), scope: binding.scope });
    reference::Binding { role: binding.role.number(), scope: permit.scope }
}

pub fn permit(permit: role::Permit) -> reference::Permit {
    let project = permit.scope.project.map(ProjectId::number);
    let environment = permit.scope.environment.map(EnvironmentId::number);
    reference::Permit { action: permit.action.number(), scope: reference::Where { project, environment } }
}
