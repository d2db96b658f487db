//! What a caller must hold to give a command. The permission is decided before the target is looked
//! for: a place that is not there is one that only the whole organization covers.

mod command;

pub(crate) use command::of;

use crate::Error;
use crate::ctx::Ctx;
use rolecall_engine::{Part, Place};
use rolecall_model::assignment::Grant;
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::id::{ActionId, Holder, ProjectId};
use rolecall_model::operation as op;
use rolecall_model::rights::Rights;
use rolecall_model::scope::ScopeRef;
use rolecall_model::{Org, Scope, resolve};

/// Whether somebody may do an action at a place: the engine says it of a caller, the rights of an
/// actor say it on the pending state.
pub(crate) type May<'a> = &'a dyn Fn(ActionId, Place) -> bool;

/// One thing the caller must hold.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// What.
    action: ActionId,
    /// Where.
    pub place: Place,
    /// What the command is about, when that is a thing that is there or not.
    seen: Option<Seen>,
}

/// A thing that only who may see it learns about: its noun, its name, and by what it may be seen.
#[derive(Clone, Debug)]
struct Seen {
    noun: &'static str,
    name: String,
    by: By,
}

#[derive(Clone, Copy, Debug)]
enum By {
    /// By an action in the whole organization.
    Reading(ActionId),
    /// As a project is seen; what is not there, by who sees all projects.
    Project(Part<ProjectId>),
}

impl Need {
    const fn new(action: ActionId, place: Place) -> Self {
        Need { action, place, seen: None }
    }

    fn of(mut self, noun: &'static str, name: &impl ToString, read: ActionId) -> Self {
        self.seen = Some(Seen { noun, name: name.to_string(), by: By::Reading(read) });
        self
    }

    fn at_project(mut self, project: &Ref) -> Self {
        let by = By::Project(self.place.project);
        self.seen = Some(Seen { noun: "project", name: project.to_string(), by });
        self
    }

    /// Refuses who may not: what one may not see is not found, what one may see but not do is
    /// forbidden.
    pub(crate) fn check(&self, org: &Org, may: May<'_>) -> Result<(), Error> {
        if may(self.action, self.place) {
            return Ok(());
        }
        match &self.seen {
            Some(seen) if !seen.is_visible(org, may) => Err(Error::not_found(seen.noun, &seen.name)),
            _ => Err(forbidden(org, self.action, self.place, may)),
        }
    }
}

impl Seen {
    fn is_visible(&self, org: &Org, may: May<'_>) -> bool {
        match self.by {
            By::Reading(read) => may(read, Place::ORGANIZATION),
            By::Project(Part::One(project)) => sees_project(org, project, may),
            By::Project(project) => may(op::PROJECTS_READ, Place { project, environment: Part::All }),
        }
    }
}

/// Whether somebody may see a project: with the right to in all its environments or in any one.
pub(crate) fn sees_project(org: &Org, project: ProjectId, may: May<'_>) -> bool {
    let whole = std::iter::once(Part::All);
    let each = org.environment_order().iter().map(|environment| Part::One(*environment));
    let mut places = whole.chain(each).map(|environment| Place { project: Part::One(project), environment });
    places.any(|place| may(op::PROJECTS_READ, place))
}

/// Whether an actor's rights cover a place: on the pending state, which has no index.
pub(crate) fn holds(rights: &Rights<'_>, action: ActionId, place: Place) -> bool {
    // A part that is not there is covered by a right for all, and by nothing narrower.
    let project = if let Part::One(id) = place.project { Some(id) } else { None };
    let environment = if let Part::One(id) = place.environment { Some(id) } else { None };
    rights.holds(action, Scope { project, environment })
}

/// The refusal of a caller who may see but not do.
pub(crate) fn forbidden(org: &Org, action: ActionId, place: Place, may: May<'_>) -> Error {
    let name = org.action(action).map(|action| action.name.to_string()).unwrap_or_default();
    let place = place_words(org, place, may);
    let message = format!("you need \"{name}\" at {place} for this; ask an administrator for a role that permits it");
    Error::Forbidden { action: name, place, message }
}

/// A place in words. A project that may not be seen reads like one that is not there.
fn place_words(org: &Org, place: Place, may: May<'_>) -> String {
    let hidden = "a place that is not there or that you may not see".to_owned();
    let project = match place.project {
        Part::All => None,
        Part::One(id) if sees_project(org, id, may) => Some(id),
        Part::One(_) | Part::Unknown => return hidden,
    };
    let environment = match place.environment {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => return hidden,
    };
    resolve::scope_words(org, Scope { project, environment })
}

/// A place from how somebody names it; what is not there is unknown.
pub(crate) fn place(org: &Org, scope: &ScopeRef) -> Place {
    let project = scope.project.as_ref().map(|wanted| resolve::project(org, wanted, ""));
    let environment = scope.environment.as_ref().map(|wanted| resolve::environment(org, wanted, ""));
    Place { project: part(project), environment: part(environment) }
}

