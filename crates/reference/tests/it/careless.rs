//! That the proof bites: engines that are wrong in one thing each are caught, and what they are
//! caught with is small.

use crate::compare::{Depth, compare};
use crate::engine::{Engine, Names, Page};
use crate::scale::{Scale, Wrong, index, prove};
use crate::{found, words};
use rolecall_engine::{Decision, Giver, Index, Part, Path, Question};
use rolecall_model::id::{Holder, PrincipalId};
use rolecall_model::name::Text;
use rolecall_model::organization::Touched;
use rolecall_model::principal::Principal;
use rolecall_model::role::Permit;
use rolecall_model::{Org, Timestamp};
use rolecall_reference as reference;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    Nothing,
    UntilIsInclusive,
    FromIsExclusive,
    TimeIsInSeconds,
    MembershipsNeverEnd,
    InactiveMay,
    EveryoneIsForgotten,
    GroupsArePassedOver,
    PoliciesOfGroupsArePassedOver,
    PermitsAreNotNarrowed,
    BindingsAreNotNarrowed,
    UnknownEnvironmentIsAny,
    AllProjectsAreAny,
    NothingIsIncluded,
    StarIncludesNothing,
    OneLevelIsIncluded,
    ChangedRolesAreForgotten,
    ChangedGroupsAreForgotten,
    ChangedPoliciesAreForgotten,
    ChangedActionsAreForgotten,
    ChangedPeopleAreForgotten,
    ExternalIdsInAnyCase,
    EmailsToTheLetter,
    NamesByTheirEnds,
    PagesOverlap,
    LastOfAPageIsLost,
}

/// Decides anew from all that reaches a subject, so that each part of the rule can be left out.
#[derive(Clone)]
struct Careless {
    index: Index,
    slip: Slip,
}

impl Engine for Careless {
    fn anew(&self, org: Org) -> Self {
        Careless { index: Index::build(org), slip: self.slip }
    }

    fn advance(&self, org: Org, touched: &Touched) -> Self {
        let mut touched = touched.clone();
        match self.slip {
            Slip::ChangedRolesAreForgotten => touched.roles.clear(),
            Slip::ChangedGroupsAreForgotten => touched.groups.clear(),
            Slip::ChangedPoliciesAreForgotten => touched.policies.clear(),
            Slip::ChangedActionsAreForgotten => touched.actions.clear(),
            Slip::ChangedPeopleAreForgotten => touched.principals.clear(),
            _ => {}
        }
        Careless { index: self.index.advance(org, &touched), slip: self.slip }
    }

    fn index(&self) -> &Index {
        &self.index
    }

    fn check(&self, question: &reference::Question) -> Decision {
        let mut asked = words::question(question);
        match self.slip {
            Slip::TimeIsInSeconds => asked.at = Timestamp::from_micros(question.at.div_euclid(1_000_000) * 1_000_000),
            slip if slip.is_of_the_walk() => {}
            // What it has forgotten shows in the index itself.
            _ => return self.index.check(&asked),
        }
        let org = self.index.org();
        let who = org.principal(asked.subject);
        if !who.is_some_and(|who| who.active || self.slip == Slip::InactiveMay) || org.action(asked.action).is_none() {
            return Decision::DENIED;
        }
        let paths = self.index.grants_of(asked.subject);
        let lets = |path: &&Path| {
            let permits = org.role(path.binding.role).map(|role| role.permits.as_slice()).unwrap_or_default();
            permits.iter().any(|permit| self.slip.lets(org, path, permit, &asked))
        };
        let giver = paths.iter().find(lets).map(|path| {
            let Path { holder, assignment, binding, .. } = *path;
            Giver { holder, grant: assignment.grant, binding }
        });
        Decision { allowed: giver.is_some(), giver }
    }

    fn check_named(&self, names: Names<'_>, at: i64) -> bool {
        let Some(id) = self.known_as(names.0).and_then(PrincipalId::new) else {
            return false;
        };
        let subject = self.index.org().principal(id).unwrap().subject.to_string();
        self.index.check_named(&subject, names.1, names.2, names.3, Timestamp::from_micros(at)).allowed
    }

    fn known_as(&self, identifier: &str) -> Option<u32> {
        let org = self.index.org();
        let is_one: fn(&Principal, &str) -> bool = match self.slip {
            Slip::ExternalIdsInAnyCase => {
                |who, asked| who.external_id.as_ref().is_some_and(|id| in_any_case(id, asked))
            }
            Slip::NamesByTheirEnds => |who, asked| emails_and_usernames(who).any(|name| same_ends(name, asked)),
            Slip::EmailsToTheLetter => {
                let (id, who) = org.find_principal(identifier)?;
                let other = emails_and_usernames(who).any(|name| in_any_case(name, identifier) && name != identifier);
                return (!other).then_some(id.number());
            }
            _ => return org.find_principal(identifier).map(|(id, _)| id.number()),
        };
        let found = org.find_principal(identifier).map(|(id, _)| id);
        found
            .or_else(|| org.principals().find(|(_, who)| is_one(who, identifier)).map(|(id, _)| id))
            .map(PrincipalId::number)
    }

    fn who_can(&self, action: u32, place: reference::Place, at: i64, after: Option<PrincipalId>, limit: usize) -> Page {
        let after = match self.slip {
            Slip::PagesOverlap => after.and_then(|after| PrincipalId::new(after.number().saturating_sub(1))),
            _ => after,
        };
        let (mut page, next) = Engine::who_can(&self.index, action, place, at, after, limit);
        if self.slip == Slip::LastOfAPageIsLost && next.is_some() {
            page.pop();
        }
        (page, next)
    }
}

