//! The three sizes.

use std::str::FromStr;

/// How large an organization to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A thousand users.
    S,
    /// A hundred thousand users.
    M,
    /// A million users.
    L,
}

impl Size {
    /// The letter that files and command lines use.
    pub fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::M => "M",
            Self::L => "L",
        }
    }

    /// How many users there are; applications are a fiftieth of them.
    pub fn users(self) -> u64 {
        match self {
            Self::S => 1_000,
            Self::M => 100_000,
            Self::L => 1_000_000,
        }
    }

    pub(super) fn projects(self) -> u64 {
        match self {
            Self::S => 20,
            Self::M => 1_000,
            Self::L => 10_000,
        }
    }

    pub(super) fn groups(self) -> u64 {
        match self {
            Self::S => 200,
            Self::M => 2_000,
            Self::L => 20_000,
        }
    }

    pub(super) fn policies(self) -> u64 {
        self.projects()
    }

    pub(super) fn applications(self) -> u64 {
        self.users() / 50
    }

    /// How many times a square root is taken of a group's rank: the size of the group of rank r is
    /// `200 / r^(1/2^roots)`, clamped to 5..=200.
    pub(super) fn roots(self) -> u32 {
        match self {
            Self::S => 0,
            Self::M | Self::L => 3,
        }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        match raw {
            "S" | "s" => Ok(Self::S),
            "M" | "m" => Ok(Self::M),
            "L" | "l" => Ok(Self::L),
            _ => Err(format!("no size named {raw:?}: it is S, M or L")),
        }
    }
}
