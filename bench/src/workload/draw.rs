//! Draws a world. Every line that asks for a random number is part of the format, in this order.

use super::random::{Random, Zipf, group_size, index};
use super::size::Size;
use super::world::{
    ACTION_COUNT, Binding, ENVIRONMENT_COUNT, Environment, ORGANIZATION_ROLES, PROJECT_ROLES, Permission, Role,
    Subject, World,
};

/// The organization of a size, and how popular its projects are.
pub(super) fn world(size: Size, random: &mut Random) -> (World, Zipf) {
    let roles = (0..ORGANIZATION_ROLES + PROJECT_ROLES).map(|number| role(number, random)).collect();
    let projects = Zipf::new(size.projects(), random);
    let mut draw = Draw { size, projects: &projects, random };
    let policies = (0..size.policies()).map(|_| draw.policy()).collect();
    let groups = (0..size.groups()).map(|_| draw.up_to_grants(5)).collect();
    let mut users: Vec<Subject> = (0..size.users()).map(|_| draw.user()).collect();
    draw.memberships(&mut users);
    let applications = (0..size.applications()).map(|_| draw.application()).collect();
    (World { roles, policies, groups, users, applications }, projects)
}

/// Role 0 is the owner with every action, role 1 the plain member with three.
fn role(number: u64, random: &mut Random) -> Role {
    let organization = number < ORGANIZATION_ROLES;
    let actions = match number {
        0 => (0..ACTION_COUNT).collect(),
        1 => vec![0, 5, 10],
        _ => {
            let count = random.between(3, 25);
            random.some_of(ACTION_COUNT, count)
        }
    };
    let restricted = number > 1 && random.percent(if organization { 25 } else { 40 });
    let permissions = actions.into_iter().map(|action| permission(action, restricted, random)).collect();
    let (name, level) = if organization {
        (format!("org-{number}"), "organization")
    } else {
        (format!("prj-{}", number - ORGANIZATION_ROLES), "project")
    };
    Role { name, level, permissions }
}

fn permission(action: u64, restricted: bool, random: &mut Random) -> Permission {
    let environments = (restricted && random.percent(50)).then(|| {
        let count = random.between(1, 3);
        let mut some: Vec<Environment> = random.some_of(ENVIRONMENT_COUNT, count).into_iter().map(byte).collect();
        some.sort_unstable();
        some
    });
    Permission { action: byte(action), environments }
}

struct Draw<'a> {
    size: Size,
    projects: &'a Zipf,
    random: &'a mut Random,
}

impl Draw<'_> {
    fn organization_role(&mut self) -> u8 {
        byte(self.random.between(1, ORGANIZATION_ROLES - 1))
    }

    fn project_role(&mut self) -> u8 {
        byte(ORGANIZATION_ROLES + self.random.below(PROJECT_ROLES))
    }

    /// Half by popularity, half uniform.
    fn project(&mut self) -> u32 {
        let project = if self.random.percent(50) {
            self.projects.draw(self.random)
        } else {
            self.random.below(self.size.projects())
        };
        word(project)
    }

    fn environment(&mut self) -> Environment {
        byte(self.random.below(ENVIRONMENT_COUNT))
    }

    fn policy(&mut self) -> Vec<Binding> {
        (0..self.random.between(1, 6)).map(|_| self.policy_binding()).collect()
    }

    // Fields are drawn in the order role, project, environment.
    fn policy_binding(&mut self) -> Binding {
        match self.random.below(100) {
            0..=9 => Binding { role: self.organization_role(), project: None, environment: None },
            10..=24 => Binding { role: self.project_role(), project: None, environment: Some(self.environment()) },
            25..=69 => Binding { role: self.project_role(), project: Some(self.project()), environment: None },
            _ => Binding {
                role: self.project_role(),
                project: Some(self.project()),
                environment: Some(self.environment()),
            },
        }
    }

    fn up_to_grants(&mut self, most: u64) -> Vec<Binding> {
        (0..self.random.between(0, most)).map(|_| self.grant()).collect()
    }

    /// Six in ten at a project, the others at a project in one environment.
    fn grant(&mut self) -> Binding {
        let (role, project) = (self.project_role(), Some(self.project()));
        let everywhere = self.random.percent(60);
        let environment = (!everywhere).then(|| self.environment());
        Binding { role, environment, project }
    }

    fn user(&mut self) -> Subject {
        let mut grants = vec![Binding { role: self.root_role(), project: None, environment: None }];
        grants.extend(self.up_to_grants(5));
        let policies = if self.random.percent(30) { self.up_to_policies(3) } else { Vec::new() };
        Subject { grants, groups: Vec::new(), policies }
    }

    /// One user in a thousand is an owner, seven in ten are plain members.
    fn root_role(&mut self) -> u8 {
        match self.random.below(1000) {
            0 => 0,
            1..=700 => 1,
            _ => byte(self.random.between(2, ORGANIZATION_ROLES - 1)),
        }
    }

    fn application(&mut self) -> Subject {
        Subject { grants: self.up_to_grants(2), groups: Vec::new(), policies: self.up_to_policies(2) }
    }

    fn up_to_policies(&mut self, most: u64) -> Vec<u32> {
        let count = self.random.between(1, most);
        let mut policies: Vec<u32> = (0..count).map(|_| word(self.random.below(self.size.policies()))).collect();
        policies.sort_unstable();
        policies.dedup();
        policies
    }

    fn memberships(&mut self, users: &mut [Subject]) {
        for group in 0..self.size.groups() {
            self.members(word(group), users);
        }
    }

    /// Draws users until the group is full, or gives up when most are in five groups already.
    fn members(&mut self, group: u32, users: &mut [Subject]) {
        let want = group_size(u64::from(group) + 1, self.size.roots());
        let (mut have, mut tries) = (0, 0);
        while have < want && tries < want * 20 {
            tries += 1;
            let user = &mut users[index(self.random.below(self.size.users()))];
            if user.groups.len() < 5 && user.groups.last() != Some(&group) {
                user.groups.push(group);
                have += 1;
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "roles, actions and environments number fewer than a hundred")]
fn byte(number: u64) -> u8 {
    number as u8
}

#[allow(clippy::cast_possible_truncation, reason = "no noun of the workload numbers more than a million")]
pub(super) fn word(number: u64) -> u32 {
    number as u32
}
