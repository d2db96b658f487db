//! What the service says of itself.

use crate::house::{ENTERPRISE, GROUP, House, URL, USER};
use serde_json::{Value, json};

#[tokio::test]
async fn the_service_says_what_it_offers() {
    let house = House::new().await;
    let told = house.get("/ServiceProviderConfig").await.is(200).json();
    for offered in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(told[offered]["supported"], true, "{offered}");
    }
    assert_eq!(told["changePassword"]["supported"], false);
    assert!(told["filter"]["maxResults"].as_u64() > Some(0) && told["bulk"]["maxOperations"].as_u64() > Some(0));
    assert_eq!(told["authenticationSchemes"][0]["type"], "oauthbearertoken");
}

#[tokio::test]
async fn types_and_schemas_are_listed_and_each_is_found() {
    let house = House::new().await;
    for (path, key, wanted) in [
        ("/ResourceTypes", "name", vec!["User", "Group"]),
        (
            "/Schemas",
            "id",
            vec![
                USER,
                ENTERPRISE,
                GROUP,
                "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
                "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
                "urn:ietf:params:scim:schemas:core:2.0:Schema",
            ],
        ),
    ] {
        let list = house.get(path).await.is(200).json();
        let all = list["Resources"].as_array().unwrap();
        assert_eq!(all.iter().map(|one| one[key].as_str().unwrap()).collect::<Vec<_>>(), wanted);
        for one in all {
            let at =
                one["meta"]["location"].as_str().unwrap().strip_prefix(URL).unwrap().strip_prefix("/scim/v2").unwrap();
            assert_eq!(&house.get(at).await.is(200).json(), one);
        }
        house.get(&format!("{path}/odd")).await.refused(404, None);
    }
}

#[tokio::test]
async fn a_schema_describes_every_attribute_in_full() {
    fn complete(attribute: &Value) {
        for field in ["name", "type", "multiValued", "description", "required", "mutability", "returned"] {
            assert!(attribute.get(field).is_some(), "{field} of {attribute}");
        }
        let parts = attribute.get("subAttributes").and_then(Value::as_array);
        assert_eq!(attribute["type"] == "complex", parts.is_some() || attribute["name"] == "attributes", "{attribute}");
        parts.into_iter().flatten().for_each(complete);
    }
    let house = House::new().await;
    for schema in house.get("/Schemas").await.json()["Resources"].as_array().unwrap() {
        schema["attributes"].as_array().unwrap().iter().for_each(complete);
    }
    let group = house.get(&format!("/Schemas/{GROUP}")).await.json();
    assert_eq!(group["attributes"][0]["uniqueness"], json!("server"));
}
