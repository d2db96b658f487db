//! Pages: complete, pinned to what the first one saw, and expired after five minutes.

use crate::house::{House, action, application, give, project, role, user};
use rolecall_model::Command;
use rolecall_model::action::Level;
use rolecall_model::command::SubjectRef;
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::UserCommand;
use serde_json::{Value, json};

const SUBJECTS: &str = "/access/v1/search/subject";

/// Seven users and two applications that may read everything, and five projects.
async fn house() -> House {
    let mut commands: Vec<Command> = vec![action("read", Level::Project), role("reader", &["read"])];
    for number in 1..=7 {
        commands.push(user(&format!("user-{number}")));
        commands.push(give(&format!("user-{number}"), "reader", ScopeRef::ORGANIZATION));
    }
    for number in 1..=2 {
        commands.push(application(&format!("robot-{number}")));
        commands.push(give(&format!("robot-{number}"), "reader", ScopeRef::ORGANIZATION));
    }
    commands.extend((1..=5).map(|number| project(&format!("project-{number}"))));
    House::new(commands).await
}

fn users(page: &Value) -> String {
    let mut body = json!({
        "subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "project", "id": "project-1"},
    });
    if !page.is_null() {
        body["page"] = page.clone();
    }
    body.to_string()
}

/// Follows the pages to the end; the sizes of the pages and all that was found.
async fn follow(house: &House, path: &str, mut body: Value, limit: u64) -> (Vec<usize>, Vec<String>) {
    let (mut sizes, mut all) = (Vec::new(), Vec::new());
    body["page"] = json!({"limit": limit});
    loop {
        let answer = house.post(path, body.to_string()).await;
        let found = answer.found();
        assert_eq!(answer.json()["page"]["count"], found.len());
        sizes.push(found.len());
        all.extend(found);
        let next = answer.next_token();
        if next.is_empty() {
            return (sizes, all);
        }
        body["page"] = json!({"token": next});
    }
}

#[tokio::test]
async fn without_a_page_the_whole_answer_is_given() {
    let house = house().await;
    let answer = house.post(SUBJECTS, users(&Value::Null)).await;
    // The applications, and the administrator's, may read as well, but are of another type.
    assert_eq!(answer.found().len(), 7);
    assert_eq!(answer.next_token(), "");
}

#[tokio::test]
async fn pages_together_are_the_whole_answer_in_its_order() {
    let house = house().await;
    let whole = house.post(SUBJECTS, users(&Value::Null)).await.found();
    for (limit, sizes) in [(1, vec![1; 7]), (3, vec![3, 3, 1]), (4, vec![4, 3]), (7, vec![7]), (5_000, vec![7])] {
        let body = serde_json::from_str(&users(&Value::Null)).unwrap();
        assert_eq!(follow(&house, SUBJECTS, body, limit).await, (sizes, whole.clone()), "limit {limit}");
    }
    let body = json!({
        "subject": {"type": "user", "id": "user-1"}, "action": {"name": "read"}, "resource": {"type": "project"},
    });
    let (sizes, found) = follow(&house, "/access/v1/search/resource", body, 2).await;
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(found, ["project-1", "project-2", "project-3", "project-4", "project-5"]);
    let body = json!({"subject": {"type": "user", "id": "user-1"}, "resource": {"type": "project", "id": "project-1"}});
    assert_eq!(follow(&house, "/access/v1/search/action", body, 1).await, (vec![1], vec!["read".to_owned()]));
}

#[tokio::test]
async fn a_page_sees_what_the_first_page_saw() {
    let house = house().await;
    let whole = house.post(SUBJECTS, users(&Value::Null)).await.found();
    let first = house.post(SUBJECTS, users(&json!({"limit": 3}))).await;
    house.change(vec![UserCommand::Delete(SubjectRef::User("user-7".into())).into(), user("user-8")]).await;
    house.change(vec![give("user-8", "reader", ScopeRef::ORGANIZATION)]).await;
    let rest = house.post(SUBJECTS, users(&json!({"token": first.next_token()}))).await;
    assert_eq!(rest.header("rolecall-revision"), first.header("rolecall-revision"));
    let mut all = first.found();
    all.extend(rest.found());
    all.extend(house.post(SUBJECTS, users(&json!({"token": rest.next_token()}))).await.found());
    assert_eq!(all, whole);
    let now = house.post(SUBJECTS, users(&Value::Null)).await.found();
    assert!(now.contains(&"user-8".to_owned()) && !now.contains(&"user-7".to_owned()));
}