impl Slip {
    /// Whether it is a slip in deciding, not in keeping up or in names.
    const fn is_of_the_walk(self) -> bool {
        (self as u8) <= (Slip::OneLevelIsIncluded as u8)
    }

    /// Whether a permit on a path gives what is asked, but for the slip.
    fn lets(self, org: &Org, path: &Path, permit: &Permit, asked: &Question) -> bool {
        let window = path.window(org);
        let counts = match self {
            Slip::UntilIsInclusive => window.contains(asked.at) || window.until == Some(asked.at),
            Slip::FromIsExclusive => window.contains(asked.at) && window.from != Some(asked.at),
            Slip::MembershipsNeverEnd => Path { membership: None, ..*path }.window(org).contains(asked.at),
            _ => window.contains(asked.at),
        };
        let in_group = matches!(path.holder, Holder::Group(_));
        let passed_over = match self {
            Slip::EveryoneIsForgotten => path.holder == Holder::Everyone,
            Slip::GroupsArePassedOver => in_group,
            Slip::PoliciesOfGroupsArePassedOver => in_group && path.policy().is_some(),
            _ => false,
        };
        let direct = || org.action(permit.action).is_some_and(|action| action.includes.contains(&asked.action));
        let everything = permit.action == rolecall_model::operation::EVERYTHING;
        let includes = match self {
            Slip::NothingIsIncluded => permit.action == asked.action,
            Slip::StarIncludesNothing if everything => permit.action == asked.action,
            Slip::OneLevelIsIncluded => permit.action == asked.action || everything || direct(),
            _ => org.closure().includes(permit.action, asked.action),
        };
        let mut place = asked.place;
        if self == Slip::AllProjectsAreAny && place.project == Part::All {
            place.project = path.binding.scope.project.into();
        }
        if self == Slip::UnknownEnvironmentIsAny && place.environment == Part::Unknown {
            place.environment = path.binding.scope.environment.or(permit.scope.environment).into();
        }
        counts
            && !passed_over
            && includes
            && (self == Slip::PermitsAreNotNarrowed || place.is_covered_by(permit.scope))
            && (self == Slip::BindingsAreNotNarrowed || place.is_covered_by(path.binding.scope))
    }
}

fn emails_and_usernames(who: &Principal) -> impl Iterator<Item = &str> {
    [&who.email, &who.username].into_iter().flatten().map(Text::as_str)
}

fn in_any_case(kept: &str, asked: &str) -> bool {
    kept.to_lowercase() == asked.to_lowercase()
}

/// As somebody compares who keeps the first and the last eight bytes, and the length.
fn same_ends(kept: &str, asked: &str) -> bool {
    let (kept, asked) = (kept.as_bytes(), asked.as_bytes());
    let ends = |name: &[u8]| (name.first_chunk::<8>().copied(), name.last_chunk::<8>().copied(), name.len());
    kept.len() > 16 && ends(kept) == ends(asked)
}

/// Seeds tried until one bites.
const SEEDS: u64 = 400;

/// The shortest story that catches a slip; none when no seed did.
fn caught(slip: Slip) -> Option<Box<Wrong>> {
    let kind = Careless { index: index(), slip };
    (1..=SEEDS).find_map(|seed| prove(Scale::Tiny, seed, &kind).err())
}

#[test]
fn an_engine_that_decides_anew_without_a_slip_agrees() {
    let kind = Careless { index: index(), slip: Slip::Nothing };
    for seed in 1..=40 {
        compare(&Scale::Tiny.story(seed), Depth::Whole, &kind).unwrap();
    }
}

#[test]
fn every_slip_is_caught_with_few_commands() {
    let mut missed = Vec::new();
    for slip in SLIPS {
        let Some(wrong) = caught(slip) else {
            missed.push(format!("{slip:?} is not caught"));
            continue;
        };
        println!("{slip:?} with {} commands of seed {}: {}", wrong.story.deeds.len(), wrong.seed, wrong.why);
        if wrong.story.deeds.len() > 6 {
            missed.push(format!("{slip:?} takes too many commands: {wrong}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn what_is_found_goes_wrong_again_when_it_is_read_back() {
    let wrong = caught(Slip::UntilIsInclusive).unwrap();
    let kept = found::lines(&wrong.story);
    found::replay(&kept, &index()).unwrap();
    let careless = Careless { index: index(), slip: Slip::UntilIsInclusive };
    found::replay(&kept, &careless).unwrap_err();
}

const SLIPS: [Slip; 25] = [
    Slip::UntilIsInclusive,
    Slip::FromIsExclusive,
    Slip::TimeIsInSeconds,
    Slip::MembershipsNeverEnd,
    Slip::InactiveMay,
    Slip::EveryoneIsForgotten,
    Slip::GroupsArePassedOver,
    Slip::PoliciesOfGroupsArePassedOver,
    Slip::PermitsAreNotNarrowed,
    Slip::BindingsAreNotNarrowed,
    Slip::UnknownEnvironmentIsAny,
    Slip::AllProjectsAreAny,
    Slip::NothingIsIncluded,
    Slip::StarIncludesNothing,
    Slip::OneLevelIsIncluded,
    Slip::ChangedRolesAreForgotten,
    Slip::ChangedGroupsAreForgotten,
    Slip::ChangedPoliciesAreForgotten,
    Slip::ChangedActionsAreForgotten,
    Slip::ChangedPeopleAreForgotten,
    Slip::ExternalIdsInAnyCase,
    Slip::EmailsToTheLetter,
    Slip::NamesByTheirEnds,
    Slip::PagesOverlap,
    Slip::LastOfAPageIsLost,
];
