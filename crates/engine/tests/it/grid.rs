//! Random commands: after each one, every question gets the same answer from the advanced index,
//! from one built anew, and from walking the records.

use crate::random::Draw;
use crate::world::{World, second};
use rolecall_engine::{Difference, Index, Lack, Part, Place, Question, difference};
use rolecall_model::id::{ActionId, EnvironmentId, PrincipalId, ProjectId};
use rolecall_model::moment::Actor;
use rolecall_model::rights::Rights;
use rolecall_model::{Org, Scope, Timestamp};
use std::collections::BTreeSet;

const SEEDS: u64 = 16;
const STEPS: usize = 150;

/// Every subject, product action and place of an organization, and some that are not there.
struct Grid {
    subjects: Vec<PrincipalId>,
    actions: Vec<ActionId>,
    places: Vec<Place>,
}

impl Grid {
    fn of(orgs: [&Org; 2]) -> Self {
        let bound = orgs.map(Org::principal_bound).into_iter().max().unwrap();
        let subjects = (1..=bound as u32).filter_map(PrincipalId::new).collect();
        let actions: BTreeSet<ActionId> = orgs
            .iter()
            .flat_map(|org| org.actions.iter().map(|action| action.id))
            .filter(|id| id.number() <= 1001 || id.number() >= 2000)
            .collect();
        let projects = 1..orgs.map(|org| org.projects.bound()).into_iter().max().unwrap() as u32;
        let environments = 1..orgs.map(|org| org.environments.bound()).into_iter().max().unwrap() as u32;
        let projects = projects.filter_map(ProjectId::new).map(Part::One).chain([Part::All, Part::Unknown]);
        let parts: Vec<_> =
            environments.filter_map(EnvironmentId::new).map(Part::One).chain([Part::All, Part::Unknown]).collect();
        let places = projects.flat_map(|project| parts.iter().map(move |part| Place { project, environment: *part }));
        Grid { subjects, actions: actions.into_iter().collect(), places: places.collect() }
    }
}

/// A scope that only rights for all cover where the place has an unknown part.
fn scope_of(place: Place) -> Scope {
    let project = match place.project {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => ProjectId::new(1_000_000),
    };
    let environment = match place.environment {
        Part::All => None,
        Part::One(id) => Some(id),
        Part::Unknown => EnvironmentId::new(1_000_000),
    };
    Scope::new(project, environment)
}

fn assert_all_questions_agree(index: &Index, rebuilt: &Index, at: Timestamp) {
    let org = index.org();
    let grid = Grid::of([org, org]);
    for &subject in &grid.subjects {
        let rights = Rights::of_actor(org, Actor::Principal { id: subject, token: None }, at);
        let access = index.access_of(subject, at);
        for &action in &grid.actions {
            let scopes = index.where_can(subject, action, at);
            let listed: Vec<Scope> = access.iter().filter(|r| r.action == action).map(|r| r.scope).collect();
            assert_eq!(scopes, listed);
            for &place in &grid.places {
                let question = Question { subject, action, place, at };
                let allowed = index.check(&question).allowed;
                assert_eq!(allowed, rights.holds(action, scope_of(place)), "{question:?}");
                assert_eq!(allowed, rebuilt.check(&question).allowed, "{question:?}");
                assert_eq!(allowed, scopes.iter().any(|scope| place.is_covered_by(*scope)), "{question:?}");
            }
        }
    }
    assert_searches_agree(index, &grid, at);
}

fn assert_searches_agree(index: &Index, grid: &Grid, at: Timestamp) {
    for &place in &grid.places {
        let allowed = |subject, action| index.check(&Question { subject, action, place, at }).allowed;
        for &subject in &grid.subjects {
            let what = index.what_can(subject, place, at);
            assert!(grid.actions.iter().all(|action| what.contains(action) == allowed(subject, *action)));
        }
        for &action in &grid.actions {
            let who: Vec<_> = index.who_can_all(action, place, at).collect();
            let wanted = grid.subjects.iter().copied().filter(|subject| allowed(*subject, action));
            assert_eq!(who, wanted.collect::<Vec<_>>());
        }
    }
}

