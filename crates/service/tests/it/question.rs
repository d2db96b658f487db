//! Questions: about oneself always, about others with a right; unknown names tell nothing.

use crate::fixture::*;
use crate::word::*;
use rolecall_model::assignment::AssignmentCommand;
use rolecall_service::{Error, Place, access};

async fn world() -> House {
    let house = shop().await.with(role("viewer", &["view"])).await;
    house.with(user("bob").given("role viewer at shop")).await.with(user("eve")).await
}

#[tokio::test]
async fn everybody_may_ask_about_oneself() {
    let house = world().await;
    let bob = house.by("bob").await.ctx().await;
    let place = access::place(bob.org(), Some("shop"), Some("production"));
    assert!(access::check(&bob, "bob@example.com", "view", place).unwrap());
    assert!(!access::check(&bob, "bob@example.com", "deploy", place).unwrap());
    assert!(!access::check(&bob, "bob@example.com", "no such action", place).unwrap());
    let view = bob.org().action_named("view").unwrap().id;
    assert_eq!(access::where_can(&bob, bob.principal(), view).unwrap().len(), 1);
    assert!(access::what_can(&bob, bob.principal(), place).unwrap().contains(&view));
    assert!(!access::access_of(&bob, bob.principal()).unwrap().is_empty());
    access::explain(&bob, &subject("bob"), &"deploy".into(), place).unwrap();
}

#[tokio::test]
async fn asking_about_others_needs_a_right_and_tells_nothing_without_it() {
    let house = world().await;
    let eve = house.by("eve").await.ctx().await;
    let place = access::place(eve.org(), Some("shop"), None);
    let bob = eve.org().find_principal("bob@example.com").unwrap().0;
    let view = eve.org().action_named("view").unwrap().id;
    let known = access::check(&eve, "bob@example.com", "view", place).unwrap_err().to_string();
    let unknown = access::check(&eve, "nobody@example.com", "view", place).unwrap_err().to_string();
    assert_eq!(known, unknown);
    let nowhere = access::place(eve.org(), Some("nowhere"), None);
    assert_eq!(known, access::check(&eve, "bob@example.com", "view", nowhere).unwrap_err().to_string());
    assert!(access::who_can(&eve, view, place, None, 10).is_err());
    assert!(access::where_can(&eve, bob, view).is_err() && access::what_can(&eve, bob, place).is_err());
    assert!(access::access_of(&eve, bob).is_err());
    let hidden = access::explain(&eve, &subject("bob"), &"view".into(), place).unwrap_err().to_string();
    assert_eq!(hidden, access::explain(&eve, &subject("nobody"), &"view".into(), place).unwrap_err().to_string());
}

#[tokio::test]
async fn an_unknown_name_is_false_where_a_protocol_says_so_and_refused_on_our_own() {
    let house = world().await;
    let root = house.root().ctx().await;
    let place = access::place(root.org(), Some("nowhere"), Some("never"));
    assert!(!access::check(&root, "nobody", "view", Place::ORGANIZATION).unwrap());
    assert!(!access::check(&root, "bob@example.com", "view", place).unwrap());
    assert!(
        access::check(&root, "ada@example.com", "view", place).unwrap(),
        "a right for all covers what is not there"
    );
    let error = access::known_place(root.org(), &scope("shap")).unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.message.contains("shop")), "{error}");
}

#[tokio::test]
async fn who_could_grant_is_who_the_command_would_be_taken_from() {
    let house = world().await.with(role("giver", &["rolecall.assignments.write", "deploy"])).await;
    let house =
        house.with(user("gil").given("role giver at shop")).await.with(user("gus").given("role giver at blog")).await;
    let house = house.with(role("deployer", &["deploy"])).await;
    let ctx = house.root().ctx().await;
    let wanted = AssignmentCommand::Grant(subject("bob"), grant("role deployer at shop/staging"), by_hand());
    let (granters, more) = access::who_could_grant(&ctx, &wanted).unwrap();
    let names: Vec<_> = granters.iter().map(|id| ctx.org().principal(*id).unwrap().best_identifier()).collect();
    assert!(!more);
    assert!(
        names.iter().any(|name| name == "gil@example.com") && names.iter().any(|name| name == "ada@example.com"),
        "{names:?}"
    );
    assert!(!names.iter().any(|name| name == "gus@example.com" || name == "eve@example.com"), "{names:?}");
}

#[tokio::test]
async fn which_group_would_help_is_told_to_who_may_see_groups() {
    let house =
        world().await.with(role("deployer", &["deploy"])).await.with(group("crew", &[], &["role deployer"])).await;
    let ask = |ctx: &rolecall_service::Ctx| {
        let place = access::place(ctx.org(), Some("shop"), None);
        let denial = access::explain(ctx, &subject("bob"), &"deploy".into(), place).unwrap().denial.unwrap();
        let groups =
            denial.misses.iter().filter(|miss| matches!(miss.lack, rolecall_engine::Lack::Membership(_))).count();
        (groups, denial.capped)
    };
    assert_eq!(ask(&house.root().ctx().await), (1, false));
    assert_eq!(ask(&house.by("bob").await.ctx().await), (0, true));
}

#[tokio::test]
async fn unions_viewers_see_the_projects_where_they_view() {
    let house = union()
        .await
        .with(policy("web", &["Viewer at web/production"]))
        .await
        .with(user("bob").given("policy web"))
        .await;
    let bob = house.by("bob").await.ctx().await;
    let web = bob.org().project_named("web").unwrap().id;
    assert!(bob.sees_project(web));
}
