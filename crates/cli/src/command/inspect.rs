//! What the organization holds and what it costs in memory, at a glance.

use crate::failure::Failure;
use crate::output::{self, Format};
use crate::session::Session;
use serde_json::Value;

/// `inspect`
pub async fn inspect(session: &Session) -> Result<(), Failure> {
    let mut organization = session.read("/organization".to_owned()).await?;
    let memory = session.read("/organization/memory".to_owned()).await?;
    if let Value::Object(fields) = &mut organization {
        fields.insert("memory".to_owned(), memory);
    }
    if session.format != Format::Table {
        return output::data(session.format, &organization);
    }
    let fields: Vec<(String, String)> = organization.as_object().into_iter().flatten().filter_map(line).collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    output::print(&fields.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect::<String>())
}

fn line((name, value): (&String, &Value)) -> Option<(String, String)> {
    let said = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::Array(items) if items.is_empty() => return None,
        Value::String(text) => output::shown(text),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), output::shown))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Object(fields) => {
            fields.iter().filter_map(line).map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    Some((name.replace('_', " "), said))
}