fn assert_explanations_hold(index: &Index, draw: &mut Draw, at: Timestamp) {
    let org = index.org();
    let grid = Grid::of([org, org]);
    for _ in 0..10.min(grid.subjects.len() * 10) {
        let question = Question {
            subject: grid.subjects[draw.below(grid.subjects.len())],
            action: grid.actions[draw.below(grid.actions.len())],
            place: grid.places[draw.below(grid.places.len())],
            at,
        };
        let explanation = index.explain(&question);
        assert_eq!(explanation.allowed, index.check(&question).allowed);
        assert_eq!(explanation.allowed, !explanation.paths.is_empty());
        for allowed in &explanation.paths {
            assert!(question.place.is_covered_by(allowed.source.scope));
            assert!(allowed.source.path.window(org).contains(at));
            assert_eq!(allowed.through.first(), Some(&allowed.source.permit.action));
            assert_eq!(allowed.through.last(), Some(&question.action));
        }
        for miss in explanation.denial.iter().flat_map(|denial| &denial.misses) {
            let gives = miss.permit.is_some_and(|permit| org.closure().includes(permit.action, question.action));
            let permit_scope = miss.permit.map_or(Scope::ORGANIZATION, |permit| permit.scope);
            let covers = permit_scope.meet(miss.path.binding.scope).is_some_and(|s| question.place.is_covered_by(s));
            let counts = miss.path.window(org).contains(at);
            let wanted = match miss.lack {
                Lack::Time(_) => (true, true, false),
                Lack::Scope(_) => (true, false, true),
                Lack::Membership(_) => (true, true, true),
                Lack::Action => (false, true, true),
            };
            assert_eq!((gives, covers, counts), wanted, "{miss:?}");
        }
    }
}

fn assert_difference_is_exact(before: &Index, after: &Index, found: &Difference, at: Timestamp) {
    let grid = Grid::of([before.org(), after.org()]);
    for &subject in &grid.subjects {
        for &action in &grid.actions {
            let mine = |delta: &&rolecall_engine::Delta| delta.subject == subject && delta.action == action;
            let gains: Vec<_> = found.gains.iter().filter(mine).collect();
            let losses: Vec<_> = found.losses.iter().filter(mine).collect();
            for &place in &grid.places {
                let question = Question { subject, action, place, at };
                let (was, is) = (before.check(&question).allowed, after.check(&question).allowed);
                assert_eq!(gains.iter().any(|delta| delta.covers(place)), !was && is, "{question:?}");
                assert_eq!(losses.iter().any(|delta| delta.covers(place)), was && !is, "{question:?}");
            }
        }
    }
}

/// A world in which most random commands find what they name.
fn full_world() -> World {
    World::new()
        .user("ada")
        .user("bob")
        .user("cyd")
        .group("g1", &["ada"])
        .group("g2", &["ada", "bob"])
        .role("r1", &["view"])
        .role("r2", &["deploy@shop", "view@*/development"])
        .role("r3", &["administer"])
        .policy("p1", &[("r1", "shop"), ("r2", "*/production")])
        .policy("p2", &[])
}

#[test]
fn an_advanced_index_a_rebuilt_one_and_the_records_answer_every_question_alike() {
    let (mut done, mut changed) = (0, 0);
    for seed in 0..SEEDS {
        let mut draw = Draw(seed);
        let mut world = full_world();
        for step in 0..STEPS {
            let command = draw.command();
            let Ok((before, touched)) = world.run(command) else {
                continue;
            };
            done += 1;
            let found = difference(&before, &world.index, &touched, world.now);
            changed += usize::from(found != Difference::default());
            assert_difference_is_exact(&before, &world.index, &found, world.now);
            if step % 4 == 0 {
                let rebuilt = Index::build(world.index.org().clone());
                let at = second([0, 30, 70, 150][draw.below(4)]);
                assert_all_questions_agree(&world.index, &rebuilt, at);
                assert_explanations_hold(&world.index, &mut draw, at);
            }
        }
    }
    assert!(done > 300 && changed > 100, "{done} commands done, {changed} changed an answer");
}
