//! The searches: who can, where, and what. Each answers exactly what evaluations would permit, all
//! of it, page by page, by number.

mod action;
mod resource;
mod subject;

pub(crate) use action::{__path_search_action, search_action};
pub(crate) use resource::{__path_search_resource, search_resource};
pub(crate) use subject::{__path_search_subject, search_subject};

use crate::entity::{Action, Entities, Properties, Resource, Subject};
use crate::page::PageRequest;
use crate::text::{Object, Property, Unread};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A search for subjects or resources.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = authzen::Search)]
struct Search<'a> {
    /// Who; only its type in a search for subjects.
    #[serde(borrow)]
    #[schema(value_type = Subject, required = true)]
    subject: Option<Object<Subject<'a>>>,
    /// What.
    #[serde(borrow)]
    #[schema(value_type = Action, required = true)]
    action: Option<Object<Action<'a>>>,
    /// To what; only its type, and its properties, in a search for resources.
    #[serde(borrow)]
    #[schema(value_type = Resource, required = true)]
    resource: Option<Object<Resource<'a>>>,
    /// Accepted, and without effect on the answer.
    #[serde(rename = "context")]
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    _context: Option<Unread>,
    /// Which part of the results is wanted.
    #[serde(borrow)]
    #[schema(value_type = Option<PageRequest>)]
    page: Option<Object<PageRequest<'a>>>,
}

impl Search<'_> {
    fn entities(&self) -> Entities<'_> {
        Entities {
            subject: self.subject.as_deref(),
            action: self.action.as_deref(),
            resource: self.resource.as_deref(),
        }
    }

    fn page(&self) -> Option<&PageRequest<'_>> {
        self.page.as_deref()
    }
}

/// A subject or a resource that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = authzen::Entity)]
struct EntityView {
    /// The type that was searched for.
    r#type: String,
    /// Its identifier or name.
    id: String,
}

/// The properties of a resource that belong to a query.
fn place_properties<'q>(properties: Option<&'q Properties<'q>>) -> [Option<&'q str>; 2] {
    let named = |property: Option<&'q Property<'q>>| match property? {
        Property::Text(name) => Some(&**name),
        Property::Other => None,
    };
    let property =
        |of: fn(&'q Properties<'q>) -> Option<&'q Property<'q>>| properties.and_then(of).and_then(|p| named(Some(p)));
    [property(|p| p.project.as_ref()), property(|p| p.environment.as_ref())]
}
