//! Who is let in, and what is answered to what is not offered.

use crate::house::{ADMIN, House};
use serde_json::{Value, json};

/// Every method of the proto files, by its full name, read from the files themselves, so that none can be forgotten.
fn methods() -> Vec<String> {
    let files = [
        include_str!("../../proto/cloudidl/identity.proto"),
        include_str!("../../proto/cloudidl/authorizer.proto"),
        include_str!("../../proto/flyteidl2/auth.proto"),
        include_str!("../../proto/flyteidl2/project.proto"),
    ];
    let mut methods = Vec::new();
    for file in files {
        let word_after = |line: &str, word: &str| {
            let name: String =
                line.trim().strip_prefix(word)?.chars().take_while(|c| c.is_alphanumeric() || *c == '.').collect();
            Some(name)
        };
        let package = file.lines().find_map(|line| word_after(line, "package ")).unwrap();
        let mut service = String::new();
        for line in file.lines() {
            service = word_after(line, "service ").unwrap_or(service);
            methods.extend(word_after(line, "rpc ").map(|name| format!("{package}.{service}/{name}")));
        }
    }
    assert!(methods.len() > 45, "{methods:?}");
    methods
}

#[tokio::test]
async fn every_method_needs_a_credential_but_those_that_say_where_to_get_one() {
    let house = House::new().await;
    for method in methods() {
        for token in [None, Some("somebody-who-was-never-here")] {
            let answer = house.call_as(token, &method, json!({})).await;
            if method.contains("AuthMetadataService") {
                answer.well();
                continue;
            }
            assert!(answer.challenge.starts_with("Bearer"), "{method}: {answer:?}");
            assert_eq!(answer.status, 401, "{method}");
            answer.refused("unauthenticated");
        }
    }
}

/// What somebody who holds nothing may ask: who it is, and which of the things it may see there are.
const OPEN_TO_ALL: [(&str, &str); 4] = [
    ("flyteidl2.auth.IdentityService/UserInfo", "oneself"),
    ("flyteidl2.project.ProjectService/ListProjects", "the projects that one may see; here none"),
    ("cloudidl.authorizer.AuthorizerService/ListIdentityAssignments", "nobody is named, so nobody is shown"),
    ("cloudidl.identity.MemberService/ListMembers", "oneself, and whom else one may see"),
];

#[tokio::test]
async fn who_holds_nothing_changes_nothing_and_sees_nothing() {
    let house = House::new().await;
    let nobody = house.nobody().await;
    let before = house.revision().await;
    for method in methods().into_iter().filter(|method| !method.contains("AuthMetadataService")) {
        let answer = house.call_as(Some(&nobody), &method, of(&method)).await;
        if let Some((_, reason)) = OPEN_TO_ALL.iter().find(|(open, _)| *open == method) {
            assert!(!answer.body.to_string().contains("root@example.com"), "{method} shows more than {reason}");
            continue;
        }
        let code = answer.body["code"].as_str().unwrap_or_default();
        assert!(["permission_denied", "not_found"].contains(&code), "{method}: {answer:?}");
    }
    assert_eq!(before, house.revision().await);
}

/// Something whole for a method to be asked.
fn of(method: &str) -> Value {
    let named = |name: &str| json!({"organization": "acme", "name": name});
    let binding = json!({"roleId": named("Viewer"), "resource": {"organization": {"name": "acme"}}});
    let root = json!({"userId": {"subject": "root@example.com"}});
    let action = "ACTION_VIEW_FLYTE_INVENTORY";
    let short = method.rsplit('/').next().unwrap();
    match short {
        "CreateRole" => json!({"role": {"id": named("new")}}),
        "UpdateRole" => json!({"role": {"id": named("Viewer"), "actions": [action]}}),
        "CreateRoleAction" | "DeleteRoleAction" => json!({"id": named("Viewer"), "action": action}),
        "GetRole" | "DeleteRole" | "GetPolicy" | "DeletePolicy" | "GetPolicyAssignment" => {
            json!({"id": named("Viewer")})
        }
        "CreatePolicy" => json!({"policy": {"id": named("new")}}),
        "CreatePolicyBinding" | "DeletePolicyBinding" if method.contains("Authorizer") => {
            json!({"policyId": named("Viewer"), "binding": binding})
        }
        "CreatePolicyBinding" | "DeletePolicyBinding" => json!({"id": named("Viewer"), "binding": binding}),
        "CreateUser" => json!({"spec": {"firstName": "Ada", "email": "ada@example.com"}}),
        "GetUser" | "DeleteUser" => json!({"id": {"subject": "root@example.com"}}),
        "Create" => json!({"clientId": "new", "clientName": "new"}),
        "Get" | "Update" | "Delete" => json!({"clientId": "root@example.com"}),
        "Authorize" => json!({"identity": root, "resource": {"organization": {"name": "acme"}}, "action": action}),
        "AssignIdentity" | "UnassignIdentity" => json!({"identity": root, "policyId": named("Viewer")}),
        "GetIdentityAssignments" => json!({"identity": root}),
        "CreateProject" | "UpdateProject" => json!({"project": {"id": "shop", "name": "Shop"}}),
        "GetProject" => json!({"id": "shop"}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn what_is_not_offered_says_so() {
    let house = House::new().await;
    for method in ["UserService/GetUserAndGroupsForOrg", "cloudidl.authorizer.AuthorizerService/CreateIdentity"] {
        let answer = house.call(method, json!({})).await;
        assert_eq!(answer.status, 501);
        assert!(answer.refused("unimplemented").starts_with("Rolecall does not offer "), "{method}");
    }
}

#[tokio::test]
async fn the_token_may_stand_under_the_other_header_too() {
    let house = House::new().await;
    let url = format!("{}/flyteidl2.auth.IdentityService/UserInfo", house.url);
    let request = house.http.post(url).header("flyte-authorization", format!("Bearer {ADMIN}")).json(&json!({}));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_name_of_the_organization_is_the_own_the_empty_or_what_the_address_looks_like() {
    let house = House::new().await;
    for (named, shown) in [("acme", "acme"), ("", "acme"), ("127", "127")] {
        let told =
            house.call("RoleService/GetRole", json!({"id": {"organization": named, "name": "Admin"}})).await.well();
        assert_eq!(told["role"]["id"]["organization"], shown);
    }
    let told = house.call("RoleService/GetRole", json!({"id": {"organization": "globex", "name": "Admin"}})).await;
    assert!(told.refused("not_found").contains("use --org acme"));
}
