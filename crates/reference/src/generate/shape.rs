//! How large the random organizations are.

use super::random::Random;

/// How much an organization begins with, and how much happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Actions of its catalog.
    pub actions: usize,
    /// Environments of its catalog.
    pub environments: usize,
    /// Projects of its catalog.
    pub projects: usize,
    /// Roles of its catalog, besides those that every one has.
    pub roles: usize,
    /// How many deeds in a hundred begin a run of them that makes one holder large.
    pub runs: usize,
    /// How many deeds in a hundred are published together with the one before.
    pub joined: usize,
    /// Whether one of the catalogs that come with the product may be taken instead.
    pub known: bool,
    /// Whether it begins with a group that somebody joins, which few deeds alone seldom come to.
    pub gathered: bool,
    /// Whether it begins with a role or policy of its own that somebody has and that is changed then.
    pub settled: bool,
    /// What is done.
    pub deeds: usize,
}

impl Shape {
    /// So small that every question there is can be asked after every command.
    pub fn tiny(random: &mut Random) -> Self {
        let gathered = random.percent(70);
        Shape {
            actions: 3 + random.below(3),
            environments: 1 + random.below(2),
            projects: 1,
            roles: 0,
            runs: 0,
            joined: 20,
            known: false,
            gathered,
            settled: !gathered && random.percent(50),
            deeds: 3 + random.below(4),
        }
    }

    /// As a team has it.
    pub const fn middle(deeds: usize) -> Self {
        Shape {
            actions: 7,
            environments: 3,
            projects: 2,
            roles: 0,
            runs: 2,
            joined: 10,
            known: false,
            gathered: false,
            settled: false,
            deeds,
        }
    }

    /// More than fits any compact form: of actions, environments, roles, and for some holders of
    /// bindings, groups and policies. Sometimes a catalog that comes with the product.
    pub fn wide(random: &mut Random) -> Self {
        let among = |random: &mut Random, counts: &[usize]| random.one(counts).copied().unwrap_or(1);
        Shape {
            actions: among(random, &[6, 63, 66, 130, 258, 300]),
            environments: among(random, &[2, 4, 5, 9, 17, 33]),
            projects: among(random, &[1, 3, 12]),
            roles: among(random, &[0, 30, 62, 130, 260]),
            runs: 12,
            joined: 15,
            known: random.percent(25),
            gathered: false,
            settled: false,
            deeds: 20,
        }
    }
}
