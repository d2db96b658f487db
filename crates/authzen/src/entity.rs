//! The entities of AuthZEN's information model: subject, action, resource. Every field is optional
//! here, because a batch may leave them to its defaults; [`Asked`] is a question that is whole.

use crate::fault::Fault;
use crate::text::{Object, Property, Text, Unread};
use serde::Deserialize;
use utoipa::ToSchema;

/// Who is to do something.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::Subject)]
pub(crate) struct Subject<'a> {
    /// `user` or `application`; no subject of another type may do anything.
    #[serde(borrow, rename = "type")]
    #[schema(value_type = String, required = true, example = "user")]
    pub(crate) kind: Option<Text<'a>>,
    /// Any identifier: subject, email, username, external id or client id. Not read in a subject
    /// search, needed everywhere else.
    #[serde(borrow)]
    #[schema(value_type = String, required = false, example = "alice@example.com")]
    pub(crate) id: Option<Text<'a>>,
    /// Accepted, and without effect on the answer.
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    #[serde(rename = "properties")]
    _properties: Option<Unread>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::Action)]
pub(crate) struct Action<'a> {
    /// The action's name.
    #[serde(borrow)]
    #[schema(value_type = String, required = true, example = "view_flyte_inventory")]
    pub(crate) name: Option<Text<'a>>,
    /// Accepted, and without effect on the answer.
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>)]
    #[serde(rename = "properties")]
    _properties: Option<Unread>,
}

/// What it is to be done to.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::Resource)]
pub(crate) struct Resource<'a> {
    /// A resource type of the organization. `project`, `environment` and `organization` always
    /// exist. A type that is not known is one whose resources lie where their properties say.
    #[serde(borrow, rename = "type")]
    #[schema(value_type = String, required = true, example = "project")]
    pub(crate) kind: Option<Text<'a>>,
    /// The project's or environment's name where the type stands for one. Not read in a resource
    /// search, needed everywhere else.
    #[serde(borrow)]
    #[schema(value_type = String, required = false, example = "shop")]
    pub(crate) id: Option<Text<'a>>,
    /// Where the resource lies; other properties have no effect on the answer.
    #[serde(borrow)]
    #[schema(value_type = Option<Properties>)]
    pub(crate) properties: Option<Object<Properties<'a>>>,
}

/// The properties of a resource that name its place.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = authzen::Properties)]
pub(crate) struct Properties<'a> {
    /// The project it lies in. Without one it lies in no single project, so only rights in all
    /// projects count. Not read where the type itself stands for a project or environment.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, example = "shop")]
    pub(crate) project: Option<Property<'a>>,
    /// The environment it lies in, also of a resource that stands for a project. Without one only
    /// rights in all environments count.
    #[serde(borrow)]
    #[schema(value_type = Option<String>, example = "production")]
    pub(crate) environment: Option<Property<'a>>,
}

/// One question with all it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'q> {
    pub(crate) subject_type: &'q str,
    pub(crate) subject: &'q str,
    pub(crate) action: &'q str,
    pub(crate) resource: Target<'q>,
}

/// A resource as a question names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'q> {
    pub(crate) kind: &'q str,
    pub(crate) id: &'q str,
    pub(crate) properties: Option<&'q Properties<'q>>,
}

/// A subject, action and resource as the wire has them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entities<'q> {
    pub(crate) subject: Option<&'q Subject<'q>>,
    pub(crate) action: Option<&'q Action<'q>>,
    pub(crate) resource: Option<&'q Resource<'q>>,
}

impl<'q> Entities<'q> {
    /// The subject's type.
    pub(crate) fn subject_type(&self, default: Option<&'q Subject<'q>>) -> Result<&'q str, Fault> {
        let given = present(self.subject.or(default), "subject")?;
        let kind = given.kind.as_deref().or_else(|| default?.kind.as_deref());
        present(kind, "subject.type")
    }

    /// The subject's id.
    pub(crate) fn subject_id(&self, default: Option<&'q Subject<'q>>) -> Result<&'q str, Fault> {
        let given = present(self.subject.or(default), "subject")?;
        let id = given.id.as_deref().or_else(|| default?.id.as_deref());
        present(id, "subject.id")
    }

    /// The action's name.
    pub(crate) fn action_name(&self, default: Option<&'q Action<'q>>) -> Result<&'q str, Fault> {
        let given = present(self.action.or(default), "action")?;
        let name = given.name.as_deref().or_else(|| default?.name.as_deref());
        present(name, "action.name")
    }

    /// The resource's type.
    pub(crate) fn resource_type(&self, default: Option<&'q Resource<'q>>) -> Result<&'q str, Fault> {
        let given = present(self.resource.or(default), "resource")?;
        let kind = given.kind.as_deref().or_else(|| default?.kind.as_deref());
        present(kind, "resource.type")
    }

    /// The whole resource. A resource of an evaluation's own replaces the default one, properties
    /// and all; only a missing type or id is taken from it, as the certification scenario says.
    pub(crate) fn target(&self, default: Option<&'q Resource<'q>>) -> Result<Target<'q>, Fault> {
        let given = present(self.resource.or(default), "resource")?;
        let kind = self.resource_type(default)?;
        let id = given.id.as_deref().or_else(|| default?.id.as_deref());
        let properties = given.properties.as_ref().map(|properties| &properties.0);
        Ok(Target { kind, id: present(id, "resource.id")?, properties })
    }

    /// The whole question, with what is missing taken from the defaults.
    pub(crate) fn asked(&self, default: &Entities<'q>) -> Result<Asked<'q>, Fault> {
        Ok(Asked {
            subject_type: self.subject_type(default.subject)?,
            subject: self.subject_id(default.subject)?,
            action: self.action_name(default.action)?,
            resource: self.target(default.resource)?,
        })
    }
}

fn present<T>(value: Option<T>, field: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::bad_request(format!("{field} is missing")))
}
