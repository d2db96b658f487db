//! The engine's answers, compared with the reference's after every command of random stories. More
//! than the usual number of stories: `ROLECALL_PROVE_MINUTES=10 cargo test -p rolecall-reference`.

use crate::count::Count;
use crate::{difference, explain, words};
use rolecall_engine::Index;
use rolecall_model::Timestamp;
use rolecall_model::id::{ActionId, PrincipalId};
use rolecall_reference::generate::{Random, Story, Told, founded, question, shrink};
use rolecall_reference::{Asked, Place, Question, State};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Stories in an ordinary run, and deeds in each.
const STORIES: u64 = 40;
const DEEDS: usize = 60;
/// Questions after each deed.
const QUESTIONS: usize = 80;

#[test]
fn the_engine_answers_as_the_reference_does() {
    let minutes: Option<u64> = std::env::var("ROLECALL_PROVE_MINUTES").ok().and_then(|text| text.parse().ok());
    let first: u64 = std::env::var("ROLECALL_PROVE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let started = Instant::now();
    let goes_on = |told: u64| match minutes {
        Some(minutes) => started.elapsed() < Duration::from_secs(minutes * 60),
        None => told < STORIES,
    };
    let mut count = Count::default();
    for seed in (first..).take_while(|seed| goes_on(seed - first)) {
        let story = Story::new(seed, DEEDS);
        match compare(&story, seed) {
            Ok(counted) => count.join(&counted),
            Err(wrong) => {
                let shortest = shrink(&story, |story| compare(story, seed).is_err());
                let why = compare(&shortest, seed).err().unwrap_or(wrong);
                panic!("seed {seed}: {why}\n{}", retell(&shortest));
            }
        }
    }
    println!("{count:?}");
    count.assert_worth();
    assert!(count.asked >= 100_000, "{count:?}");
}

/// What happens in a story, one change a line.
fn retell(story: &Story) -> String {
    let mut told = founded(&story.catalog).unwrap();
    let mut lines = vec![format!("{:?}", story.catalog)];
    for deed in &story.deeds {
        if let Ok(decision) = told.act(*deed) {
            lines.extend(decision.changes.iter().map(|change| format!("{change:?}")));
        }
    }
    lines.join("\n")
}

fn compare(story: &Story, seed: u64) -> Result<Count, String> {
    let mut told = founded(&story.catalog).map_err(|refusal| format!("the catalog: {refusal}"))?;
    let mut index = Index::build(told.org.clone());
    let (mut random, mut count) = (Random::new(seed), Count::default());
    for (step, deed) in story.deeds.iter().enumerate() {
        let before = (told.clone(), index.clone());
        let touched = match told.act(*deed) {
            Ok(decision) => decision.touched,
            Err(_) => continue,
        };
        index = index.advance(told.org.clone(), &touched);
        for _ in 0..QUESTIONS {
            let question = question(&told.state, told.at, &mut random);
            let allowed = same_answer(&told, &index, &question)?;
            explain::agrees(&told.state, &index, &question, allowed)?;
            count.add(&told.state, &question, allowed);
        }
        searches_agree(&told, &index, &mut random)?;
        if step % 6 == 0 {
            difference::agrees(&before.0, &told, (&before.1, &index), &touched)?;
        }
        if step % 15 == 14 {
            same_on_the_grid(&told, &index)?;
        }
    }
    same_on_the_grid(&told, &index)?;
    an_administrator_remains(&told)?;
    Ok(count)
}

fn same_answer(told: &Told, index: &Index, question: &Question) -> Result<bool, String> {
    let allowed = told.state.check(question);
    let answer = index.check(&words::question(question));
    if answer.allowed != allowed || answer.giver.is_some() != allowed {
        return Err(format!("{question:?} is {allowed}, the engine says {answer:?}"));
    }
    Ok(allowed)
}

/// An index advanced from the first on, one built anew and the reference agree on every question of
/// the grid.
fn same_on_the_grid(told: &Told, index: &Index) -> Result<(), String> {
    let rebuilt = Index::build(told.org.clone());
    let actions = told.state.actions.keys().copied();
    // A few of Rolecall's own actions stand for the others.
    let actions: Vec<u32> = actions.filter(|number| !(1003..2000).contains(number) || *number == 1012).collect();
    for subject in told.state.people.keys().copied() {
        for action in actions.iter().copied() {
            for place in told.state.grid() {
                let question = Question { subject, action, place, at: told.at };
                same_answer(told, index, &question).map_err(|why| format!("advanced: {why}"))?;
                same_answer(told, &rebuilt, &question).map_err(|why| format!("rebuilt: {why}"))?;
            }
        }
    }
    Ok(())
}

fn searches_agree(told: &Told, index: &Index, random: &mut Random) -> Result<(), String> {
    let Question { subject, action, place, at } = question(&told.state, told.at, random);
    let (who, what, instant) =
        (PrincipalId::new(subject).unwrap(), ActionId::new(action).unwrap(), Timestamp::from_micros(at));
    let same = |search: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
        let about = format!("{subject} {action} {place:?} at {at}");
        if expected == found {
            Ok(())
        } else {
            Err(format!("{search} of {about} is {expected}, the engine says {found}"))
        }
    };
    let everybody: Vec<u32> = index.who_can_all(what, words::place(place), instant).map(PrincipalId::number).collect();
    same("who can", &told.state.who_can(action, place, at), &everybody)?;
    same("who can, in pages", &everybody, &paged(index, what, place, instant, 1 + random.below(4)))?;
    let found: Vec<u32> = index.what_can(who, words::place(place), instant).iter().map(|id| id.number()).collect();
    same("what can", &told.state.what_can(subject, place, at), &found)?;

    let scopes = index.where_can(who, what, instant);
    let grid = told.state.grid();
    let found: BTreeSet<Place> =
        grid.iter().copied().filter(|p| scopes.iter().any(|s| words::covers(*s, *p))).collect();
    same("where can", &told.state.where_can(subject, action, at), &found)?;
    let spare = scopes.iter().find(|s| scopes.iter().any(|other| other != *s && other.covers(**s)));
    same("a scope too many", &None::<()>, &spare)?;
    same_by_name(told, index, random, at)?;
    if random.percent(10) {
        access_agrees(&told.state, index, who, instant)?;
    }
    Ok(())
}

