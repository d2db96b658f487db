//! Holds every answer of every test to the document: what it says is there, is there, and nothing else.

use serde_json::Value;

/// Complains when an answer is not what the document says of its route.
pub fn hold(document: &Value, method: &str, path: &str, status: u16, kind: &str, text: &str) {
    let path = path.split('?').next().unwrap();
    let Some(operation) = operation(document, method, path) else { return };
    let response = &operation["responses"][status.to_string()];
    let response = follow(document, response);
    assert!(response.is_object(), "{method} {path} answers {status}, which the document does not say: {text}");
    let content = &response["content"];
    if text.is_empty() || kind == "application/x-ndjson" || kind == "text/event-stream" {
        return;
    }
    let schema = &content[kind]["schema"];
    assert!(schema.is_object(), "{method} {path} {status}: the document does not know {kind}");
    let Ok(value) = serde_json::from_str(text) else { return };
    if let Err(fault) = fits(document, schema, &value, "") {
        panic!("{method} {path} {status}: {fault}\n{text}");
    }
}

fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let matches = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let paths = document["paths"].as_object().unwrap();
    // A fixed path goes before one with parameters, as in the router.
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| matches(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first()?.1.get(method.to_lowercase())
}

fn follow<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(target) => follow(document, document.pointer(&target[1..]).unwrap()),
        None => value,
    }
}

/// The properties of a schema, those of its parts too, and the required ones.
fn properties<'a>(document: &'a Value, schema: &'a Value) -> (Vec<(&'a String, &'a Value)>, Vec<&'a str>) {
    let schema = follow(document, schema);
    let mut all: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
    let mut required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needed) = properties(document, part);
        all.extend(more);
        required.extend(needed);
    }
    (all, required)
}

fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = follow(document, schema);
    if let Some(each) = schema["oneOf"].as_array() {
        let faults: Vec<String> = each.iter().filter_map(|one| fits(document, one, value, at).err()).collect();
        return if faults.len() == each.len() - 1 {
            Ok(())
        } else {
            Err(format!("{at} fits {} of {}: {faults:?}", each.len() - faults.len(), each.len()))
        };
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema["allOf"].is_array() => vec!["object"],
        _ => return Ok(()),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.contains(&kind) {
        return Err(format!("{at} is {kind}, not {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        return Err(format!("{at} is {value}, which is not listed"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        fits(document, &schema["items"], item, &format!("{at}[{index}]"))?;
    }
    let (known, required) = properties(document, schema);
    let Some(map) = value.as_object().filter(|_| !known.is_empty()) else { return Ok(()) };
    for name in required {
        if !map.contains_key(name) {
            return Err(format!("{at}.{name} is missing"));
        }
    }
    for (name, value) in map {
        let Some((_, schema)) = known.iter().find(|(known, _)| *known == name) else {
            return Err(format!("{at}.{name} is not described"));
        };
        fits(document, schema, value, &format!("{at}.{name}"))?;
    }
    Ok(())
}
