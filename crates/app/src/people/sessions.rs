//! Sessions: who a cookie stands for, which browsers are signed in, ending them, changing the password.

use super::{SignInError, check_password, hash};
use crate::{App, AppError, credentials::sha256_hex};
use touchline_model::{Ability, Caller, Invalid, Kind, Role, Timestamp, User};
use touchline_store::{AuditNote, Batch, StoreError};

/// A session that was not used for this many seconds is over.
pub(crate) const IDLE_SECS: i64 = 12 * 3_600;
/// `seen_at` is written when it is older than this many seconds.
const SEEN_SECS: i64 = 300;

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Id, for ending it.
    pub id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to about five minutes.
    pub seen_at: Timestamp,
    /// Address at sign-in.
    pub source: String,
    /// What the browser says it is.
    pub browser: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The person in front of the screen.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Who.
    pub user: User,
    /// E-mail address of the log-in.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Name of the organisation.
    pub organisation: String,
    /// Whether the person has a password here.
    pub has_password: bool,
}

impl Viewer {
    /// The person's name, or the address when nobody wrote the name down.
    pub fn name(&self) -> String {
        let name = format!("{} {}", self.user.first_name, self.user.last_name);
        match name.trim() {
            "" => self.email.clone(),
            name => name.to_owned(),
        }
    }
}

impl App {
    /// Who the holder of a session cookie is; `None` when the session is over, or the person has left.
    pub async fn session(&self, token: &str, source: &str) -> Result<Option<(Caller, String)>, AppError> {
        self.session_used_within(token, source, IDLE_SECS).await
    }

    /// The same for a session that must have been used within so many seconds, at most 12 hours. When it was used is
    /// known to about five minutes, so that it may live by as much longer.
    pub async fn session_used_within(
        &self,
        token: &str,
        source: &str,
        seconds: i64,
    ) -> Result<Option<(Caller, String)>, AppError> {
        let Some(open) = self.store.open_session(&sha256_hex(token)).await? else { return Ok(None) };
        let (session, now) = (open.session, self.clock.now());
        // It may have been used until just before the next time that this would have been written down.
        let unused = seconds.saturating_add(SEEN_SECS).min(IDLE_SECS);
        if !open.active || now >= session.expires_at || now >= session.seen_at.plus_secs(unused) {
            return Ok(None);
        }
        if now >= session.seen_at.plus_secs(SEEN_SECS) {
            // A store that cannot be written now keeps nobody from reading.
            if let Err(error) = self.store.session_seen(&session.tenant, &session.id, now).await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        }
        let caller = Caller {
            actor: format!("user:{}", session.user),
            tenant: session.tenant,
            user: Some(session.user),
            own_only: open.role.own_only(),
            abilities: open.role.abilities(),
            source: source.to_owned(),
        };
        Ok(Some((caller, session.id)))
    }

    /// The person who asks, for the head of each page.
    pub async fn viewer(&self, caller: &Caller) -> Result<Viewer, AppError> {
        let id = caller.user.as_ref().ok_or(AppError::NotAllowed(Ability::ReadContacts))?;
        let missing = || AppError::NotFound { kind: Kind::User, id: id.0.clone() };
        let user = self.store.get::<User>(&caller.tenant, id.as_str()).await?.ok_or_else(missing)?.value;
        let login = self.store.login(&caller.tenant, id.as_str()).await?.ok_or_else(missing)?;
        let tenant = self.store.tenant(&caller.tenant).await?;
        Ok(Viewer {
            user,
            email: login.email,
            role: login.role,
            organisation: tenant.map(|it| it.name).unwrap_or_default(),
            has_password: login.password.is_some(),
        })
    }

    /// The browsers in which the person is signed in, the last used first.
    pub async fn own_sessions(&self, caller: &Caller, current: &str) -> Result<Vec<SessionView>, AppError> {
        let Some(user) = &caller.user else { return Ok(vec![]) };
        let unused = self.clock.now().plus_secs(-IDLE_SECS);
        let all = self.store.web_sessions(&caller.tenant, user.as_str()).await?;
        let open = all.into_iter().filter(|it| it.seen_at > unused && it.expires_at > self.clock.now());
        Ok(open
            .map(|it| SessionView {
                current: it.id == current,
                id: it.id,
                created_at: it.created_at,
                seen_at: it.seen_at,
                source: it.source,
                browser: it.browser,
            })
            .collect())
    }

    /// Ends one of the person's own sessions; one that is over already is no error.
    pub async fn end_session(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        let Some(user) = &caller.user else { return Ok(()) };
        let mut batch = Batch::new(&caller.tenant);
        batch.end_session(user.as_str(), id).audit(AuditNote::new(caller, "session.end", id, ""));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Changes the person's own password, and ends their other sessions. The old one is guessed no faster here than at
    /// the sign-in.
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: &str,
        old: &str,
        new: &str,
    ) -> Result<(), AppError> {
        let user = caller.user.as_ref().ok_or(AppError::NotAllowed(Ability::ReadContacts))?;
        let login = self.store.login(&caller.tenant, user.as_str()).await?;
        let Some(login) = login else {
            return Err(AppError::NotFound { kind: Kind::User, id: user.0.clone() });
        };
        check_password("new_password", new, &login.email)?;
        if new == old {
            return Err(Invalid::new("new_password", "must differ from the old one").into());
        }
        let login = match self.begin_attempt(login).await {
            Ok(login) => login,
            Err(SignInError::App(error)) => return Err(error),
            Err(it) => return Err(Invalid::new("old_password", it.to_string()).into()),
        };
        let known = login.password.as_deref().unwrap_or_default();
        if !self.secret_fits(known, old).await {
            self.note(caller, "login.refuse", user.as_str(), "the old password was wrong").await?;
            return Err(Invalid::new("old_password", "is not your password").into());
        }
        let hashed = hash(new.to_owned()).await?;
        let mut batch = Batch::new(&caller.tenant);
        batch
            .change_password(user.as_str(), known, &hashed)
            .end_other_sessions(user.as_str(), session)
            .audit(AuditNote::new(caller, "login.password", user.as_str(), "by the person"));
        self.store.apply(batch).await.map_err(|error| match error {
            StoreError::Conflict => AppError::Conflict("your log-in was changed meanwhile".to_owned()),
            other => other.into(),
        })?;
        Ok(())
    }
}