fn paged(index: &Index, action: ActionId, place: Place, at: Timestamp, limit: usize) -> Vec<u32> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = index.who_can(action, words::place(place), at, after, limit);
        assert!(page.len() <= limit);
        all.extend(page.iter().map(|id| id.number()));
        after = next;
        if next.is_none() {
            return all;
        }
    }
}

/// Questions in names: by any identifier, and in another case where case matters not.
fn same_by_name(told: &Told, index: &Index, random: &mut Random, at: i64) -> Result<(), String> {
    let state = &told.state;
    let another_case = |name: &str, random: &mut Random| {
        if random.percent(30) { name.to_uppercase() } else { name.to_owned() }
    };
    let people: Vec<_> = state.people.values().collect();
    let subject = random.one(&people).and_then(|person| random.one(&person.known_as).cloned());
    let subject = subject.unwrap_or_else(|| "nobody@example.com".to_owned());
    let actions: Vec<&String> =
        state.actions.values().map(|action| &action.name).filter(|n| !n.starts_with("rolecall.")).collect();
    let action = another_case(random.one(&actions).map_or("none", |name| name.as_str()), random);
    let mut name = |names: Vec<&String>| {
        let known = random.one(&names).map_or("none", |name| name.as_str());
        let named = another_case(known, random);
        random.percent(80).then_some(if random.percent(5) { "nowhere".to_owned() } else { named })
    };
    let project = name(state.projects.values().collect());
    let environment = name(state.environments.values().collect());
    let (project, environment) = (project.as_deref(), environment.as_deref());
    let expected = state.check_named(&subject, &action, project, environment, at);
    let found = index.check_named(&subject, &action, project, environment, Timestamp::from_micros(at));
    if found.allowed == expected {
        return Ok(());
    }
    Err(format!("{subject} {action} {project:?} {environment:?} at {at} is {expected}, the engine says {found:?}"))
}

/// The rights of a subject cover exactly what it may do, and each of their sources gives the whole.
fn access_agrees(state: &State, index: &Index, who: PrincipalId, at: Timestamp) -> Result<(), String> {
    let rights = index.access_of(who, at);
    for action in state.actions.keys().copied() {
        for place in state.grid() {
            let allowed = state.check(&Question { subject: who.number(), action, place, at: at.micros() });
            let right = rights.iter().any(|r| r.action.number() == action && words::covers(r.scope, place));
            if allowed != right {
                return Err(format!("{who:?} may {action} at {place:?} is {allowed}, its access says {right}"));
            }
        }
    }
    let sound = rights.iter().all(|right| {
        let gives = |scope, action| {
            words::covers(scope, at_scope(right.scope)) && state.includes(action, right.action.number())
        };
        !right.sources.is_empty() && right.sources.iter().all(|s| gives(s.scope, s.permit.action.number()))
    });
    if sound { Ok(()) } else { Err(format!("a source that does not give its right: {rights:?}")) }
}

/// A scope as a place: all of it at once.
fn at_scope(scope: rolecall_model::Scope) -> Place {
    Place {
        project: scope.project.map_or(Asked::All, |id| Asked::One(id.number())),
        environment: scope.environment.map_or(Asked::All, |id| Asked::One(id.number())),
    }
}

/// Every story begins with an administrator, so one is there at its end.
fn an_administrator_remains(told: &Told) -> Result<(), String> {
    if told.state.has_administrator(told.at) { Ok(()) } else { Err("no administrator remains".to_owned()) }
}
