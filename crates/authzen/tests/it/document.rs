//! The part of the API document that these routes bring.

use serde_json::Value;

#[test]
fn every_route_is_documented_with_its_answers() {
    let document: Value = serde_json::to_value(rolecall_authzen::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 6);
    for (path, item) in paths {
        let operation = item.as_object().unwrap().values().next().unwrap();
        assert!(operation["operationId"].as_str().unwrap().starts_with("authzen_"), "{path}");
        assert!(operation["responses"]["200"].is_object(), "{path}");
        if path.starts_with("/access/v1/") {
            assert!(operation["requestBody"]["content"]["application/json"]["schema"].is_object(), "{path}");
            assert_eq!(operation["x-rolecall-action"], "rolecall.access.check", "{path}");
            for status in ["400", "401", "403", "413", "415", "503"] {
                assert!(operation["responses"][status].is_object(), "{path} {status}");
            }
        }
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = serde_json::to_value(rolecall_authzen::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.keys().all(|name| name.starts_with("authzen.")), "{:?}", schemas.keys());
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}
