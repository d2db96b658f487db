//! The schemas as `/Schemas` describes them (RFC 7643, section 7).

use super::{Attribute, Kind, Mutability, Returned, Schema, Type};
use crate::urn;
use serde_json::{Value, json};

/// Every schema, those of resources and those that describe the service itself.
pub(crate) fn schemas(base: &str) -> Vec<Value> {
    let own = Type::ALL.into_iter().flat_map(|kind| std::iter::once(kind.core()).chain(kind.extensions()));
    own.chain(SERVICE).map(|schema| described(schema, base)).collect()
}

/// A schema as a resource.
fn described(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.about,
        "attributes": schema.attributes.iter().map(attribute).collect::<Vec<_>>(),
        "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.urn)},
    })
}

fn attribute(of: &Attribute) -> Value {
    let mut shown = json!({
        "name": of.name,
        "type": match of.kind {
            Kind::Text => "string",
            Kind::Flag => "boolean",
            Kind::Number => "integer",
            Kind::Instant => "dateTime",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        },
        "multiValued": of.many,
        "description": of.about,
        "required": of.required,
        "mutability": match of.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
        },
        "returned": match of.returned {
            Returned::Always => "always",
            Returned::Default => "default",
            Returned::Request => "request",
        },
    });
    let Some(map) = shown.as_object_mut() else { return shown };
    if matches!(of.kind, Kind::Text | Kind::Reference) {
        map.insert("caseExact".to_owned(), of.case_exact.into());
        map.insert("uniqueness".to_owned(), if of.unique { "server" } else { "none" }.into());
    }
    if !of.canonical.is_empty() {
        map.insert("canonicalValues".to_owned(), json!(of.canonical));
    }
    if !of.references.is_empty() {
        map.insert("referenceTypes".to_owned(), json!(of.references));
    }
    if !of.parts.is_empty() {
        map.insert("subAttributes".to_owned(), of.parts.iter().map(attribute).collect());
    }
    shown
}

const fn shown(name: &'static str, about: &'static str) -> Attribute {
    Attribute::text(name, about).read_only()
}

const fn number(name: &'static str, about: &'static str) -> Attribute {
    Attribute::new(name, Kind::Number, about).read_only()
}

const fn switch(name: &'static str, about: &'static str) -> Attribute {
    Attribute::complex(name, SUPPORTED, about).read_only()
}

const SUPPORTED: &[Attribute] = &[Attribute::flag("supported", "Whether it is offered.").read_only()];

/// What describes the service itself.
const SERVICE: &[Schema] = &[
    Schema {
        urn: urn::PROVIDER,
        name: "ServiceProviderConfig",
        about: "What this service offers.",
        attributes: &[
            Attribute::reference("documentationUri", &["external"], "Where the manual is.").read_only(),
            switch("patch", "Whether resources can be changed in part."),
            Attribute::complex(
                "bulk",
                &[
                    Attribute::flag("supported", "Whether it is offered.").read_only(),
                    number("maxOperations", "Operations that one request may have."),
                    number("maxPayloadSize", "Bytes that one request may have."),
                ],
                "Whether many operations can be sent at once.",
            )
            .read_only(),
            Attribute::complex(
                "filter",
                &[
                    Attribute::flag("supported", "Whether it is offered.").read_only(),
                    number("maxResults", "Resources on one page."),
                ],
                "Whether resources can be searched.",
            )
            .read_only(),
            switch("changePassword", "Whether passwords can be changed."),
            switch("sort", "Whether resources can be sorted."),
            switch("etag", "Whether resources have entity tags."),
            Attribute::complex(
                "authenticationSchemes",
                &[
                    shown("type", "Which."),
                    shown("name", "What people call it."),
                    shown("description", "How it is used."),
                    Attribute::reference("specUri", &["external"], "Where it is specified.").read_only(),
                    Attribute::reference("documentationUri", &["external"], "Where its manual is.").read_only(),
                ],
                "How a client says who it is.",
            )
            .many()
            .read_only(),
        ],
    },
    Schema {
        urn: urn::RESOURCE_TYPE,
        name: "ResourceType",
        about: "A type of resource.",
        attributes: &[
            shown("id", "Its id."),
            shown("name", "Its name."),
            shown("description", "What it is."),
            Attribute::reference("endpoint", &["uri"], "Where its resources are.").read_only(),
            Attribute::reference("schema", &["uri"], "Its own schema.").read_only(),
            Attribute::complex(
                "schemaExtensions",
                &[
                    Attribute::reference("schema", &["uri"], "A schema it may have beside.").read_only(),
                    Attribute::flag("required", "Whether it must have it.").read_only(),
                ],
                "The schemas it may have beside.",
            )
            .many()
            .read_only(),
        ],
    },
    Schema {
        urn: urn::SCHEMA,
        name: "Schema",
        about: "A schema.",
        attributes: &[
            shown("id", "Its name in full."),
            shown("name", "What people call it."),
            shown("description", "What it describes."),
            Attribute::complex("attributes", DESCRIBED, "Its attributes.").many().read_only(),
        ],
    },
];

const DESCRIBED: &[Attribute] = &[
    shown("name", "Its name."),
    shown("type", "What its values are."),
    Attribute::flag("multiValued", "Whether it has several values.").read_only(),
    shown("description", "What it is for."),
    Attribute::flag("required", "Whether it must be there.").read_only(),
    Attribute::text("canonicalValues", "Values that are usual.").many().read_only(),
    Attribute::flag("caseExact", "Whether case matters.").read_only(),
    shown("mutability", "Who may change it."),
    shown("returned", "When it is shown."),
    shown("uniqueness", "Among what it is unique."),
    Attribute::text("referenceTypes", "What it may refer to.").many().read_only(),
];
