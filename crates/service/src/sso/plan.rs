//! Who somebody is that comes back from a provider, and what follows from it. Pure, so that a dry run says
//! exactly what a sign-in does.

use super::claim::{Address, Arrival, Claimed};
use rolecall_model::assignment::{Grant, GrantRef};
use rolecall_model::command::{Ref, SubjectRef};
use rolecall_model::id::PrincipalId;
use rolecall_model::membership::MembershipCommand;
use rolecall_model::name::{LONGEST_IDENTIFIER, Text};
use rolecall_model::policy::BindingRef;
use rolecall_model::principal::{Identity, Principal, PrincipalKind, parse_identifiers};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::provider::Provider;
use rolecall_model::scope::ScopeRef;
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Command, Org, Scope};
use sha2::{Digest, Sha256};

/// Why somebody is not let in. To the person it reads the same whoever exists; an administrator learns more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// The provider is switched off or gone.
    #[error("this way to sign in is switched off; choose another, or ask an administrator to switch it on")]
    Off,
    /// The user is disabled.
    #[error("your account is disabled; ask an administrator to enable it")]
    Disabled,
    /// Nobody is linked to this account, and nobody may be.
    #[error(
        "nobody here is linked to your account there; ask an administrator to add you, or to let this provider \
         link people by their verified address or add new ones"
    )]
    Unknown,
    /// A user has this address and may not be linked by it. To the person it reads like `Unknown`.
    #[error(
        "nobody here is linked to your account there; ask an administrator to add you, or to let this provider \
         link people by their verified address or add new ones"
    )]
    NotLinked,
    /// Only people of some domains are added, and this address is verified for none of them. To the person it reads like
    /// `Unknown`.
    #[error(
        "nobody here is linked to your account there; ask an administrator to add you, or to let this provider \
         link people by their verified address or add new ones"
    )]
    OtherDomain,
    /// The user of this address is linked to another account at the same provider.
    #[error(
        "nobody here is linked to your account there; ask an administrator to add you, or to let this provider \
         link people by their verified address or add new ones"
    )]
    LinkedElsewhere,
    /// The provider did not say all that is needed of somebody new.
    #[error("the provider did not say who you are; try again in a moment")]
    Partial,
    /// The claims are another issuer's.
    #[error("these claims come from another issuer than the provider's")]
    OtherIssuer,
    /// The claims of the userinfo endpoint are of somebody else.
    #[error("the claims of the userinfo endpoint are of somebody else than the token")]
    OtherSubject,
}

impl Barred {
    /// A stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Barred::Off => "off",
            Barred::Disabled => "disabled",
            Barred::Unknown => "unknown",
            Barred::NotLinked => "not_linked",
            Barred::OtherDomain => "other_domain",
            Barred::LinkedElsewhere => "linked_elsewhere",
            Barred::Partial => "partial",
            Barred::OtherIssuer => "other_issuer",
            Barred::OtherSubject => "other_subject",
        }
    }

    /// What an administrator is told.
    pub const fn reason(self) -> &'static str {
        match self {
            Barred::Off => "the provider is switched off",
            Barred::Disabled => "the user is disabled",
            Barred::Unknown => {
                "nobody is linked to this account, and the provider may not add users; \
                 add the user and let the provider link by verified address, or let it add users"
            }
            Barred::NotLinked => {
                "a user has this address, but is not linked to this account; the provider links by address \
                 only when it is allowed to"
            }
            Barred::OtherDomain => {
                "the provider adds only people whose verified address is of one of its domains; add the domain, or \
                 add the user by hand"
            }
            Barred::LinkedElsewhere => {
                "the user of this address is linked to another account at this provider; if the address has \
                 passed to another person, change it, else unlink the old account"
            }
            Barred::Partial => "the userinfo endpoint gave no answer, and the user is not known yet",
            Barred::OtherIssuer => "the claims come from another issuer",
            Barred::OtherSubject => "the claims of the userinfo endpoint are of another sub than the token's",
        }
    }
}

