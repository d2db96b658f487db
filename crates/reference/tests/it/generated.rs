//! That what is generated is what it should be.

use rolecall_reference::generate::{Random, Shape, Story, catalog, founded, shrink};
use std::collections::BTreeSet;

#[test]
fn every_generated_catalog_obeys_what_a_catalog_must() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        for shape in [Shape::tiny(&mut random), Shape::middle(1), Shape::wide(&mut random)] {
            let catalog = catalog(&shape, &mut random);
            assert_eq!(catalog.check(), Ok(()), "seed {seed}, {shape:?}");
        }
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let tell = || {
        let story = Story::new(5, 40);
        let mut told = founded(&story.catalog).unwrap();
        let taken = story.deeds.iter().filter_map(|deed| told.act(*deed).ok());
        let changes: Vec<_> = taken.flat_map(|decision| decision.changes).collect();
        (changes, told.state)
    };
    assert_eq!(tell(), tell());
}

#[test]
fn stories_use_every_word_of_the_log() {
    let mut words = BTreeSet::new();
    for seed in 0..100 {
        let story = Story::new(seed, 80);
        let mut told = founded(&story.catalog).unwrap();
        for deed in &story.deeds {
            let Ok(decision) = told.act(*deed) else {
                continue;
            };
            for change in &decision.changes {
                let text = format!("{change:?}");
                let word: String = text.chars().take_while(|c| !matches!(c, ' ' | '{')).collect();
                let mut parts = word.split('(');
                words.insert(format!("{}.{}", parts.next().unwrap_or(""), parts.next().unwrap_or("")));
            }
        }
    }
    for noun in ["Action", "Role", "Policy", "Project"] {
        for what in ["Created", "Changed", "Deleted"] {
            assert!(words.contains(&format!("{noun}.{what}")), "{noun}.{what}: {words:?}");
        }
    }
    for word in [
        "Principal.Created",
        "Principal.Changed",
        "Principal.Deleted",
        "Group.Created",
        "Group.Changed",
        "Group.Ordered",
        "Group.Deleted",
        "Membership.Added",
        "Membership.Changed",
        "Membership.Removed",
        "Assignment.Granted",
        "Assignment.Changed",
        "Assignment.Ended",
        "Environment.Created",
        "Environment.Deleted",
    ] {
        assert!(words.contains(word), "{word}: {words:?}");
    }
}

#[test]
fn a_story_is_shrunk_to_the_deeds_that_matter() {
    let story = Story::new(3, 64);
    let (first, second) = (story.deeds[10], story.deeds[50]);
    let shortest = shrink(&story, |s| s.deeds.contains(&first) && s.deeds.contains(&second));
    assert_eq!(shortest.deeds, [first, second]);
}
