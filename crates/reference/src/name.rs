//! Names, and questions asked in them: every name of a kind is looked at, one after the other.

use crate::rule::{Asked, Place, Question};
use crate::state::State;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// What has a name, besides users and applications, which have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each says it all")]
pub enum Noun {
    Action,
    Environment,
    Group,
    Policy,
    Project,
    Role,
}

impl Noun {
    /// All of them.
    pub const ALL: [Noun; 6] = [Noun::Action, Noun::Environment, Noun::Group, Noun::Policy, Noun::Project, Noun::Role];
}

impl State {
    /// Whether two names are one here: the same text, in whichever form it is written, and where
    /// names are folded in whichever case.
    pub(crate) fn is_one(&self, kept: &str, asked: &str) -> bool {
        if self.folded { in_small_letters(kept) == in_small_letters(asked) } else { kept.nfc().eq(asked.nfc()) }
    }

    /// The number of what is called so.
    pub fn named(&self, noun: Noun, name: &str) -> Option<u32> {
        let all: Vec<(u32, &String)> = match noun {
            Noun::Action => self.actions.iter().map(|(number, action)| (*number, &action.name)).collect(),
            Noun::Environment => self.environments.iter().map(|(number, name)| (*number, name)).collect(),
            Noun::Project => self.projects.iter().map(|(number, name)| (*number, name)).collect(),
            Noun::Group | Noun::Policy | Noun::Role => {
                self.names.iter().filter(|(key, _)| key.0 == noun).map(|(key, name)| (key.1, name)).collect()
            }
        };
        all.into_iter().find(|(_, kept)| self.is_one(kept, name)).map(|(number, _)| number)
    }

    /// The number of a project or environment by its name.
    pub(crate) fn number_named(&self, among: &BTreeMap<u32, String>, name: &str) -> Option<u32> {
        among.iter().find(|(_, kept)| self.is_one(kept, name)).map(|(number, _)| *number)
    }

    /// The user or application of an identifier: of an email or username in any case, of the others
    /// to the letter.
    pub fn person_known_as(&self, identifier: &str) -> Option<u32> {
        let folded = in_small_letters(identifier);
        let found = self.people.iter().find(|(_, person)| {
            person.ids.iter().any(|id| id == identifier)
                || person.names.iter().any(|name| in_small_letters(name) == folded)
        });
        found.map(|(number, _)| *number)
    }

    /// The answer to a question in names: an unknown subject or action may nothing, an unknown
    /// project or environment is one that only all cover.
    pub fn check_named(
        &self,
        subject: &str,
        action: &str,
        project: Option<&str>,
        environment: Option<&str>,
        at: i64,
    ) -> bool {
        let Some(subject) = self.person_known_as(subject) else {
            return false;
        };
        let Some(action) = self.named(Noun::Action, action) else {
            return false;
        };
        let part = |number: Option<u32>| number.map_or(Asked::Unknown, Asked::One);
        let place = Place {
            project: project.map_or(Asked::All, |name| part(self.named(Noun::Project, name))),
            environment: environment.map_or(Asked::All, |name| part(self.named(Noun::Environment, name))),
        };
        self.check(&Question { subject, action, place, at })
    }
}

/// A text with every letter as a small one, as far as that can be said of it alone.
fn in_small_letters(text: &str) -> String {
    let text: String = text.nfc().flat_map(char::to_lowercase).collect();
    text.nfc().collect()
}
