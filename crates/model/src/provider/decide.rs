//! The rules of sign-in providers.

use super::{GroupSync, MOST_PROVIDERS, NewProvider, Provider, ProviderChange, ProviderCommand, ProviderPatch};
use crate::assignment::{Grant, GrantRef};
use crate::command::Ref;
use crate::decide::Draft;
use crate::id::{PrincipalId, ProviderId};
use crate::name::{LONGEST_IDENTIFIER, LONGEST_TEXT, LONGEST_TITLE, Text, parse_text};
use crate::organization::{Org, Stamp, Touched};
use crate::principal::Principal;
use crate::provenance::Source;
use crate::refusal::{Kind, Refusal};
use crate::{membership, resolve};

/// Most scopes asked for.
const MOST_SCOPES: usize = 50;
/// Most domains of addresses.
const MOST_DOMAINS: usize = 100;
/// The longest name: it stands in addresses.
const LONGEST_NAME: usize = 50;

impl Draft<'_> {
    pub(crate) fn decide_provider(&mut self, command: ProviderCommand) -> Result<(), Refusal> {
        match command {
            ProviderCommand::Create(new) => self.create_provider(&new),
            ProviderCommand::Change(target, patch) => self.change_provider(&target, &patch),
            ProviderCommand::Delete(target) => {
                let gone = provider(&self.org, &target)?;
                self.end_source(&Source::Sso(gone.name.clone()));
                self.change(ProviderChange::Deleted(gone));
                Ok(())
            }
        }
    }

    /// Ends what comes from a source alone: words of their own, so that whoever follows the log learns of them.
    fn end_source(&mut self, source: &Source) {
        let mut concerned = Vec::new();
        for (user, principal) in self.org.principals() {
            for membership in &principal.memberships {
                let terms = self.org.terms(membership.provenance);
                if terms.sources.contains(source) {
                    concerned.push((membership.group, user, terms));
                }
            }
        }
        for (group, user, before) in concerned {
            membership::end_source(self, group, user, before, source);
        }
    }

    fn create_provider(&mut self, new: &NewProvider) -> Result<(), Refusal> {
        let name = parse_provider_name(&new.name)?;
        resolve::free_name(&self.org, &self.org.providers, &name, "sign-in provider", None)?;
        if self.org.providers.iter().count() >= MOST_PROVIDERS {
            let message = format!("an organization has at most {MOST_PROVIDERS} sign-in providers");
            return Err(Refusal::new(Kind::TooMany, "", message));
        }
        let provider = Provider {
            id: ProviderId::at(self.org.providers.next_number(1)),
            title: title(&new.title, &name)?,
            issuer: issuer(&new.issuer)?,
            client_id: client_id(&new.client_id)?,
            scopes: scopes(&new.scopes)?,
            active: !new.inactive,
            link_by_email: new.link_by_email,
            create_users: new.create_users,
            email_domains: email_domains(&new.email_domains)?,
            defaults: defaults(&self.org, &new.defaults)?,
            group_sync: sound_sync(&new.group_sync)?,
            name,
        };
        self.change(ProviderChange::Created(provider));
        Ok(())
    }

    fn change_provider(&mut self, target: &Ref, patch: &ProviderPatch) -> Result<(), Refusal> {
        let before = provider(&self.org, target)?;
        let mut after = before.clone();
        if let Some(text) = &patch.title {
            after.title = title(text, &before.name)?;
        }
        if let Some(text) = &patch.issuer {
            after.issuer = issuer(text)?;
        }
        if let Some(text) = &patch.client_id {
            after.client_id = client_id(text)?;
        }
        if let Some(names) = &patch.scopes {
            after.scopes = scopes(names)?;
        }
        if let Some(names) = &patch.email_domains {
            after.email_domains = email_domains(names)?;
        }
        if let Some(grants) = &patch.defaults {
            after.defaults = defaults(&self.org, grants)?;
        }
        if let Some(sync) = &patch.group_sync {
            after.group_sync = sound_sync(sync)?;
        }
        after.active = patch.active.unwrap_or(after.active);
        after.link_by_email = patch.link_by_email.unwrap_or(after.link_by_email);
        after.create_users = patch.create_users.unwrap_or(after.create_users);
        if before != after {
            self.change(ProviderChange::Changed { before, after: after.clone() });
        }
        if patch.secret {
            self.change(ProviderChange::Changed { before: after.clone(), after });
        }
        Ok(())
    }
}

/// The provider that somebody names.
///
/// # Errors
/// `Unknown`, with the nearest known name.
fn provider(org: &Org, target: &Ref) -> Result<Provider, Refusal> {
    let id = resolve::provider(org, target, "provider").map_err(Refusal::of_target)?;
    let found = org.provider(id).map(|row| row.value.clone());
    found.ok_or_else(|| Refusal::unknown("provider", "sign-in provider", &target.to_string(), None).of_target())
}

fn parse_provider_name(raw: &str) -> Result<Text, Refusal> {
    let sound = |name: &str| {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !name.is_empty()
            && name.len() <= LONGEST_NAME
            && name.bytes().all(letter)
            && !name.starts_with('-')
            && name != "callback"
    };
    let name = raw.trim();
    if sound(name) {
        return Ok(Text::from(name));
    }
    let message = format!(
        "a sign-in provider's name stands in addresses: 1 to {LONGEST_NAME} small letters, digits and hyphens \
         (and not \"callback\"); what people read is its title"
    );
    Err(Refusal::invalid("name", message))
}

fn title(raw: &str, name: &Text) -> Result<Text, Refusal> {
    let title = parse_text(raw, "title", LONGEST_TITLE)?;
    Ok(if title.is_empty() { name.clone() } else { title })
}