fn part<T, E>(found: Option<Result<T, E>>) -> Part<T> {
    match found {
        None => Part::All,
        Some(Ok(id)) => Part::One(id),
        Some(Err(_)) => Part::Unknown,
    }
}

/// A subject as the caller named it.
pub(crate) fn words(subject: &SubjectRef) -> String {
    match subject {
        SubjectRef::Any(text) | SubjectRef::User(text) | SubjectRef::Application(text) => text.to_string(),
        SubjectRef::Group(group) => group.to_string(),
        SubjectRef::Number(number) => number.to_string(),
    }
}

/// The place at which an assignment counts, for who may see it.
pub(crate) fn seen_at(org: &Org, grant: Grant) -> Vec<Place> {
    match grant {
        Grant::Role(binding) => vec![Place::from(binding.scope)],
        Grant::Policy(policy) => {
            let bindings = org.policy(policy).map(|row| row.bindings.as_slice()).unwrap_or_default();
            let places: Vec<Place> = bindings.iter().map(|binding| Place::from(binding.scope)).collect();
            if places.is_empty() { vec![Place::ORGANIZATION] } else { places }
        }
    }
}

/// Whether the caller may see what a holder has been given: its own, or with the right at one of the
/// places where it counts.
pub(crate) fn may_see_assignment(ctx: &Ctx, holder: Holder, grant: Grant) -> bool {
    holder == Holder::Principal(ctx.principal())
        || seen_at(ctx.org(), grant).into_iter().any(|place| ctx.may(op::ASSIGNMENTS_READ, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_engine::{Index, Question};
    use rolecall_model::assignment::GrantRef;
    use rolecall_model::catalog::Catalog;
    use rolecall_model::decide::decide;
    use rolecall_model::id::OrganizationId;
    use rolecall_model::moment::{Actor, Moment};
    use rolecall_model::organization::NewOrganization;
    use rolecall_model::policy::BindingRef;
    use rolecall_model::user::{NewUser, UserCommand};
    use rolecall_model::{Command, Timestamp};

    const CATALOG: &str = "
name: test
environments: [{name: dev}, {name: prod}]
initial_projects: [{name: shop}, {name: blog}]
roles:
  - {name: Viewer, bindable: anywhere, permits: [rolecall.projects.read]}
  - {name: Admin, bindable: anywhere, permits: ['*']}
policies: [{name: All, bindings: [{role: Admin}]}]
administrator: {policy: All}
";

    fn run(org: &Org, command: Command) -> Org {
        let moment = Moment::new(Timestamp::default(), Actor::System, [1; 32]);
        decide(org, command, &moment).unwrap().org
    }

    fn scope(project: &str, environment: &str) -> ScopeRef {
        let part = |name: &str| (name != "*").then(|| Ref::from(name));
        ScopeRef { project: part(project), environment: part(environment) }
    }

    /// A user who holds the role at a scope.
    fn org(at: ScopeRef) -> Org {
        let (id, name, title) = (OrganizationId::new(1), "test".to_owned(), String::new());
        let catalog = std::sync::Arc::new(Catalog::read(CATALOG).unwrap());
        let org = run(&Org::empty(), Command::Found(Box::new(NewOrganization { id, name, title, catalog })));
        let grants = vec![GrantRef::Role(BindingRef { role: Ref::from("Viewer"), scope: at })];
        run(&org, UserCommand::Create(NewUser { username: Some("bob".into()), grants, ..NewUser::default() }).into())
    }

    #[test]
    fn the_rights_of_an_actor_and_the_engine_agree_about_every_place() {
        let names = |known: [&'static str; 2]| ["*", known[0], known[1], "unknown"];
        for held_project in ["*", "shop"] {
            for held_environment in ["*", "prod"] {
                let org = org(scope(held_project, held_environment));
                let id = org.find_principal("bob").unwrap().0;
                let rights = Rights::of_actor(&org, Actor::Principal { id, token: None }, org.at());
                let index = Index::build(org.clone());
                for project in names(["shop", "blog"]) {
                    for environment in names(["dev", "prod"]) {
                        let place = place(&org, &scope(project, environment));
                        let question = Question { subject: id, action: op::PROJECTS_READ, place, at: org.at() };
                        let said = index.check(&question).allowed;
                        assert_eq!(
                            holds(&rights, op::PROJECTS_READ, place),
                            said,
                            "{held_project}/{held_environment} at {place:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_project_is_seen_by_a_right_in_any_of_its_environments() {
        for (project, environment, sees) in
            [("shop", "prod", true), ("*", "dev", true), ("shop", "*", true), ("blog", "*", false)]
        {
            let org = org(scope(project, environment));
            let id = org.find_principal("bob").unwrap().0;
            let rights = Rights::of_actor(&org, Actor::Principal { id, token: None }, org.at());
            let shop = org.project_named("shop").unwrap().id;
            let may = |action, place| holds(&rights, action, place);
            assert_eq!(sees_project(&org, shop, &may), sees, "{project}/{environment}");
        }
    }
}
