//! Verb, then noun: which nouns each verb takes.

use super::{
    action, application, assignment, environment, group, link, member, policy, project, provider, role, session,
    sign_in, token, user,
};
use crate::failure::Failure;
use crate::session::{Change, Session};
use clap::{Args, Subcommand};

/// `create …`
#[derive(Args, Debug)]
pub struct Create {
    #[command(flatten)]
    pub change: Change,
    #[command(subcommand)]
    noun: CreateNoun,
}

#[derive(Subcommand, Debug)]
enum CreateNoun {
    /// Make a role: a named set of actions
    Role(role::Create),
    /// Make a policy: roles bound to projects and environments
    Policy(policy::Create),
    /// Give somebody a policy, or a role somewhere
    Assignment(assignment::Create),
    /// Add a person
    User(user::Create),
    /// Add an application and get its secret, once
    Application(application::Create),
    /// Make a group of users
    Group(group::Create),
    /// Make a project
    Project(project::Create),
    /// Make an environment (Union: domain)
    Environment(environment::Create),
    /// Make an action that roles can permit
    Action(action::Create),
    /// Issue a token and see it, once
    Token(token::Create),
    /// Let people sign in elsewhere, by OpenID Connect
    Provider(provider::Create),
    /// Give an application one more client secret and see it, once
    Secret(token::CreateSecret),
    /// Invite somebody to choose a password
    Invitation(link::Invitation),
    /// Let somebody choose a new password
    Reset(link::Reset),
    /// Set up the SCIM connection, or give it a new token, and see it, once
    ScimToken,
}

impl Create {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        match self.noun {
            CreateNoun::Role(noun) => noun.run(session).await,
            CreateNoun::Policy(noun) => noun.run(session).await,
            CreateNoun::Assignment(noun) => noun.run(session).await,
            CreateNoun::User(noun) => noun.run(session).await,
            CreateNoun::Application(noun) => noun.run(session).await,
            CreateNoun::Group(noun) => noun.run(session).await,
            CreateNoun::Project(noun) => noun.run(session).await,
            CreateNoun::Environment(noun) => noun.run(session).await,
            CreateNoun::Action(noun) => noun.run(session).await,
            CreateNoun::Token(noun) => noun.run(session).await,
            CreateNoun::Provider(noun) => noun.run(session).await,
            CreateNoun::Secret(noun) => noun.run(session).await,
            CreateNoun::Invitation(noun) => noun.run(session).await,
            CreateNoun::Reset(noun) => noun.run(session).await,
            CreateNoun::ScimToken => sign_in::connect(session).await,
        }
    }
}

/// `get …`
#[derive(Subcommand, Debug)]
pub enum Get {
    /// Roles, or one of them
    Role(role::Get),
    /// Policies, or one of them
    Policy(policy::Get),
    /// Who has been given what
    Assignment(assignment::Get),
    /// People, or one of them
    User(user::Get),
    /// Applications, or one of them
    Application(application::Get),
    /// Users and applications in one list
    Member(member::Get),
    /// Groups, or one with its members
    Group(group::Get),
    /// Projects, or one of them
    Project(project::Get),
    /// Environments (Union: domains) in their order
    Environment(environment::Get),
    /// Actions that roles can permit
    Action(action::Get),
    /// Tokens, without their secret
    Token(token::Get),
    /// Sign-in providers, or one of them
    Provider(provider::Get),
    /// Where people are signed in
    Session(session::Get),
    /// How people sign in
    SignIn,
    /// How the SCIM connection stands
    ScimToken,
}

impl Get {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Get::Role(noun) => noun.run(session).await,
            Get::Policy(noun) => noun.run(session).await,
            Get::Assignment(noun) => noun.run(session).await,
            Get::User(noun) => noun.run(session).await,
            Get::Application(noun) => noun.run(session).await,
            Get::Member(noun) => noun.run(session).await,
            Get::Group(noun) => noun.run(session).await,
            Get::Project(noun) => noun.run(session).await,
            Get::Environment(noun) => noun.run(session).await,
            Get::Action(noun) => noun.run(session).await,
            Get::Token(noun) => noun.run(session).await,
            Get::Provider(noun) => noun.run(session).await,
            Get::Session(noun) => noun.run(session).await,
            Get::SignIn => sign_in::get(session).await,
            Get::ScimToken => sign_in::scim(session).await,
        }
    }
}

/// `update …`
#[derive(Args, Debug)]
pub struct Update {
    #[command(flatten)]
    pub change: Change,
    #[command(subcommand)]
    noun: UpdateNoun,
}

