//! What one change costs: decided, applied and published as an index, and the old one dropped. Each
//! kind is done and undone in turns, on what most subjects share: the role that most hold, the
//! largest group, the most given policy. Nothing may grow with the organization.
//!
//! `cargo run --release -p rolecall-engine --example change_rate -- S.data.jsonl M.data.jsonl`

use rolecall_engine::Index;
use rolecall_model::action::{ActionCommand, Level, NewAction};
use rolecall_model::application::{ApplicationCommand, NewApplication};
use rolecall_model::assignment::{AssignmentCommand, GrantRef, Granted};
use rolecall_model::catalog::{Catalog, builtin};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::group::{GroupCommand, GroupPatch};
use rolecall_model::id::{OrganizationId, PrincipalId};
use rolecall_model::import::WorkloadReader;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::policy::{BindingRef, PolicyCommand};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::role::{Bindable, PermitRef, RoleCommand};
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Command, Org, Ref, Timestamp};
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
/// Changes of each kind.
const ROUNDS: u32 = 1_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    for file in std::env::args().skip(1) {
        println!("{file}");
        measure(import(&file)?)?;
    }
    Ok(())
}

/// An organization with an administrator, who imports the file.
fn import(file: &str) -> Outcome<Index> {
    let catalog = Arc::new(Catalog::read(builtin("none").unwrap_or_default())?);
    let (id, name, title) = (OrganizationId::new(7), "changes".to_owned(), String::new());
    let found = Command::Found(Box::new(NewOrganization { id, name, title, catalog }));
    let org = by_system(&Org::empty(), found)?;
    let client_id = Some("administrator".to_owned());
    let grants = vec![GrantRef::Policy("Administrator".into())];
    let terms = Terms::of(Source::Manual);
    let administrator =
        NewApplication { name: "Administrator".to_owned(), client_id, grants, terms, ..NewApplication::default() };
    let org = by_system(&org, ApplicationCommand::Create(administrator).into())?;
    let mut reader = WorkloadReader::new();
    for line in BufReader::new(std::fs::File::open(file)?).split(b'\n') {
        reader.line(&line?).map_err(|bad| format!("line {}: {}", bad.line, bad.message))?;
    }
    let workload = reader.finish().map_err(|bad| bad.message)?;
    Ok(Index::build(by_system(&org, Command::Import(Arc::new(workload)))?))
}

fn by_system(org: &Org, command: Command) -> Outcome<Org> {
    Ok(decide(org, command, &Moment::new(NOW, Actor::System, [2; 32]))?.org)
}

/// What most subjects share.
struct Shared {
    role: Ref,
    policy: Ref,
    group: Ref,
}

fn shared(org: &Org) -> Outcome<Shared> {
    let count = |granted| org.holders_of(granted).count();
    let role = org.roles.iter().filter(|role| !role.predefined).max_by_key(|role| count(Granted::Role(role.id)));
    let policy = org.policies.iter().filter(|policy| !policy.predefined);
    let policy = policy.max_by_key(|policy| count(Granted::Policy(policy.id)));
    let group = org.groups.iter().max_by_key(|group| group.members.len());
    let (role, policy, group) = (role.ok_or("no role")?, policy.ok_or("no policy")?, group.ok_or("no group")?);
    println!(
        "{} holders of role {}, {} of policy {}, {} members of group {}",
        count(Granted::Role(role.id)),
        role.name,
        count(Granted::Policy(policy.id)),
        policy.name,
        group.members.len(),
        group.name,
    );
    Ok(Shared {
        role: role.name.as_str().into(),
        policy: policy.name.as_str().into(),
        group: group.name.as_str().into(),
    })
}

