//! The first start: making the home organization with its first administrator.

use crate::ctx::Ctx;
use crate::execute::Origin;
use crate::secret::Secret;
use crate::writer::record;
use crate::{Error, Service, clock::random, credential, password};
use rolecall_model::application::{ApplicationCommand, NewApplication};
use rolecall_model::assignment::GrantRef;
use rolecall_model::catalog::{Catalog, CatalogAdministrator};
use rolecall_model::command::SubjectRef;
use rolecall_model::decide::decide;
use rolecall_model::entry::{Entry, READS};
use rolecall_model::id::{OrganizationId, TokenKey};
use rolecall_model::moment::{Actor, Moment};
use rolecall_model::organization::NewOrganization;
use rolecall_model::policy::BindingRef;
use rolecall_model::provenance::{Source, Terms};
use rolecall_model::refusal::Kind;
use rolecall_model::scope::ScopeRef;
use rolecall_model::token::{NewToken, TokenCommand, TokenKind};
use rolecall_model::user::{NewUser, UserCommand};
use rolecall_model::{Command, Org, Ref, Refusal};
use rolecall_store::{OrganizationKey, OrganizationRow, Record, Row};
use std::sync::Arc;

/// The shortest token an administrator may choose.
pub const SHORTEST_TOKEN: usize = 16;

/// What the first organization and its administrator are.
#[derive(Clone)]
pub struct FirstStart {
    /// The organization's name.
    pub organization: String,
    /// What people call it; empty means as its name.
    pub title: String,
    /// Its catalog.
    pub catalog: Arc<Catalog>,
    /// The administrator's address.
    pub admin_email: Option<String>,
    /// The administrator's password.
    pub admin_password: Option<String>,
    /// A token of one's own choice, 16 characters or more; it belongs to an application with every right.
    pub admin_token: Option<String>,
}

/// What the first start made.
#[derive(Debug)]
pub struct FirstDone {
    /// The organization.
    pub organization: OrganizationId,
    /// A fresh token of the administrator, when none was chosen. Shown once.
    pub token: Option<Secret>,
}

impl Service {
    /// Makes the home organization. There must be none.
    ///
    /// # Errors
    /// What is wrong with the names, the address, the password or the token; `NotNow` when there is
    /// an organization already.
    pub async fn first_start(&self, start: FirstStart) -> Result<FirstDone, Error> {
        if self.home().is_some() {
            return Err(Refusal::new(Kind::NotNow, "", "the installation has its organization already").into());
        }
        let service = self.clone();
        crate::execute::to_the_end(async move {
            let done = service.found(&start, None).await?;
            service.forget_setup_key();
            Ok(done)
        })
        .await
    }

    /// The same, for who knows the key of the set-up page. The key counts once.
    ///
    /// # Errors
    /// `Unauthenticated` when the key is another; then as [`Service::first_start`].
    pub async fn set_up(&self, key: &str, start: FirstStart) -> Result<FirstDone, Error> {
        use subtle::ConstantTimeEq;
        let expected = self.setup_key();
        let right = expected.is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(key.as_bytes())));
        if !right {
            let why = "this set-up link is not valid, or no longer; the server's log has the valid one";
            return Err(Error::Unauthenticated(why.to_owned()));
        }
        self.first_start(start).await
    }

    /// Makes an organization with an administrator, in one transaction: the home organization, or
    /// another one for an administrator of that.
    pub(crate) async fn found(&self, start: &FirstStart, by: Option<&Ctx>) -> Result<FirstDone, Error> {
        if self.row_named(&start.organization).is_some() {
            return Err(Refusal::taken("name", "organization", &start.organization).into());
        }
        let home = by.is_none();
        let mut making = Making::new(self, start, by).await?;
        let id = making.id;
        making.organization(start)?;
        let token = making.administrator(start)?;
        let Some(name) = making.org.settings().map(|settings| settings.name.to_string()) else {
            return Err(Error::Damaged("a founded organization has no settings".to_owned()));
        };
        let row =
            OrganizationRow { key: OrganizationKey(id.bytes()), name, home, created_at: making.org.at().micros() };
        match self.store().found(&row, &making.records, making.rows).await {
            Err(rolecall_store::StoreError::Taken(what)) => {
                let message = format!("an organization with this {what} is already there");
                return Err(Refusal::new(Kind::Taken, "name", message).into());
            }
            other => other?,
        }
        self.add_organization(row);
        Ok(FirstDone { organization: id, token })
    }
}

/// An organization being made: entries and rows to be written at once.
struct Making {
    id: OrganizationId,
    org: Org,
    now: rolecall_model::Timestamp,
    hash: [u8; 32],
    records: Vec<Record>,
    rows: Vec<Row>,
    password: Option<String>,
    origin: Origin,
}

impl Making {
    async fn new(service: &Service, start: &FirstStart, by: Option<&Ctx>) -> Result<Self, Error> {
        let password = match &start.admin_password {
            Some(password) => {
                let about: Vec<&str> = start.admin_email.as_deref().into_iter().collect();
                password::require_good(password, &about, "admin_password")?;
                Some(password::hash(password.clone()).await?)
            }
            None => None,
        };
        let mut bits = [0; 16];
        bits.copy_from_slice(&random()?[..16]);
        let origin = match by {
            Some(ctx) => Origin { actor: Actor::Home, facade: ctx.facade, request: ctx.request_id().to_owned() },
            None => Origin { actor: Actor::System, facade: "first start", request: String::new() },
        };
        let (id, now) = (OrganizationId::from_bytes(bits), service.now());
        Ok(Making {
            id,
            org: Org::empty(),
            now,
            hash: [0; 32],
            records: Vec::new(),
            rows: Vec::new(),
            password,
            origin,
        })
    }

