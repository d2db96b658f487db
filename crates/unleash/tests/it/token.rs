//! Personal tokens, one's own and those of service accounts.

use crate::house::House;
use serde_json::{Value, json};

const OWN: &str = "/api/admin/user/tokens";
const LATER: &str = "2090-01-02T03:04:05.678Z";

fn new(name: &str) -> Value {
    json!({"description": name, "expiresAt": LATER})
}

async fn names(house: &House, token: &str, path: &str) -> Vec<String> {
    let body = house.get_as(token, path).await.is(200).json();
    body["pats"].as_array().unwrap().iter().map(|pat| pat["description"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_its_owner_and_its_secret_is_shown_once() {
    let house = House::new().await;
    let (id, token) = house.user("eve", "Editor").await;
    let made = house.ask_as(&token, "POST", OWN, new("ci")).await.is(201).json();
    let number = made["id"].as_u64().unwrap();
    assert!(number < 1 << 24 && made["userId"] == id && made["description"] == "ci");
    assert_eq!(made["expiresAt"], LATER, "to the millisecond");
    assert!(made["createdAt"].as_str().unwrap().ends_with('Z') && made["seenAt"].is_null());
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(house.get_as(&secret, "/api/admin/user").await.is(200).json()["user"]["id"], id);
    house.get_as(&secret, "/api/admin/user-admin").await.refused(403, "PermissionError");
    let list = house.get_as(&token, OWN).await.is(200);
    assert!(!list.text.contains(&secret) && !list.text.contains("secret"), "{}", list.text);
    house.ask_as(&token, "DELETE", &format!("{OWN}/{number}"), Value::Null).await.bare(200);
    house.get_as(&secret, "/api/admin/user").await.refused(401, "UnauthorizedError");
}

#[tokio::test]
async fn what_a_token_must_say_is_checked() {
    let house = House::new().await;
    let (_, token) = house.user("eve", "Editor").await;
    for (body, path) in [
        (json!({"description": "x"}), "/body/expiresAt"),
        (json!({"expiresAt": LATER}), "/body/description"),
        (json!({"description": " ", "expiresAt": LATER}), "/body/description"),
        (json!({"description": "x", "expiresAt": "2001-01-01T00:00:00Z"}), "/body/expiresAt"),
        (json!({"description": "x", "expiresAt": "soon"}), "/body/expiresAt"),
    ] {
        let refused = house.ask_as(&token, "POST", OWN, body).await.refused(400, "BadDataError");
        assert_eq!(refused["details"][0]["path"], path, "{refused}");
    }
    house.ask_as(&token, "DELETE", &format!("{OWN}/x"), Value::Null).await.refused(400, "BadDataError");
}

#[tokio::test]
async fn two_tokens_of_one_name_and_an_eleventh_are_refused_however_they_come() {
    let house = House::new().await;
    let (_, token) = house.user("eve", "Editor").await;
    // One is the token of tests itself.
    let tries = (0..4).map(|_| house.ask_as(&token, "POST", OWN, new("same")));
    let mut made = 0;
    for answer in futures_all(tries).await {
        match answer.status.as_u16() {
            201 => made += 1,
            _ => drop(answer.refused(409, "NameExistsError")),
        }
    }
    assert_eq!(made, 1);
    for number in 0..8 {
        house.ask_as(&token, "POST", OWN, new(&number.to_string())).await.is(201);
    }
    house.ask_as(&token, "POST", OWN, new("eleventh")).await.refused(403, "OperationDeniedError");
    house.ask_as(&token, "POST", OWN, new("same")).await.refused(409, "NameExistsError");
    let first = house.get_as(&token, OWN).await.json()["pats"][1]["id"].as_u64().unwrap();
    house.ask_as(&token, "DELETE", &format!("{OWN}/{first}"), Value::Null).await.bare(200);
    house.ask_as(&token, "POST", OWN, new("eleventh")).await.is(201);
}

async fn futures_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (each, done) in all.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = each.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn the_tokens_of_others_are_left_alone() {
    let house = House::new().await;
    let (_, eve) = house.user("eve", "Editor").await;
    let (_, bob) = house.user("bob", "Editor").await;
    let hers = house.ask_as(&eve, "POST", OWN, new("hers")).await.is(201).json()["id"].as_u64().unwrap();
    house.ask_as(&bob, "DELETE", &format!("{OWN}/{hers}"), Value::Null).await.bare(200);
    house.ask_as(&bob, "DELETE", &format!("{OWN}/999999"), Value::Null).await.bare(200);
    assert_eq!(names(&house, &eve, OWN).await, ["of tests", "hers"]);
    assert_eq!(names(&house, &bob, OWN).await, ["of tests"]);
}

#[tokio::test]
async fn administrators_manage_the_tokens_of_service_accounts() {
    let house = House::new().await;
    let bot = json!({"username": "bot", "name": "Bot", "rootRole": 3});
    let bot = house.ask("POST", "/api/admin/service-account", bot).await.is(201).json()["id"].as_u64().unwrap();
    let path = format!("/api/admin/service-account/{bot}/token");
    let made = house.ask("POST", &path, new("ci")).await.is(201).json();
    let (number, secret) = (made["id"].as_u64().unwrap(), made["secret"].as_str().unwrap().to_owned());
    assert_eq!(house.get_as(&secret, "/api/admin/user").await.is(200).json()["user"]["accountType"], "Service Account");
    let list = house.get(&path).await.is(200).json();
    assert_eq!((list["pats"][0]["id"].as_u64(), list["pats"][0].get("secret")), (Some(number), None));
    house.ask("POST", &path, new("ci")).await.refused(409, "NameExistsError");
    let (_, viewer) = house.user("vic", "Viewer").await;
    for (method, path) in [("GET", path.clone()), ("POST", path.clone()), ("DELETE", format!("{path}/{number}"))] {
        let refused = house.ask_as(&viewer, method, &path, Value::Null).await.refused(403, "PermissionError");
        assert_eq!(refused["permissions"], json!(["ADMIN"]));
    }
    house.ask("DELETE", &format!("{path}/999999"), Value::Null).await.refused(404, "NotFoundError");
    house.ask("DELETE", &format!("{path}/{number}"), Value::Null).await.bare(200);
    house.get_as(&secret, "/api/admin/user").await.refused(401, "UnauthorizedError");
}

#[tokio::test]
async fn a_user_is_no_service_account_and_tokens_of_another_account_are_not_there() {
    let house = House::new().await;
    let (user, _) = house.user("eve", "Editor").await;
    for id in [user, 999_999] {
        house.get(&format!("/api/admin/service-account/{id}/token")).await.refused(404, "NotFoundError");
        house
            .ask("POST", &format!("/api/admin/service-account/{id}/token"), new("x"))
            .await
            .refused(404, "NotFoundError");
    }
    let account = async |name: &str| {
        let body = json!({"username": name, "name": name, "rootRole": 3});
        house.ask("POST", "/api/admin/service-account", body).await.is(201).json()["id"].as_u64().unwrap()
    };
    let (one, two) = (account("one").await, account("two").await);
    let path = format!("/api/admin/service-account/{one}/token");
    let number = house.ask("POST", &path, new("x")).await.is(201).json()["id"].as_u64().unwrap();
    let other = format!("/api/admin/service-account/{two}/token/{number}");
    house.ask("DELETE", &other, Value::Null).await.refused(404, "NotFoundError");
    assert_eq!(house.get(&path).await.json()["pats"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_may_not_act_as_an_account_makes_no_token_for_it() {
    let house = House::new().await;
    let boss = json!({"username": "boss", "name": "Boss", "rootRole": 1});
    let boss = house.ask("POST", "/api/admin/service-account", boss).await.is(201).json()["id"].as_u64().unwrap();
    let (_, editor) = house.user("eve", "Editor").await;
    let path = format!("/api/admin/service-account/{boss}/token");
    house.ask_as(&editor, "POST", &path, new("x")).await.refused(403, "PermissionError");
}