#[tokio::test]
async fn a_page_goes_on_also_when_what_it_saw_is_kept_nowhere() {
    let mut house = house().await;
    let whole = house.post(SUBJECTS, users(&Value::Null)).await.found();
    let first = house.post(SUBJECTS, users(&json!({"limit": 6}))).await;
    house.change(vec![UserCommand::Delete(SubjectRef::User("user-7".into())).into()]).await;
    house.forget();
    let rest = house.post(SUBJECTS, users(&json!({"token": first.next_token()}))).await;
    assert_eq!([first.found(), rest.found()].concat(), whole);
}

#[tokio::test]
async fn a_page_expires_after_five_minutes_and_says_so() {
    let house = house().await;
    let first = house.post(SUBJECTS, users(&json!({"limit": 3}))).await;
    house.clock.pass(299);
    let second = house.post(SUBJECTS, users(&json!({"token": first.next_token()}))).await;
    assert_eq!(second.status, 200);
    house.clock.pass(2);
    let expired = house.post(SUBJECTS, users(&json!({"token": first.next_token()}))).await;
    assert_eq!(expired.status, 400);
    assert!(expired.text.contains("has expired") && expired.text.contains("start again"), "{}", expired.text);
    // The second page's token is younger.
    assert_eq!(house.post(SUBJECTS, users(&json!({"token": second.next_token()}))).await.status, 200);
}

#[tokio::test]
async fn a_page_token_belongs_to_its_question() {
    let house = house().await;
    let token = house.post(SUBJECTS, users(&json!({"limit": 3}))).await.next_token();
    let other = users(&json!({"token": token})).replace("project-1", "project-2");
    let answer = house.post(SUBJECTS, other).await;
    assert_eq!((answer.status.as_u16(), answer.text.contains("another question")), (400, true));
    let answer = house.post(SUBJECTS, users(&json!({"token": token, "limit": 4}))).await;
    assert_eq!((answer.status.as_u16(), answer.text.contains("page.limit")), (400, true));
    assert_eq!(house.post(SUBJECTS, users(&json!({"token": token, "limit": 3}))).await.status, 200);
    for nonsense in ["alsehrq3495u8", "0", "\u{0}", "===="] {
        let answer = house.post(SUBJECTS, users(&json!({"token": nonsense}))).await;
        assert_eq!(answer.status, 400, "{nonsense}");
    }
    // An empty token is what the last page gave: it begins anew.
    assert_eq!(house.post(SUBJECTS, users(&json!({"token": ""}))).await.found().len(), 7);
}

#[tokio::test]
async fn a_limit_of_none_gives_none_and_a_way_on() {
    let house = house().await;
    let answer = house.post(SUBJECTS, users(&json!({"limit": 0}))).await;
    assert_eq!(answer.found(), Vec::<String>::new());
    assert_ne!(answer.next_token(), "");
    for limit in [json!(-1), json!(1.5), json!("3"), json!([])] {
        assert_eq!(house.post(SUBJECTS, users(&json!({"limit": limit}))).await.status, 400, "{limit}");
    }
}

#[tokio::test]
async fn an_answer_of_more_than_a_thousand_comes_in_pages_also_when_none_were_asked_for() {
    let mut commands: Vec<Command> = vec![action("read", Level::Project), role("reader", &["read"])];
    commands.extend((0..1_050).map(|number| project(&format!("p-{number}"))));
    commands.push(user("alice"));
    commands.push(give("alice", "reader", ScopeRef::ORGANIZATION));
    let house = House::new(commands).await;
    let mut body = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "resource": {"type": "project"},
    });
    let answer = house.post("/access/v1/search/resource", body.to_string()).await;
    assert_eq!((answer.found().len(), &answer.json()["page"]["total"]), (1_000, &json!(1_050)));
    body["page"] = json!({"token": answer.next_token()});
    let rest = house.post("/access/v1/search/resource", body.to_string()).await;
    assert_eq!((rest.found().len(), rest.next_token()), (50, String::new()));
}