    fn organization(&mut self, start: &FirstStart) -> Result<(), Error> {
        start.catalog.check().map_err(|fault| Refusal::invalid("catalog", fault.to_string()))?;
        let (name, title) = (start.organization.clone(), start.title.clone());
        let catalog = Arc::clone(&start.catalog);
        self.entry(Command::Found(Box::new(NewOrganization { id: self.id, name, title, catalog })))
    }

    /// Makes the user, the application and the token that were asked for. Somebody can always sign in
    /// afterwards: who chose no token gets a fresh one.
    fn administrator(&mut self, start: &FirstStart) -> Result<Option<Secret>, Error> {
        let grant = administrator_grant(&start.catalog)?;
        let mut commands = Vec::new();
        if let Some(email) = &start.admin_email {
            commands.push(Command::User(UserCommand::Create(NewUser {
                email: Some(email.clone()),
                grants: vec![grant.clone()],
                terms: Terms::of(Source::Manual),
                password: self.password.is_some(),
                ..NewUser::default()
            })));
        } else if self.password.is_some() {
            return Err(Refusal::invalid("admin_email", "a password needs the address of whose it is").into());
        }
        let (secret, subject) = match (&start.admin_token, &start.admin_email) {
            (None, Some(email)) => (Secret::generate()?, SubjectRef::User(email.trim().into())),
            (token, _) => {
                commands.push(Command::Application(ApplicationCommand::Create(NewApplication {
                    name: "Administrator".to_owned(),
                    description: "Made at the first start, with every right".to_owned(),
                    grants: vec![grant],
                    terms: Terms::of(Source::Manual),
                    ..NewApplication::default()
                })));
                (chosen_or_fresh(token.as_deref())?, SubjectRef::Application("administrator".into()))
            }
        };
        let mut bits = [0; 16];
        bits.copy_from_slice(&random()?[..16]);
        let key = TokenKey::from_bytes(bits);
        let (name, scope) = ("first administrator".to_owned(), ScopeRef::ORGANIZATION);
        commands.push(Command::Token(TokenCommand::Issue(NewToken {
            key,
            name,
            subject,
            scope,
            actions: None,
            until: None,
            kind: TokenKind::Personal,
            client: None,
        })));
        self.rows.push(Row::Secret {
            kind: credential::TOKEN,
            key: key.bytes(),
            hash: Some(secret.hash()),
            data: None,
        });
        self.entry(Command::Batch(commands))?;
        self.keep_password(start)?;
        Ok(start.admin_token.is_none().then_some(secret))
    }

    fn keep_password(&mut self, start: &FirstStart) -> Result<(), Error> {
        let user = start.admin_email.as_deref().and_then(|email| self.org.find_principal(email.trim()));
        if let (Some((_, user)), Some(hash)) = (user, &self.password) {
            let kept = password::Kept { current: hash.clone(), before: Vec::new() };
            self.rows.push(kept.row(user.subject)?);
        }
        Ok(())
    }

    fn entry(&mut self, command: Command) -> Result<(), Error> {
        let moment = Moment::new(self.now, self.origin.actor, random()?);
        let decision = decide(&self.org, command, &moment)?;
        let entry = Entry {
            revision: decision.stamp.revision,
            at: decision.stamp.at,
            actor: decision.stamp.actor,
            facade: self.origin.facade.into(),
            request: self.origin.request.as_str().into(),
            idempotency: None,
            reads: READS,
            changes: decision.changes,
        };
        let record = record(&entry, &self.hash)?;
        self.hash = record.hash;
        self.records.push(record);
        self.org = decision.org;
        Ok(())
    }
}

/// What the catalog says makes an administrator.
pub(crate) fn administrator_grant(catalog: &Catalog) -> Result<GrantRef, Error> {
    match &catalog.administrator {
        Some(CatalogAdministrator::Policy(name)) => Ok(GrantRef::Policy(Ref::Name(name.clone()))),
        Some(CatalogAdministrator::Role(name)) => {
            let (role, scope) = (Ref::Name(name.clone()), ScopeRef::ORGANIZATION);
            Ok(GrantRef::Role(BindingRef { role, scope }))
        }
        None => Err(Refusal::invalid("catalog", "the catalog does not say what makes an administrator").into()),
    }
}

fn chosen_or_fresh(token: Option<&str>) -> Result<Secret, Error> {
    let Some(token) = token else { return Secret::generate() };
    if token.chars().count() < SHORTEST_TOKEN || token.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let message = format!("the administrator's token must have {SHORTEST_TOKEN} or more characters and no spaces");
        return Err(Refusal::invalid("admin_token", message).into());
    }
    if crate::secret::is_mistyped(token) {
        let message = "the administrator's token begins like one of ours but its checksum is wrong; copy it whole or choose another";
        return Err(Refusal::invalid("admin_token", message).into());
    }
    Ok(Secret::chosen(token.to_owned()))
}