/// An issuer identifier is compared to the letter, so nothing of it is changed.
fn issuer(raw: &str) -> Result<Text, Refusal> {
    let issuer = parse_text(raw, "issuer", LONGEST_TEXT)?;
    let rest = issuer.strip_prefix("https://").or_else(|| {
        let rest = issuer.strip_prefix("http://")?;
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let loopback = matches!(host, "127.0.0.1" | "localhost") || rest.starts_with("[::1]");
        loopback.then_some(rest)
    });
    let sound =
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', '@', ' ']));
    if sound {
        return Ok(issuer);
    }
    let message = "issuer must be the provider's issuer identifier: an address that begins with https:// \
                   (http:// only on this machine), without query and fragment";
    Err(Refusal::invalid("issuer", message))
}

fn client_id(raw: &str) -> Result<Text, Refusal> {
    let id = parse_text(raw, "client_id", LONGEST_IDENTIFIER)?;
    if id.is_empty() {
        return Err(Refusal::invalid(
            "client_id",
            "client_id must not be empty; the provider says it when you register",
        ));
    }
    Ok(id)
}

fn scopes(wanted: &[String]) -> Result<Vec<Text>, Refusal> {
    if wanted.len() > MOST_SCOPES {
        let message = format!("at most {MOST_SCOPES} scopes are asked for; these are {}", wanted.len());
        return Err(Refusal::new(Kind::TooMany, "scopes", message));
    }
    let mut scopes = Vec::new();
    for (index, raw) in wanted.iter().enumerate() {
        let field = format!("scopes[{index}]");
        let scope = parse_text(raw, &field, LONGEST_IDENTIFIER)?;
        if scope.is_empty() || !scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
            return Err(Refusal::invalid(field, "a scope is one word without spaces, quotes and backslashes"));
        }
        if scope != "openid" && !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

/// Domains of addresses, in small letters as addresses are.
fn email_domains(wanted: &[String]) -> Result<Vec<Text>, Refusal> {
    if wanted.len() > MOST_DOMAINS {
        let message = format!("at most {MOST_DOMAINS} domains are named; these are {}", wanted.len());
        return Err(Refusal::new(Kind::TooMany, "email_domains", message));
    }
    let mut domains = Vec::new();
    for (index, raw) in wanted.iter().enumerate() {
        let field = format!("email_domains[{index}]");
        let domain = parse_text(&crate::name::fold(raw), &field, LONGEST_IDENTIFIER)?;
        let letter = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
        if !domain.contains('.') || domain.starts_with('.') || domain.ends_with('.') || !domain.chars().all(letter) {
            return Err(Refusal::invalid(
                field,
                "a domain is what stands behind the @ of an address, such as example.com",
            ));
        }
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    Ok(domains)
}

fn defaults(org: &Org, wanted: &[GrantRef]) -> Result<Vec<Grant>, Refusal> {
    let mut grants = Vec::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let grant = crate::assignment::known_grant(org, wanted, &format!("defaults[{index}]"))?;
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    Ok(grants)
}

fn sound_sync(sync: &GroupSync) -> Result<GroupSync, Refusal> {
    let path = parse_text(&sync.path, "group_sync.path", LONGEST_TEXT)?;
    if sync.enabled && path.is_empty() {
        let message = "group_sync.path must say where the groups stand in the token, such as $.groups";
        return Err(Refusal::invalid("group_sync.path", message));
    }
    Ok(GroupSync { path, ..sync.clone() })
}

impl Org {
    pub(crate) fn apply_provider(&mut self, change: &ProviderChange, stamp: &Stamp, touched: &mut Touched) {
        match change {
            ProviderChange::Created(provider) | ProviderChange::Changed { after: provider, .. } => {
                self.providers.put(provider.clone(), stamp.revision, true);
            }
            ProviderChange::Deleted(provider) => self.delete_provider(provider, stamp, touched),
        }
    }

    /// Takes a provider away, and with it the links of users to it. Looks at every user: it is rare.
    fn delete_provider(&mut self, provider: &Provider, stamp: &Stamp, touched: &mut Touched) {
        let linked = |principal: &Principal| principal.identities().iter().any(|one| one.provider == provider.id);
        let concerned: Vec<PrincipalId> =
            self.principals().filter(|(_, principal)| linked(principal)).map(|(id, _)| id).collect();
        for id in concerned {
            self.unlink_provider(id, provider.id, stamp);
            touched.principals.push(id);
        }
        self.providers.remove(provider.id.number(), true);
    }

    fn unlink_provider(&mut self, id: PrincipalId, provider: ProviderId, stamp: &Stamp) {
        if let Some(mut principal) = self.take_principal(id) {
            principal.forget_identities_of(provider);
            principal.changed = stamp.revision;
            self.put_principal(id, principal);
        }
    }

    /// The sign-in provider of this number.
    pub fn provider(&self, id: ProviderId) -> Option<&crate::collection::Row<Provider>> {
        self.providers.get(id.number())
    }

    /// The sign-in provider of this name.
    pub fn provider_named(&self, name: &str) -> Option<&crate::collection::Row<Provider>> {
        self.providers.named(name, true)
    }

    /// Where a grant stands among what providers give new users, as words.
    pub(crate) fn default_uses(&self, is: impl Fn(&Grant) -> bool) -> Vec<String> {
        let giving = self.providers.iter().filter(|provider| provider.defaults.iter().any(&is));
        giving.map(|provider| format!("the sign-in provider \"{}\"", provider.name)).collect()
    }
}
