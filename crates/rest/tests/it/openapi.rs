//! The document: whole, valid, and true of the router.

use crate::house::House;
use serde_json::Value;
use std::collections::BTreeSet;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let each = item.as_object().unwrap().iter().filter(|(method, _)| METHODS.contains(&method.as_str()));
        each.map(|(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
    });
    all.collect()
}

#[tokio::test]
async fn every_route_is_in_the_document_or_in_a_short_list_with_reasons() {
    let house = House::union().await;
    let described: BTreeSet<_> =
        operations(&house.document).into_iter().map(|(method, path, _)| (method, path)).collect();
    let table: BTreeSet<_> = rolecall_rest::table().into_iter().map(|row| (row.method.to_owned(), row.path)).collect();
    assert_eq!(described, table);
    assert!(rolecall_rest::NOT_DESCRIBED.len() <= 3);
    for (path, reason) in rolecall_rest::NOT_DESCRIBED {
        assert!(!reason.is_empty());
        let path = path.replace("{code}", "invalid");
        house.ask("GET", &path).without("authorization").send().await.is(200);
    }
    // What the router knows is what is written down: a path that is in neither is nowhere.
    for (method, path) in &described {
        let answer = house.ask(method, &path.replace(['{', '}'], "")).without("authorization").send().await;
        assert_eq!(answer.status, 401, "{method} {path} is described but not routed");
    }
    assert_eq!(serde_json::to_value(rolecall_rest::document()).unwrap(), house.document);
}

#[tokio::test]
async fn every_operation_says_what_it_takes_answers_and_needs() {
    let house = House::union().await;
    assert_eq!(house.document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&house.document) {
        let name = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}: its id is taken");
        for words in ["summary", "description"] {
            assert!(operation[words].as_str().is_some_and(|text| text.len() > 2), "{name}: no {words}");
        }
        assert!(operation.get("x-rolecall-action").is_some(), "{name}");
        let parameters = operation["parameters"].as_array().unwrap();
        for parameter in parameters {
            assert!(
                parameter["description"].as_str().is_some_and(|text| !text.is_empty())
                    && parameter["schema"].is_object(),
                "{name}: {parameter}"
            );
        }
        let in_path: BTreeSet<&str> = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let named: BTreeSet<&str> =
            parameters.iter().filter(|one| one["in"] == "path").map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(in_path, named, "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        for status in ["400", "401", "403", "500", "503"] {
            assert!(responses.contains_key(status), "{name}: {status}");
        }
        if method != "GET" && operation["requestBody"].is_object() {
            assert_eq!(operation["requestBody"]["required"], true, "{name}");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match (name.as_str(), value) {
                    ("$ref", Value::String(target)) => {
                        found.insert(target.clone());
                    }
                    _ => references(value, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_used_and_described() {
    let house = House::union().await;
    let mut found = BTreeSet::new();
    references(&house.document, &mut found);
    for target in &found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(house.document.pointer(pointer).is_some(), "{target} leads nowhere");
    }
    for (name, schema) in house.document["components"]["schemas"].as_object().unwrap() {
        assert!(found.contains(&format!("#/components/schemas/{name}")), "{name} is not used");
        assert!(schema["description"].is_string(), "{name} has no description");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let described =
                schema["description"].is_string() || schema["$ref"].is_string() || schema["oneOf"].is_array();
            assert!(described, "{name}.{field} has no description");
        }
    }
}

#[tokio::test]
async fn the_page_to_read_it_loads_nothing_from_elsewhere() {
    let house = House::union().await;
    let page = house.ask("GET", "/docs").without("authorization").send().await.is(200);
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(!page.text.contains("https://") && !page.text.contains("src="));
    house.ask("GET", "/problems/nonsense").send().await.is(404);
}
