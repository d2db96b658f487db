//! From a resource to the place it stands for: the organization's resource types say how. An
//! unknown project or environment is a place that only rights for all cover.

use crate::entity::{Properties, Target};
use crate::fault::Fault;
use crate::text::Property;
use rolecall_engine::{Part, Place};
use rolecall_model::Org;
use rolecall_model::action::Level;
use rolecall_model::id::{ActionId, EnvironmentId, ProjectId};
use rolecall_model::resource_type::{ResourceType, Stands};

/// A resource type as a question sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind<'o> {
    pub(crate) stands: Stands,
    actions: Option<&'o [ActionId]>,
}

impl<'o> Kind<'o> {
    /// The resource type of this name. A type that the organization does not list is one of members:
    /// its resources lie where their properties say.
    pub(crate) fn named(org: &'o Org, name: &str) -> Self {
        let listed = org.resource_types.named(name, org.folds_names());
        listed.map_or(Kind { stands: Stands::Within, actions: None }, |row| Kind::of(&row.value))
    }

    fn of(listed: &'o ResourceType) -> Self {
        Kind { stands: listed.stands, actions: listed.actions.as_deref() }
    }

    /// Whether an action makes sense on it: a type that lists its actions knows no other.
    pub(crate) fn knows(&self, action: ActionId) -> bool {
        self.actions.is_none_or(|actions| actions.contains(&action))
    }

    /// Whether an action is among those that a search for actions at a place answers: those that the
    /// type lists, else those of the place's level and of the levels within.
    pub(crate) fn offers(&self, action: ActionId, level: Level, place: Place) -> bool {
        match self.actions {
            Some(actions) => actions.contains(&action),
            None => level >= level_of(place),
        }
    }

    /// Where a resource of this type lies.
    pub(crate) fn place(&self, org: &Org, target: &Target<'_>) -> Result<Place, Fault> {
        let id = target.id;
        Ok(match self.stands {
            Stands::ForProject => Place { project: project(org, id), environment: narrowed(org, target.properties)? },
            Stands::ForEnvironment => Place { project: Part::All, environment: environment(org, id) },
            Stands::ForOrganization => Place::ORGANIZATION,
            Stands::Within => Place {
                project: match named(target.properties.and_then(|p| p.project.as_ref()), "project")? {
                    Some(name) => project(org, name),
                    None => Part::All,
                },
                environment: narrowed(org, target.properties)?,
            },
        })
    }
}

/// The environment that the properties name; all of them when they name none.
pub(crate) fn narrowed(org: &Org, properties: Option<&Properties<'_>>) -> Result<Part<EnvironmentId>, Fault> {
    let name = named(properties.and_then(|p| p.environment.as_ref()), "environment")?;
    Ok(name.map_or(Part::All, |name| environment(org, name)))
}

fn named<'q>(property: Option<&'q Property<'_>>, field: &str) -> Result<Option<&'q str>, Fault> {
    match property {
        None => Ok(None),
        Some(Property::Text(name)) => Ok(Some(name)),
        Some(Property::Other) => Err(Fault::bad_request(format!("resource.properties.{field} must be a string"))),
    }
}

fn project(org: &Org, name: &str) -> Part<ProjectId> {
    org.project_named(name).map_or(Part::Unknown, |project| Part::One(project.id))
}

fn environment(org: &Org, name: &str) -> Part<EnvironmentId> {
    org.environment_named(name).map_or(Part::Unknown, |environment| Part::One(environment.id))
}

/// The level of a place: the widest level of the actions that happen there.
const fn level_of(place: Place) -> Level {
    match (place.project, place.environment) {
        (Part::All, Part::All) => Level::Organization,
        (Part::All, _) => Level::Environment,
        _ => Level::Project,
    }
}
