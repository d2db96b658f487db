//! Break-glass: making an administrator again on the machine itself, with the server stopped. Loudly
//! audited: the entry's actor is the system and its façade says `recover`.

use crate::first_start::administrator_grant;
use crate::organization::{Replayed, replay};
use crate::secret::Secret;
use crate::token::fresh_key;
use crate::writer::record;
use crate::{Clock, Error, Key, SystemClock, clock::random, codes, credential, passkey};
use rolecall_model::application::{ApplicationCommand, NewApplication};
use rolecall_model::assignment::{AssignmentCommand, GrantRef};
use rolecall_model::catalog::Catalog;
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::entry::{Entry, READS};
use rolecall_model::id::TokenKey;
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::{OrganizationChange, SettingsPatch, SignInPatch};
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{NewToken, TokenCommand, TokenKind};
use rolecall_model::user::{NewUser, UserCommand, UserPatch};
use rolecall_model::{Change, Command, Org};
use rolecall_store::{OrganizationRow, Row, Store};

/// What is wanted of a recovery.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The organization; the home one unless named.
    pub organization: Option<&'a str>,
    /// Whose address shall be an administrator; without one an application is made.
    pub email: Option<&'a str>,
    /// The address by which browsers reach the server, without a slash at the end.
    pub public_url: &'a str,
    /// The key that seals data at rest; without it there is no link to choose a password.
    pub key: Option<&'a Key>,
}

/// What recovery did.
#[derive(Debug)]
pub struct Recovered {
    /// The organization's name.
    pub organization: String,
    /// Who is an administrator now.
    pub subject: String,
    /// A fresh token of it. Shown once.
    pub token: Secret,
    /// A link by which the user chooses a password, once the server runs. It counts once, for a day.
    pub link: Option<String>,
}

/// Makes a user (found or added by address), or without an address a new application, an
/// administrator of an organization, with a fresh token. A user can sign in by a password afterwards,
/// whatever was the only way in before: passwords are switched on, a second factor that may be lost is
/// taken away, and a link says where to choose one.
///
/// # Errors
/// `NotFound` for the organization; what is wrong with the address.
pub async fn recover(store: &dyn Store, wanted: &Wanted<'_>) -> Result<Recovered, Error> {
    let row = find(store, wanted.organization).await?;
    let Replayed { org, hash, .. } = replay(store, row.key, u64::MAX).await?;
    let grant = administrator_grant(&catalog(store, &row).await?)?;
    let (secret, key) = (Secret::generate()?, fresh_key()?);
    let (mut commands, subject) = making(&org, grant, wanted.email, key);
    commands.push(Command::Token(TokenCommand::Issue(NewToken {
        key,
        name: "recovery".to_owned(),
        subject: subject.clone(),
        scope: ScopeRef::ORGANIZATION,
        actions: None,
        until: None,
        kind: TokenKind::Personal,
        client: None,
    })));
    let moment = Moment::new(SystemClock.now(), Actor::System, random()?);
    let decision = decide(&org, Command::Batch(commands), &moment)?;
    let mut rows =
        vec![Row::Secret { kind: credential::TOKEN, key: key.bytes(), hash: Some(secret.hash()), data: None }];
    let user = wanted.email.and_then(|email| decision.org.find_principal(email.trim()));
    let mut link = None;
    if let (Some((_, user)), Some(key)) = (user, wanted.key) {
        let owner = user.subject.bytes();
        rows.extend([codes::CODES, passkey::PASSKEYS].map(|kind| Row::SecretGone { kind, key: owner }));
        rows.extend(crate::link::TICKETS_OF_A_USER.map(|kind| Row::TicketsGone { kind, owner }));
        let (secret, row) = crate::link::by_the_system(key, user.subject, moment.now)?;
        link = Some(format!("{}/signin/reset?token={}", wanted.public_url, secret.expose()));
        rows.push(row);
    }
    let entry = Entry {
        revision: decision.stamp.revision,
        at: decision.stamp.at,
        actor: Actor::System,
        facade: "recover".into(),
        request: "on the machine".into(),
        idempotency: None,
        reads: READS,
        changes: decision.changes,
    };
    let record = record(&entry, &hash)?;
    store.append(row.key, org.revision().0, &[record], rows).await?;
    Ok(Recovered { organization: row.name, subject: crate::need::words(&subject), token: secret, link })
}

async fn find(store: &dyn Store, name: Option<&str>) -> Result<OrganizationRow, Error> {
    let rows = store.organizations().await?;
    let found = rows.into_iter().find(|row| name.map_or(row.home, |name| row.name == name));
    found.ok_or_else(|| match name {
        Some(name) => Error::not_found("organization", name),
        None => Error::NotFound {
            message: "the database has no organization yet; start the server and set it up".to_owned(),
        },
    })
}

/// The catalog that the organization was made with, from its first entry.
async fn catalog(store: &dyn Store, row: &OrganizationRow) -> Result<Catalog, Error> {
    let damaged = || Error::Damaged("the first entry does not make the organization".to_owned());
    let record = store.record(row.key, 1).await?.ok_or_else(damaged)?;
    let entry = Entry::decode(&record.body).map_err(|error| Error::Damaged(error.to_string()))?;
    entry
        .changes
        .into_iter()
        .find_map(|change| match change {
            Change::Organization(OrganizationChange::Founded { catalog, .. }) => Some((*catalog).clone()),
            _ => None,
        })
        .ok_or_else(damaged)
}

fn making(org: &Org, grant: GrantRef, email: Option<&str>, key: TokenKey) -> (Vec<Command>, SubjectRef) {
    let terms = Terms { reason: Some("recovered on the machine".into()), ..Terms::of(Source::Manual) };
    let Some(email) = email else {
        let client_id = format!("recovery-{}", &key.to_string()[4..12]);
        let new = NewApplication {
            name: "Recovery".to_owned(),
            client_id: Some(client_id.clone()),
            grants: vec![grant],
            terms,
            ..NewApplication::default()
        };
        return (
            vec![Command::Application(ApplicationCommand::Create(new))],
            SubjectRef::Application(client_id.as_str().into()),
        );
    };
    let subject = SubjectRef::User(email.trim().into());
    if org.find_principal(email.trim()).is_some() {
        let patch = UserPatch { active: Some(true), codes: Some(false), passkeys: Some(0), ..UserPatch::default() };
        let commands = vec![
            passwords_on(),
            Command::User(UserCommand::Change(subject.clone(), patch)),
            Command::Token(TokenCommand::EndSessions { subject: subject.clone(), except: None }),
            Command::Assignment(AssignmentCommand::Grant(subject.clone(), grant, terms)),
        ];
        return (commands, subject);
    }
    let new = NewUser { email: Some(email.to_owned()), grants: vec![grant], terms, ..NewUser::default() };
    (vec![passwords_on(), Command::User(UserCommand::Create(new))], subject)
}

/// Nobody comes in by a provider that is broken.
fn passwords_on() -> Command {
    let sign_in = SignInPatch { passwords: Some(true), ..SignInPatch::default() };
    Command::Settings(SettingsPatch { sign_in, ..SettingsPatch::default() })
}
