//! What the service says of itself (RFC 7644, section 4).

use crate::bulk::{LARGEST_BULK, MOST_OPERATIONS};
use crate::fault::Fault;
use crate::list::LARGEST_PAGE;
use crate::schema::{Type, schemas};
use crate::urn;
use serde_json::{Value, json};

/// What is offered.
pub(crate) fn provider(base: &str) -> Value {
    json!({
        "schemas": [urn::PROVIDER],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": LARGEST_BULK},
        "filter": {"supported": true, "maxResults": LARGEST_PAGE},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "SCIM token",
            "description": "The token of the organization's SCIM connection, sent as a bearer token.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}

/// The types of resources, or one of them.
///
/// # Errors
/// 404.
pub(crate) fn resource_types(base: &str, name: Option<&str>) -> Result<Value, Fault> {
    let all = Type::ALL.map(|kind| resource_type(kind, base));
    one_or_all(all.into(), name, |kind, name| kind["id"] == *name)
        .ok_or_else(|| Fault::not_found("resource type", name.unwrap_or_default()))
}

fn resource_type(kind: Type, base: &str) -> Value {
    let word = kind.word();
    let extension = |schema: &crate::schema::Schema| json!({"schema": schema.urn, "required": false});
    let mut described = json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": word,
        "name": word,
        "description": kind.core().about,
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.core().urn,
        "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{word}")},
    });
    if !kind.extensions().is_empty() {
        described["schemaExtensions"] = kind.extensions().iter().map(extension).collect();
    }
    described
}

/// The schemas, or one of them.
///
/// # Errors
/// 404.
pub(crate) fn described(base: &str, id: Option<&str>) -> Result<Value, Fault> {
    let same = |schema: &Value, id: &str| schema["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id));
    one_or_all(schemas(base), id, same).ok_or_else(|| Fault::not_found("schema", id.unwrap_or_default()))
}

fn one_or_all(all: Vec<Value>, wanted: Option<&str>, is: impl Fn(&Value, &str) -> bool) -> Option<Value> {
    match wanted {
        Some(wanted) => all.into_iter().find(|one| is(one, wanted)),
        None => Some(json!({
            "schemas": [urn::LIST], "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(),
            "Resources": all,
        })),
    }
}