/// How somebody was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// By a link that was there.
    Known(PrincipalId),
    /// By its verified address; the link is new.
    Linked(PrincipalId),
    /// Not at all: it is new.
    New,
}

/// What a sign-in comes to.
#[derive(Debug)]
pub(super) struct Plan {
    pub found: Found,
    /// How the commands name the user.
    pub subject: SubjectRef,
    pub commands: Vec<Command>,
    /// What was said of groups; none when they do not follow the provider.
    pub groups: Option<Claimed>,
    /// Whether the provider names another address than the one kept.
    pub other_address: bool,
}

impl Plan {
    pub(super) fn of(org: &Org, provider: &Provider, arrival: &Arrival) -> Result<Self, Barred> {
        if !provider.active {
            return Err(Barred::Off);
        }
        if arrival.issuer != provider.issuer {
            return Err(Barred::OtherIssuer);
        }
        let sub = |claims: &serde_json::Map<String, serde_json::Value>| claims.get("sub").cloned();
        if arrival.userinfo.as_ref().is_some_and(|claims| sub(claims) != Some(arrival.sub.as_str().into())) {
            return Err(Barred::OtherSubject);
        }
        let identity =
            Identity { provider: provider.id, issuer: provider.issuer.clone(), sub: Text::from(arrival.sub.as_str()) };
        let mut plan = match org.find_identity(&identity) {
            Some((id, user)) => known(id, user, arrival)?,
            None => unknown(org, provider, arrival, identity)?,
        };
        if provider.group_sync.enabled {
            let said = arrival.groups(&provider.group_sync);
            if let Claimed::Names(names) = &said {
                let (user, provider) = (plan.subject.clone(), Ref::Name(provider.name.clone()));
                plan.commands.push(MembershipCommand::Sync { user, provider, names: names.clone() }.into());
            }
            plan.groups = Some(said);
        }
        Ok(plan)
    }

    /// Leaves memberships as they are.
    pub(super) fn keep_memberships(&mut self) {
        self.commands.retain(|command| !matches!(command, Command::Membership(_)));
    }
}

fn named(user: &Principal) -> SubjectRef {
    SubjectRef::User(Text::from(user.subject.to_string()))
}

fn known(id: PrincipalId, user: &Principal, arrival: &Arrival) -> Result<Plan, Barred> {
    if !user.active {
        return Err(Barred::Disabled);
    }
    let address = sound_address(arrival);
    let other_address = address.is_some_and(|address| user.email.as_deref() != Some(address.text.as_str()));
    let subject = named(user);
    let commands = renamed(user, arrival).map(|patch| UserCommand::Change(subject.clone(), patch).into());
    let commands = commands.into_iter().collect();
    Ok(Plan { found: Found::Known(id), subject, commands, groups: None, other_address })
}

/// The name follows the provider, unless SCIM says it.
fn renamed(user: &Principal, arrival: &Arrival) -> Option<UserPatch> {
    let name = arrival.name().filter(|name| user.name != name.as_str() && user.scim().is_none())?;
    Some(UserPatch { name: Some(name), ..UserPatch::default() })
}

fn unknown(org: &Org, provider: &Provider, arrival: &Arrival, identity: Identity) -> Result<Plan, Barred> {
    // Without an address somebody would be added who is a user already.
    if arrival.is_partial && !arrival.claims.contains_key("email") {
        return Err(Barred::Partial);
    }
    let address = sound_address(arrival).filter(|address| address.is_verified);
    let owner = address.as_ref().and_then(|address| org.find_principal(&address.text));
    match owner {
        Some((id, user)) => link(provider, arrival, identity, (id, user)),
        None if provider.create_users && !provider.admits(address.as_ref().map(|address| address.text.as_str())) => {
            Err(Barred::OtherDomain)
        }
        None if provider.create_users => Ok(create(org, provider, arrival, identity, address)),
        None => Err(Barred::Unknown),
    }
}

