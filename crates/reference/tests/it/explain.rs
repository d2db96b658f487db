//! What the engine says of an answer, checked link by link.

use crate::words;
use rolecall_engine::{Explanation, Index, Lack, Path, Reason};
use rolecall_model::assignment::Grant;
use rolecall_model::id::Holder;
use rolecall_model::role::Permit;
use rolecall_reference::{Claim, Fault, Given, Question, State};

pub fn agrees(state: &State, index: &Index, question: &Question, allowed: bool) -> Result<(), String> {
    let explanation = index.explain(&words::question(question));
    if explanation.allowed != allowed
        || explanation.paths.is_empty() == allowed
        || explanation.denial.is_some() == allowed
    {
        return Err(format!("{question:?} is {allowed}, explained as {explanation:?}"));
    }
    let wrong = |what: &str| Err(format!("{what}, of {question:?}: {explanation:?}"));
    if !paths_allow(state, question, &explanation) {
        return wrong("a path that does not allow");
    }
    if allowed && explanation.paths.len() != ways_that_give(state, question) {
        return wrong("a path is missing or there twice");
    }
    if !misses_differ_in_one_thing(state, question, &explanation) {
        return wrong("a miss that is none");
    }
    if !reason_is_true(state, question, &explanation) {
        return wrong("a reason that is not");
    }
    Ok(())
}

fn ways_that_give(state: &State, question: &Question) -> usize {
    state.ways(question).iter().filter(|way| way.gives()).count()
}

fn paths_allow(state: &State, question: &Question, explanation: &Explanation) -> bool {
    explanation.paths.iter().all(|path| {
        let claim = claim(&path.source.path, Some(path.source.permit));
        let first = path.through.first().map(|id| id.number());
        let last = path.through.last().map(|id| id.number());
        // Each action of the chain includes the next one itself.
        let linked = path.through.windows(2).all(|pair| {
            let action = &state.actions[&pair[0].number()];
            action.name == "*" || action.includes.contains(&pair[1].number())
        });
        state.faults(&claim, question).is_empty()
            && linked
            && (first, last) == (Some(path.source.permit.action.number()), Some(question.action))
    })
}

fn misses_differ_in_one_thing(state: &State, question: &Question, explanation: &Explanation) -> bool {
    explanation.denial.iter().flat_map(|denial| &denial.misses).all(|miss| {
        let lacks = match miss.lack {
            Lack::Time(_) => Fault::Time,
            Lack::Scope(_) => Fault::Scope,
            Lack::Membership(_) => Fault::Membership,
            Lack::Action => Fault::Action,
        };
        state.faults(&claim(&miss.path, miss.permit), question) == [lacks]
    })
}

fn reason_is_true(state: &State, question: &Question, explanation: &Explanation) -> bool {
    let person = state.people.get(&question.subject);
    let Some(denial) = &explanation.denial else {
        return true;
    };
    match denial.reason {
        Reason::UnknownSubject => person.is_none(),
        Reason::UnknownAction => !state.actions.contains_key(&question.action),
        Reason::Inactive => person.is_some_and(|person| !person.active),
        Reason::NothingGivesIt => {
            let near = state.ways(question).iter().any(|way| way.binding_covers && way.permit_covers);
            let timed = |miss: &rolecall_engine::Miss| matches!(miss.lack, Lack::Time(_));
            // What only the time stands in the way of is always said.
            person.is_some_and(|person| person.active) && near == denial.misses.iter().any(timed)
        }
    }
}

fn claim(path: &Path, permit: Option<Permit>) -> Claim {
    let (person, group) = holder(path.holder);
    let (given, binding) = (given(path.assignment.grant), words::binding(path.binding));
    Claim { person, group, given, binding, permit: permit.map(words::permit) }
}

/// The user or application, or the group; neither for everyone.
pub fn holder(holder: Holder) -> (Option<u32>, Option<u32>) {
    match holder {
        Holder::Principal(id) => (Some(id.number()), None),
        Holder::Group(id) => (None, Some(id.number())),
        Holder::Everyone => (None, None),
    }
}

pub fn given(grant: Grant) -> Given {
    match grant {
        Grant::Policy(policy) => Given::Policy(policy.number()),
        Grant::Role(binding) => Given::Role(words::binding(binding)),
    }
}
