//! Builds a small organization, asks who may do what, and explains the answers.
//!
//! `cargo run -p rolecall-engine --example ask`

use rolecall_engine::{Index, Place, Question};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::{Command, SubjectRef};
use rolecall_model::decide::decide;
use rolecall_model::id::OrganizationId;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::policy::{BindingRef, NewPolicy, PolicyCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Org, Timestamp};
use std::error::Error;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let now = "2026-11-21T14:00:00Z".parse()?;
    let index = organization(now)?;

    for environment in ["production", "development"] {
        let (who, what) = ("ada@example.com", "create_flyte_executions");
        let decision = index.check_named(who, what, Some("checkout"), Some(environment), now);
        println!("{who} may {what} in checkout, {environment}: {}", decision.allowed);
        why(&index, who, what, index.place_named(Some("checkout"), Some(environment)), now);
    }
    Ok(())
}

/// An organization made of Union's catalog, where Ada may do everything in production only.
fn organization(now: Timestamp) -> Result<Index, Box<dyn Error>> {
    let catalog = Arc::new(Catalog::read(builtin("union").unwrap_or_default())?);
    let (id, name, title) = (OrganizationId::new(1), "example".to_owned(), String::new());
    let found = NewOrganization { id, name, title, catalog };
    let mut index = Index::build(Org::empty());
    index = run(&index, Command::Found(Box::new(found)), now)?;

    let terms = Terms::of(Source::Manual);
    let ada = NewUser { email: Some("ada@example.com".to_owned()), terms: terms.clone(), ..NewUser::default() };
    index = run(&index, UserCommand::Create(ada).into(), now)?;

    let scope = ScopeRef { project: None, environment: Some("production".into()) };
    let policy = NewPolicy {
        name: "production".to_owned(),
        description: "May contribute in production".to_owned(),
        bindings: vec![BindingRef { role: "Contributor".into(), scope }],
        attributes: serde_json::Map::new(),
    };
    index = run(&index, PolicyCommand::Create(policy).into(), now)?;
    let grant = GrantRef::Policy("production".into());
    run(&index, AssignmentCommand::Grant(SubjectRef::User("ada@example.com".into()), grant, terms).into(), now)
}

/// Decides a command and takes the index along; a change costs what it touches.
fn run(index: &Index, command: Command, now: Timestamp) -> Result<Index, Box<dyn Error>> {
    // A service hands in random bytes; an example wants the same ids every time.
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&index.org().revision().0.to_be_bytes());
    let moment = Moment::new(now, Actor::System, seed);
    let decision = decide(index.org(), command, &moment)?;
    Ok(index.advance(decision.org, &decision.touched))
}

fn why(index: &Index, who: &str, what: &str, place: Place, at: Timestamp) {
    let org = index.org();
    let (Some((subject, _)), Some(action)) = (org.find_principal(who), org.action_named(what)) else {
        return;
    };
    let explanation = index.explain(&Question { subject, action: action.id, place, at });
    for path in &explanation.paths {
        let source = path.source;
        let role = org.role(source.path.binding.role).map(|role| role.name.as_str()).unwrap_or_default();
        println!("  because {} has role {role}", org.holder_words(source.path.holder));
    }
    for miss in explanation.denial.iter().flat_map(|denial| &denial.misses) {
        println!("  nearly: {:?}", miss.lack);
    }
}
