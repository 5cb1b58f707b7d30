//! Who may sign in, as what: given and taken by an administrator.

use super::{check_password, directory::called, email_key, hash};
use crate::{App, AppError, entropy, require};
use touchline_model::{Ability, Caller, Invalid, Kind, Role, Timestamp, User};
use touchline_store::{AuditNote, Batch, Login, StoreError};

/// A log-in to be given or changed.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// Who; must be in the directory.
    pub user: String,
    /// What the person may do.
    pub role: Role,
    /// A password of one's own choice; `None`: one is made for a new log-in, and an old log-in keeps its own.
    pub password: Option<String>,
    /// Makes a new password for an old log-in.
    pub reset: bool,
}

/// A log-in as it may be shown.
#[derive(Clone, Debug)]
pub struct LoginView {
    /// Who.
    pub user: String,
    /// The e-mail address to sign in with.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Whether there is a password, or only the identity provider.
    pub has_password: bool,
    /// When no password is looked at before.
    pub locked_until: Option<Timestamp>,
}

impl App {
    /// Every log-in of the tenant, by e-mail address.
    pub async fn logins(&self, caller: &Caller) -> Result<Vec<LoginView>, AppError> {
        require(caller, Ability::ManageCredentials)?;
        let logins = self.store.logins(&caller.tenant).await?;
        let view = |it: Login| LoginView {
            user: it.user.0,
            email: it.email,
            role: it.role,
            has_password: it.password.is_some(),
            locked_until: it.locked_until,
        };
        Ok(logins.into_iter().map(view).collect())
    }

    /// Gives a person a log-in, or changes it; the new password if one was made or chosen. A changed password or role
    /// ends the person's sessions.
    pub async fn put_login(&self, caller: &Caller, new: NewLogin) -> Result<Option<String>, AppError> {
        require(caller, Ability::ManageCredentials)?;
        // Nobody hands out more than they have.
        if let Some(missing) = new.role.abilities().into_iter().find(|it| !caller.may(*it)) {
            return Err(AppError::NotAllowed(missing));
        }
        let missing = || AppError::NotFound { kind: Kind::User, id: new.user.clone() };
        let user = self.store.get::<User>(&caller.tenant, &new.user).await?.ok_or_else(missing)?.value;
        let email = email_key(&user.email);
        if !email.contains('@') {
            return Err(Invalid::new("email", "the person needs an e-mail address to sign in with").into());
        }
        self.free_address(caller, &user, &email).await?;
        let before = self.store.login(&caller.tenant, &new.user).await?;
        if before.as_ref().is_some_and(|it| it.role == Role::Administrator) && new.role != Role::Administrator
        {
            self.keep_an_administrator(caller, &new.user).await?;
        }
        let chosen = match new.password {
            Some(password) => {
                check_password("password", &password, &email)?;
                Some(password)
            }
            None if before.is_none() || new.reset => {
                Some(entropy::new_secret(&*self.entropy)[..20].to_owned())
            }
            None => None,
        };
        let login = Login {
            tenant: caller.tenant.clone(),
            user: user.id.clone(),
            email,
            role: new.role,
            password: match &chosen {
                Some(password) => Some(hash(password.clone()).await?),
                None => None,
            },
            failures: 0,
            locked_until: None,
            created_at: before.as_ref().map_or_else(|| self.clock.now(), |it| it.created_at),
        };
        let mut batch = Batch::new(&caller.tenant);
        batch.put_login(&login);
        if chosen.is_some() || before.is_some_and(|it| it.role != login.role) {
            batch.end_other_sessions(user.id.as_str(), "");
        }
        let about = format!("{}{}", login.role, if chosen.is_some() { ", new password" } else { "" });
        batch.audit(AuditNote::new(caller, "login.put", user.id.as_str(), about));
        self.store.apply(batch).await.map_err(|error| match error {
            StoreError::Conflict => AppError::Conflict(format!(
                "`{}` cannot be used for another log-in on this server",
                login.email
            )),
            other => other.into(),
        })?;
        Ok(chosen)
    }

    /// Takes a person's log-in away, and ends their sessions.
    pub async fn delete_login(&self, caller: &Caller, user: &str) -> Result<(), AppError> {
        require(caller, Ability::ManageCredentials)?;
        let missing = || AppError::NotFound { kind: Kind::User, id: user.to_owned() };
        let login = self.store.login(&caller.tenant, user).await?.ok_or_else(missing)?;
        if login.role == Role::Administrator {
            self.keep_an_administrator(caller, user).await?;
        }
        let mut batch = Batch::new(&caller.tenant);
        batch.delete_login(user).audit(AuditNote::new(caller, "login.delete", user, ""));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Refuses an address with which somebody else of the tenant signs in already, and says who.
    async fn free_address(&self, caller: &Caller, user: &User, email: &str) -> Result<(), AppError> {
        let logins = self.store.logins(&caller.tenant).await?;
        let Some(other) = logins.into_iter().find(|it| it.email == email && it.user != user.id) else {
            return Ok(());
        };
        let person = self.store.get::<User>(&caller.tenant, other.user.as_str()).await?;
        let who = person.map_or_else(|| format!("`{}`", other.user), |it| called(&it.value));
        Err(AppError::Conflict(format!("{who} signs in with `{email}` already")))
    }

    /// Refuses to leave a tenant without anybody who could let others in.
    async fn keep_an_administrator(&self, caller: &Caller, but: &str) -> Result<(), AppError> {
        match self.others_administer(&caller.tenant, &[but]).await? {
            true => Ok(()),
            false => Err(AppError::Conflict("the last administrator must stay one".to_owned())),
        }
    }
}
