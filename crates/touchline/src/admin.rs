//! Tenants and credentials from the command line, over the same use cases as the APIs.

use clap::Subcommand;
use touchline::{config::Settings, out, server};
use touchline_app::{
    App,
    credentials::{CreatedCredential, NewCredential},
    people::{LoginView, NewLogin},
    tenants::{NewTenant, SERVER},
};
use touchline_model::{Ability, Caller, Role, TenantId, User};

#[derive(Subcommand)]
pub(crate) enum TenantCommand {
    /// Make a tenant and a native token for it.
    Create {
        /// Short name: lower-case letters, digits, `-`.
        id: String,
        /// Name for people [default: the short name].
        #[arg(long)]
        name: Option<String>,
    },
    /// List the tenants.
    List,
}

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a credential; its secret is shown this once.
    Create {
        /// `native`, `c360` or `gladly`.
        #[arg(long, default_value = "native")]
        dialect: String,
        /// The tenant. Leave it out together with --operator.
        #[arg(long)]
        tenant: Option<String>,
        /// An operator's native token: may make tenants, sees none of their data.
        #[arg(long)]
        operator: bool,
        /// Name for people.
        #[arg(long, default_value = "made on the command line")]
        name: String,
        /// For c360: the user id; for gladly: the e-mail address [default: made].
        #[arg(long)]
        login: Option<String>,
        /// For c360: may delete calls.
        #[arg(long)]
        can_delete: bool,
    },
    /// List the credentials of a tenant, without secrets.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
    /// Revoke a credential for good.
    Revoke {
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// Id of the credential.
        id: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Let a person sign in who cannot yet; the password is shown this once.
    Add {
        /// E-mail address. A person who is not in the directory yet is put there.
        email: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
        /// administrator, manager, coach, analyst or agent.
        #[arg(long, default_value = "administrator")]
        role: String,
    },
    /// Give somebody who can sign in a new password, shown this once; ends their sessions.
    Password {
        /// E-mail address to sign in with.
        email: String,
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
    /// List who may sign in.
    List {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum ReportsCommand {
    /// Work out everything that is kept for reports anew, from the events. Reports stay right meanwhile.
    Rebuild {
        /// The tenant.
        #[arg(long)]
        tenant: String,
    },
}

pub(crate) async fn reports(settings: &Settings, what: ReportsCommand) -> Result<(), String> {
    let app = server::open_existing(&settings.config).await?;
    let ReportsCommand::Rebuild { tenant } = what;
    known(&app, &tenant).await?;
    let families = app.rebuild_reports(&caller(&tenant)).await.map_err(text)?;
    out::say(format_args!("Worked out anew: {families} groups of contacts that belong together."))?;
    app.store().close().await;
    Ok(())
}

fn caller(tenant: &str) -> Caller {
    Caller::system(TenantId(tenant.to_owned()), "cli")
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) async fn tenant(settings: &Settings, what: TenantCommand) -> Result<(), String> {
    let app = match what {
        // A folder may begin with its first tenant.
        TenantCommand::Create { .. } => server::open(&settings.config).await?,
        TenantCommand::List => server::open_existing(&settings.config).await?,
    };
    match what {
        TenantCommand::Create { id, name } => {
            let name = name.unwrap_or_else(|| id.clone());
            let tenant = app.create_tenant(&caller(SERVER), NewTenant { id, name }).await.map_err(text)?;
            let new = native("first token", None);
            let made = app.create_credential(&caller(tenant.id.as_str()), new).await.map_err(text)?;
            out::say(format_args!(
                "Tenant `{}` is ready. Its native token, shown this once:\n{}",
                tenant.id, made.secret
            ))?;
        }
        TenantCommand::List => {
            for tenant in app.tenants(&caller(SERVER)).await.map_err(text)? {
                out::say(format_args!("{}\t{}\t{}", tenant.id, tenant.created_at, tenant.name))?;
            }
        }
    }
    app.store().close().await;
    Ok(())
}

/// What clients of a dialect call what they sign in with: the name, if there is one, and the secret.
fn words_of(dialect: &str) -> (Option<&'static str>, &'static str) {
    match dialect {
        "c360" => (Some("user id"), "password"),
        "gladly" => (Some("e-mail"), "API token"),
        _ => (None, "token"),
    }
}

fn native(name: &str, abilities: Option<std::collections::BTreeSet<Ability>>) -> NewCredential {
    let (dialect, name) = ("native".to_owned(), name.to_owned());
    NewCredential { dialect, name, login: None, secret: None, abilities, can_delete: false }
}

pub(crate) async fn key(settings: &Settings, what: KeyCommand) -> Result<(), String> {
    let app = match what {
        // An operator makes the first tenant.
        KeyCommand::Create { operator: true, .. } => server::open(&settings.config).await?,
        _ => server::open_existing(&settings.config).await?,
    };
    match what {
        KeyCommand::Create { dialect, tenant, operator, name, login, can_delete } => {
            let made = match (tenant, operator) {
                (Some(tenant), false) => {
                    known(&app, &tenant).await?;
                    let new = NewCredential { dialect, login, can_delete, ..native(&name, None) };
                    app.create_credential(&caller(&tenant), new).await.map_err(text)?
                }
                (None, true) => {
                    let abilities = [Ability::Operate, Ability::ManageCredentials].into();
                    app.create_credential(&caller(SERVER), native(&name, Some(abilities)))
                        .await
                        .map_err(text)?
                }
                _ => return Err("give either --tenant NAME or --operator".to_owned()),
            };
            let CreatedCredential { credential, secret } = made;
            let (login, what) = words_of(&credential.dialect);
            out::say(format_args!("{:<14}{}", "id", credential.id))?;
            if let Some(login) = login {
                out::say(format_args!("{login:<14}{}", credential.login))?;
            }
            out::say(format_args!("{what:<14}{secret}\nThe {what} is shown this once."))?;
        }
        KeyCommand::List { tenant } => {
            known(&app, &tenant).await?;
            for it in app.credentials(&caller(&tenant), None, usize::MAX >> 1).await.map_err(text)? {
                let state = it.revoked_at.map_or_else(|| "in force".to_owned(), |at| format!("revoked {at}"));
                out::say(format_args!("{}\t{}\t{}\t{}\t{state}", it.id, it.dialect, it.login, it.name))?;
            }
        }
        KeyCommand::Revoke { tenant, id } => {
            app.revoke_credential(&caller(&tenant), &id).await.map_err(text)?;
            out::say("Revoked.")?;
        }
    }
    app.store().close().await;
    Ok(())
}

pub(crate) async fn user(settings: &Settings, what: UserCommand) -> Result<(), String> {
    let app = server::open_existing(&settings.config).await?;
    match what {
        UserCommand::Add { email, tenant, role } => {
            known(&app, &tenant).await?;
            let role: Role = role.parse().map_err(|()| format!("there is no role `{role}`"))?;
            let caller = caller(&tenant);
            let logins = app.logins(&caller).await.map_err(text)?;
            let mut people = app.all::<User>(&caller).await.map_err(text)?;
            people.retain(|it| same(&it.email, &email));
            // Of several with one address, whoever works here.
            people.sort_by_key(|it| !it.active);
            let there = |it: &&LoginView| {
                same(&it.email, &email) || people.first().is_some_and(|person| person.id.as_str() == it.user)
            };
            if let Some(there) = logins.iter().find(there) {
                return Err(format!(
                    "`{}` has a log-in already, as {}; `touchline user password {} --tenant {tenant}` gives a new \
                     password",
                    there.email, there.role, there.email
                ));
            }
            let id = match people.into_iter().next() {
                Some(person) => person.id.0,
                None => {
                    let new = User { email: email.clone(), active: true, ..User::default() };
                    app.put_one(&caller, new).await.map_err(text)?.id
                }
            };
            let new = NewLogin { user: id, role, password: None, reset: true };
            give(&app, &caller, new, &email).await?;
        }
        UserCommand::Password { email, tenant } => {
            known(&app, &tenant).await?;
            let caller = caller(&tenant);
            let logins = app.logins(&caller).await.map_err(text)?;
            let Some(there) = logins.into_iter().find(|it| same(&it.email, &email)) else {
                return Err(format!(
                    "nobody signs in with `{email}`; `touchline user add` lets people sign in"
                ));
            };
            let new = NewLogin { user: there.user, role: there.role, password: None, reset: true };
            give(&app, &caller, new, &there.email).await?;
        }
        UserCommand::List { tenant } => {
            known(&app, &tenant).await?;
            for it in app.logins(&caller(&tenant)).await.map_err(text)? {
                out::say(format_args!("{}\t{}\t{}", it.email, it.role, it.user))?;
            }
        }
    }
    app.store().close().await;
    Ok(())
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Makes a password and shows it.
async fn give(app: &App, caller: &Caller, new: NewLogin, email: &str) -> Result<(), String> {
    let role = new.role;
    let password = app.put_login(caller, new).await.map_err(text)?.unwrap_or_default();
    out::say(format_args!(
        "role      {role}\ne-mail    {email}\npassword  {password}\nThe password is shown this once."
    ))?;
    Ok(())
}

async fn known(app: &App, tenant: &str) -> Result<(), String> {
    let tenants = app.tenants(&caller(SERVER)).await.map_err(text)?;
    match tenants.iter().any(|it| it.id.as_str() == tenant) {
        true => Ok(()),
        false => Err(format!("there is no tenant `{tenant}`")),
    }
}