#[derive(Subcommand, Debug)]
enum UpdateNoun {
    /// Open a role in $EDITOR, or change it by flags
    Role(role::Update),
    /// Open a policy in $EDITOR, or change it by flags
    Policy(policy::Update),
    /// Change the terms of an assignment
    Assignment(assignment::Update),
    /// Change, disable or enable a user
    User(user::Update),
    /// Change, disable or enable an application
    Application(application::Update),
    /// Change a group and who is in it
    Group(group::Update),
    /// Change a project's title or description
    Project(project::Update),
    /// Change an environment's title, or the order of all
    Environment(environment::Update),
    /// Change an action's words and what it includes
    Action(action::Update),
    /// Open a sign-in provider in $EDITOR, or change it by flags
    Provider(provider::Update),
    /// Change how people sign in
    SignIn(sign_in::Update),
}

impl Update {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        match self.noun {
            UpdateNoun::Role(noun) => noun.run(session).await,
            UpdateNoun::Policy(noun) => noun.run(session).await,
            UpdateNoun::Assignment(noun) => noun.run(session).await,
            UpdateNoun::User(noun) => noun.run(session).await,
            UpdateNoun::Application(noun) => noun.run(session).await,
            UpdateNoun::Group(noun) => noun.run(session).await,
            UpdateNoun::Project(noun) => noun.run(session).await,
            UpdateNoun::Environment(noun) => noun.run(session).await,
            UpdateNoun::Action(noun) => noun.run(session).await,
            UpdateNoun::Provider(noun) => noun.run(session).await,
            UpdateNoun::SignIn(noun) => noun.run(session).await,
        }
    }
}

/// `delete …`
#[derive(Args, Debug)]
pub struct Delete {
    #[command(flatten)]
    pub change: Change,
    /// Do not ask first
    #[arg(long, short, global = true)]
    yes: bool,
    #[command(subcommand)]
    noun: DeleteNoun,
}

/// What is named by its name or an identifier.
#[derive(Args, Debug)]
pub struct Named {
    /// Which one
    pub name: String,
}

#[derive(Subcommand, Debug)]
enum DeleteNoun {
    /// Delete a role that nothing uses
    #[command(after_help = "Example:\n  rolecall delete role \"Production Runner\"")]
    Role(Named),
    /// Delete a policy that nobody has been given
    #[command(after_help = "Example:\n  rolecall delete policy \"Team Prod Access\"")]
    Policy(Named),
    /// Take a policy or role from somebody
    Assignment(assignment::Delete),
    /// Delete a user and what it holds
    #[command(after_help = "Example:\n  rolecall delete user ada@example.com --yes")]
    User(Named),
    /// Delete an application and what it holds
    #[command(after_help = "Example:\n  rolecall delete application nightly-runner")]
    Application(Named),
    /// Delete a group; its members lose what it gave
    #[command(after_help = "Example:\n  rolecall delete group Checkout --dry-run")]
    Group(Named),
    /// Delete a project and what is given there
    #[command(
        after_help = "Example:\n  rolecall delete project legacy-billing\n\n`rolecall archive project` only hides it."
    )]
    Project(Named),
    /// Delete an environment that nothing uses
    #[command(after_help = "Example:\n  rolecall delete environment canary")]
    Environment(Named),
    /// Delete an action of one's own that nothing uses
    #[command(after_help = "Example:\n  rolecall delete action report.read")]
    Action(Named),
    /// Revoke a token, by its key
    #[command(after_help = "Example:\n  rolecall delete token KEY")]
    Token(Named),
    /// Delete a sign-in provider, the links of users to it and the memberships from it alone
    #[command(after_help = "Example:\n  rolecall delete provider okta --dry-run")]
    Provider(Named),
    /// End a session, or all of somebody
    Session(session::Delete),
    /// Take one-time codes away from somebody who has lost them
    #[command(after_help = "Example:\n  rolecall delete second-factor grace@example.com")]
    SecondFactor(Named),
    /// End the SCIM connection
    ScimToken,
}

impl Delete {
    pub async fn run(self, session: &Session) -> Result<(), Failure> {
        let (noun, Named { name }) = match self.noun {
            DeleteNoun::Assignment(noun) => return noun.run(session, self.yes).await,
            DeleteNoun::Session(noun) => return noun.run(session, self.yes).await,
            DeleteNoun::SecondFactor(Named { name }) => {
                return sign_in::end_second_factor(session, &name, self.yes).await;
            }
            DeleteNoun::ScimToken => return sign_in::disconnect(session, self.yes).await,
            DeleteNoun::Role(named) => (&role::ROLE, named),
            DeleteNoun::Policy(named) => (&policy::POLICY, named),
            DeleteNoun::User(named) => (&user::USER, named),
            DeleteNoun::Application(named) => (&application::APPLICATION, named),
            DeleteNoun::Group(named) => (&group::GROUP, named),
            DeleteNoun::Project(named) => (&project::PROJECT, named),
            DeleteNoun::Environment(named) => (&environment::ENVIRONMENT, named),
            DeleteNoun::Action(named) => (&action::ACTION, named),
            DeleteNoun::Token(named) => (&token::TOKEN, named),
            DeleteNoun::Provider(named) => (&provider::PROVIDER, named),
        };
        noun.delete(session, &name, self.yes).await
    }
}