fn measure(index: Index) -> Outcome<()> {
    let Shared { role, policy, group } = shared(index.org())?;
    let org = index.org().clone();
    let administrator = org.find_principal("administrator").ok_or("no administrator")?.0;
    let mut bench = Bench { index, actor: Actor::Principal { id: administrator, token: None } };
    // Users without the role and outside the group, spread over all of them.
    let holds = |id: PrincipalId| {
        let holders = org.principal(id).into_iter().flat_map(|p| &p.memberships);
        holders.into_iter().any(|m| org.group(m.group).is_some_and(|g| Ref::Name(g.name.clone()) == group))
    };
    let users: Vec<SubjectRef> = org
        .principals()
        .filter(|(id, p)| p.kind() == rolecall_model::principal::PrincipalKind::User && !holds(*id))
        .step_by((org.user_count() / ROUNDS as usize).max(1))
        .map(|(_, p)| SubjectRef::User(p.best_identifier()))
        .collect();
    let user = |round: u32| users.get(round as usize / 2 % users.len()).cloned().unwrap_or(SubjectRef::Number(0));
    let everywhere = org.role_named(&shown(&role)).is_some_and(|role| role.bindable == Bindable::Organization);
    let projects: Vec<Ref> = org.projects.iter().map(|project| project.name.as_str().into()).collect();
    let project = |round: u32| {
        let project = projects.get(round as usize / 2 * 7 % projects.len()).cloned();
        let project = project.filter(|_| !everywhere);
        ScopeRef { project, environment: Some("prod".into()) }
    };
    let actions: Vec<Ref> = org.actions.iter().filter(|a| !a.predefined).map(|a| a.name.as_str().into()).collect();
    let terms = || Terms::of(Source::Manual);
    drop(org.clone());

    let grant = |what: GrantRef, round: u32| -> Command {
        let quietly = true;
        if round % 2 == 0 {
            AssignmentCommand::Grant(user(round), what, terms()).into()
        } else {
            AssignmentCommand::End { subject: user(round), grant: what, source: None, quietly }.into()
        }
    };
    bench.time("the role given, taken", |round| {
        grant(GrantRef::Role(BindingRef { role: role.clone(), scope: project(round) }), round)
    })?;
    bench.time("the policy given, taken", |round| grant(GrantRef::Policy(policy.clone()), round))?;
    bench.time("the role's permits", |round| {
        let action = actions.get(round as usize / 2 % actions.len()).cloned().unwrap_or(Ref::Number(1));
        let permits = vec![PermitRef { action, scope: ScopeRef { project: None, environment: Some("prod".into()) } }];
        if round % 2 == 0 {
            RoleCommand::Permit(role.clone(), permits).into()
        } else {
            RoleCommand::Withdraw(role.clone(), permits).into()
        }
    })?;
    bench.time("the policy's bindings", |round| {
        let bindings = vec![BindingRef { role: role.clone(), scope: project(round) }];
        if round % 2 == 0 {
            PolicyCommand::Bind(policy.clone(), bindings).into()
        } else {
            PolicyCommand::Unbind(policy.clone(), bindings).into()
        }
    })?;
    bench.time("the group's members", |round| {
        if round % 2 == 0 {
            MembershipCommand::Add(group.clone(), user(round), terms()).into()
        } else {
            let (group, source, quietly) = (group.clone(), None, true);
            MembershipCommand::Remove { group, user: user(round), source, quietly }.into()
        }
    })?;
    bench.time("the group's grants", |round| {
        let what = GrantRef::Role(BindingRef { role: role.clone(), scope: project(round) });
        let subject = SubjectRef::Group(group.clone());
        if round % 2 == 0 {
            AssignmentCommand::Grant(subject, what, terms()).into()
        } else {
            AssignmentCommand::End { subject, grant: what, source: None, quietly: true }.into()
        }
    })?;
    bench.time("the group's description", |round| {
        let description = Some(format!("round {round}"));
        GroupCommand::Change(group.clone(), GroupPatch { description, ..GroupPatch::default() }).into()
    })?;
    bench.time("a user added, deleted", |round| {
        let email = format!("user{}@example.com", round / 2);
        if round % 2 == 0 {
            UserCommand::Create(NewUser { email: Some(email), terms: terms(), ..NewUser::default() }).into()
        } else {
            UserCommand::Delete(SubjectRef::User(email.as_str().into())).into()
        }
    })?;
    bench.time("an action added, deleted", |round| {
        let name = format!("extra.action{}", round / 2);
        if round % 2 == 0 {
            ActionCommand::Create(action(name)).into()
        } else {
            ActionCommand::Delete(name.as_str().into()).into()
        }
    })?;
    bench.refuse("the role in use deleted", || RoleCommand::Delete(role.clone()).into());
    Ok(())
}

fn shown(name: &Ref) -> String {
    match name {
        Ref::Name(name) => name.to_string(),
        Ref::Number(number) => number.to_string(),
    }
}

fn action(name: String) -> NewAction {
    NewAction {
        name,
        level: Level::Project,
        title: String::new(),
        description: String::new(),
        category: String::new(),
        includes: Vec::new(),
        attributes: serde_json::Map::new(),
    }
}

struct Bench {
    index: Index,
    actor: Actor,
}

impl Bench {
    fn moment(&self, round: u32) -> Moment {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.index.org().revision().0.to_be_bytes());
        seed[8..12].copy_from_slice(&round.to_be_bytes());
        Moment::new(NOW, self.actor, seed)
    }

    /// Times changes one after another, each published before the next.
    fn time(&mut self, what: &str, command: impl Fn(u32) -> Command) -> Outcome<()> {
        let mut steps = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let mut changed = 0;
        for round in 0..ROUNDS {
            let (command, moment) = (command(round), self.moment(round));
            let start = Instant::now();
            let decision =
                decide(self.index.org(), command, &moment).map_err(|refusal| format!("{what}: {refusal}"))?;
            let decided = start.elapsed();
            let next = self.index.advance(decision.org, &decision.touched);
            let advanced = start.elapsed();
            drop(std::mem::replace(&mut self.index, next));
            let dropped = start.elapsed();
            changed += usize::from(!decision.changes.is_empty());
            for (step, time) in steps.iter_mut().zip([decided, advanced - decided, dropped - advanced, dropped]) {
                step.push(time);
            }
        }
        let [decided, advanced, dropped, whole] = steps.map(Times::of);
        println!(
            "{what:<26} whole {whole}, decided {decided}, advanced {advanced}, dropped {dropped} ({changed} changed)"
        );
        Ok(())
    }

    fn refuse(&self, what: &str, command: impl Fn() -> Command) {
        let mut times = Vec::new();
        for round in 0..20 {
            let (command, moment) = (command(), self.moment(round));
            let start = Instant::now();
            let refused = decide(self.index.org(), command, &moment).is_err();
            times.push(start.elapsed());
            assert!(refused, "{what} is refused");
        }
        println!("{what:<26} refused {}", Times::of(times));
    }
}

/// Half of the times are below the first, all but a hundredth below the second.
struct Times(Duration, Duration);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
        Times(at(50), at(99))
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = |time: &Duration| time.as_secs_f64() * 1e6;
        write!(f, "{:.1} / {:.1} us", micros(&self.0), micros(&self.1))
    }
}