/// Links the owner of a verified address, when the organization allows it. Whoever is linked to another account
/// at the same provider is not: the address may have passed to somebody else there.
fn link(
    provider: &Provider,
    arrival: &Arrival,
    identity: Identity,
    (id, user): (PrincipalId, &Principal),
) -> Result<Plan, Barred> {
    let is_theirs = user.kind() == PrincipalKind::User
        && sound_address(arrival).is_some_and(|address| user.email.as_deref() == Some(address.text.as_str()));
    if !provider.link_by_email || !is_theirs {
        return Err(Barred::NotLinked);
    }
    if !user.active {
        return Err(Barred::Disabled);
    }
    let same = |known: &Identity| known.provider == identity.provider && known.issuer == identity.issuer;
    if user.identities().iter().any(same) {
        return Err(Barred::LinkedElsewhere);
    }
    let subject = named(user);
    let patch = UserPatch { link: Some(identity), ..renamed(user, arrival).unwrap_or_default() };
    let commands = vec![UserCommand::Change(subject.clone(), patch).into()];
    Ok(Plan { found: Found::Linked(id), subject, commands, groups: None, other_address: false })
}

fn create(org: &Org, provider: &Provider, arrival: &Arrival, identity: Identity, address: Option<Address>) -> Plan {
    let free = |name: &String| org.principal_id(name).is_none();
    let sound = |name: &String| parse_identifiers(None, Some(name), None, None).is_ok();
    let email = address.map(|address| address.text);
    let username = arrival.username().filter(sound).filter(free);
    // Somebody without an address and a name of its own is known by what the provider knows it by.
    let external_id = (email.is_none() && username.is_none()).then(|| external_id(provider, &identity.sub));
    let best = email.as_ref().or(username.as_ref()).or(external_id.as_ref()).cloned().unwrap_or_default();
    let new = NewUser {
        name: arrival.name().unwrap_or_default(),
        email,
        username,
        external_id,
        picture: arrival.picture(),
        grants: provider.defaults.iter().map(|grant| grant_ref(*grant)).collect(),
        terms: Terms::of(Source::Sso(provider.name.clone())),
        identity: Some(identity),
        ..NewUser::default()
    };
    let (subject, commands) = (SubjectRef::User(best.into()), vec![UserCommand::Create(new).into()]);
    Plan { found: Found::New, subject, commands, groups: None, other_address: false }
}

/// The address, as the model keeps one; what is none is as good as absent.
fn sound_address(arrival: &Arrival) -> Option<Address> {
    let Address { text, is_verified } = arrival.address()?;
    let kept = parse_identifiers(Some(&text), None, None, None).ok()?.email?;
    Some(Address { text: kept.into(), is_verified })
}

fn external_id(provider: &Provider, sub: &str) -> String {
    let plain = format!("{}:{sub}", provider.name);
    let fits = plain.len() <= LONGEST_IDENTIFIER && parse_identifiers(None, None, Some(&plain), None).is_ok();
    if fits && plain.bytes().all(|byte| byte.is_ascii_graphic()) {
        return plain;
    }
    let mut start = [0; 16];
    start.copy_from_slice(&Sha256::digest(sub)[..16]);
    format!("{}:{:032x}", provider.name, u128::from_be_bytes(start))
}

fn grant_ref(grant: Grant) -> GrantRef {
    match grant {
        Grant::Policy(policy) => GrantRef::Policy(Ref::Number(policy.number())),
        Grant::Role(binding) => {
            GrantRef::Role(BindingRef { role: Ref::Number(binding.role.number()), scope: scope_ref(binding.scope) })
        }
    }
}

fn scope_ref(scope: Scope) -> ScopeRef {
    ScopeRef {
        project: scope.project.map(|id| Ref::Number(id.number())),
        environment: scope.environment.map(|id| Ref::Number(id.number())),
    }
}
