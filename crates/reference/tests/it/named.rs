//! Names: everything is found by all its names, in every way they can be written, and nothing by a
//! name that is only nearly one.

use crate::compare::Depth;
use crate::engine::Engine;
use rolecall_reference::generate::{Random, in_another_case};
use rolecall_reference::{Noun, State};
use unicode_normalization::UnicodeNormalization as _;

/// Look-ups and questions after each command.
const LOOKUPS: usize = 6;
const QUESTIONS: usize = 4;

pub fn agrees<E: Engine>(state: &State, engine: &E, at: i64, depth: Depth, random: &mut Random) -> Result<(), String> {
    let share = if depth == Depth::Thorough { 20 } else { 1 };
    for _ in 0..LOOKUPS * share {
        let name = written(&identifier(state, random), random);
        let (expected, found) = (state.person_known_as(&name), engine.known_as(&name));
        if expected != found {
            return Err(format!("{name:?} is user or application {expected:?}, the engine says {found:?}"));
        }
        let noun = *random.one(&Noun::ALL).unwrap();
        let name = written(&name_of(state, noun, random), random);
        let (expected, found) = (state.named(noun, &name), engine.named(noun, &name));
        if expected != found {
            return Err(format!("{noun:?} {name:?} is {expected:?}, the engine says {found:?}"));
        }
    }
    for _ in 0..QUESTIONS * share {
        same_answer(state, engine, at, random)?;
    }
    Ok(())
}

fn same_answer<E: Engine>(state: &State, engine: &E, at: i64, random: &mut Random) -> Result<(), String> {
    let near = |name: String, random: &mut Random| if random.percent(80) { name } else { written(&name, random) };
    let subject = near(identifier(state, random), random);
    let action = near(name_of(state, Noun::Action, random), random);
    let part = |noun, random: &mut Random| {
        let name = near(name_of(state, noun, random), random);
        random.percent(80).then_some(name)
    };
    let (project, environment) = (part(Noun::Project, random), part(Noun::Environment, random));
    let names = (subject.as_str(), action.as_str(), project.as_deref(), environment.as_deref());
    let expected = state.check_named(names.0, names.1, names.2, names.3, at);
    let found = engine.check_named(names, at);
    if found == expected { Ok(()) } else { Err(format!("{names:?} at {at} is {expected}, the engine says {found}")) }
}

fn identifier(state: &State, random: &mut Random) -> String {
    let people: Vec<_> = state.people.values().collect();
    let Some(person) = random.one(&people) else {
        return "nobody@example.com".to_owned();
    };
    let known: Vec<&String> = person.names.iter().chain(&person.ids).collect();
    random.one(&known).map_or_else(String::new, |name| (*name).clone())
}

fn name_of(state: &State, noun: Noun, random: &mut Random) -> String {
    let all: Vec<&String> = match noun {
        Noun::Action => {
            // Rolecall's own are many; one in five is enough.
            let own = random.percent(20);
            let all = state.actions.values().map(|action| &action.name);
            all.filter(|name| name.starts_with("rolecall.") == own).collect()
        }
        Noun::Environment => state.environments.values().collect(),
        Noun::Project => state.projects.values().collect(),
        Noun::Group | Noun::Policy | Noun::Role => {
            state.names.iter().filter(|(key, _)| key.0 == noun).map(|(_, name)| name).collect()
        }
    };
    random.one(&all).map_or_else(|| "none".to_owned(), |name| (*name).clone())
}

/// A name as somebody may write it: as it is, in another case, in another normal form, or not quite.
fn written(name: &str, random: &mut Random) -> String {
    let letters: Vec<char> = name.chars().collect();
    let at = random.below(letters.len());
    let without = || letters.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, c)| *c).collect();
    let with = |odd: char| {
        let put = |(index, c): (usize, &char)| if index == at { odd } else { *c };
        letters.iter().enumerate().map(put).collect::<String>()
    };
    match random.below(16) {
        0..3 => name.to_owned(),
        3..5 => in_another_case(name),
        5 => name.to_uppercase(),
        6 => name.to_lowercase(),
        7 => name.nfd().collect(),
        8 => with('x'),
        9 => with('\u{212A}'),
        10 => without(),
        11 => letters[..at].iter().collect(),
        12 => format!("{name}\0"),
        13 => format!(" {name}"),
        14 => name.repeat(1 + random.below(40)),
        // As long and alike at both ends.
        _ => letters.iter().map(|c| if c.is_ascii_punctuation() { '\u{7e}' } else { *c }).collect(),
    }
}
