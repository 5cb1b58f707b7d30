//! Signing in with e-mail address and password, or as whom an identity provider has proved.

use super::email_key;
use crate::{App, AppError, credentials::sha256_hex, entropy};
use touchline_model::{Caller, Role, TenantId, Timestamp, UserId, validate};
use touchline_store::{AuditNote, Batch, Login, WebSession};

/// Wrong passwords in a row before the log-in begins to rest.
const FREE_FAILURES: i64 = 4;
/// Longest rest, in seconds.
const LONGEST_REST: i64 = 900;
/// A session ends at the latest after this many seconds.
const SESSION_SECS: i64 = 14 * 86_400;
/// An argon2id string that nothing fits, so that an unknown address costs as much as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dG91Y2hsaW5lLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A session that has begun.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What the cookie holds; shown to nobody else and kept only as a hash.
    pub token: String,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
    /// Whose.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// What the person may do.
    pub role: Role,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No such address, a wrong password, or a person who has left: which one stays unsaid.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// Too many wrong passwords for an address, whether it opens anything or not.
    #[error("too many wrong passwords; try again later")]
    Resting {
        /// When the next password is looked at.
        until: Timestamp,
    },
    /// It could not be looked up.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<touchline_store::StoreError> for SignInError {
    fn from(error: touchline_store::StoreError) -> Self {
        Self::App(error.into())
    }
}

impl App {
    /// Begins a session for whoever knows the password. After four wrong ones in a row the log-in rests 1 s, then 2 s,
    /// 4 s and so on, at most 15 minutes; meanwhile no password is looked at, however many are sent at once.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        source: &str,
        browser: &str,
    ) -> Result<SignedIn, SignInError> {
        let email = email_key(email);
        let odd = email.contains('\0') || email.len() > validate::MAX_ID || password.len() > 4_000;
        let login = if odd { None } else { self.store.login_by_email(&email).await? };
        let Some(login) = login else {
            if !odd {
                let attempt = self.strangers.attempt(&email, self.clock.now(), rest_after);
                attempt.map_err(|until| SignInError::Resting { until })?;
            }
            self.secret_fits(NOBODY, password).await;
            return Err(SignInError::Wrong);
        };
        let login = self.begin_attempt(login).await?;
        let fits = self.secret_fits(login.password.as_deref().unwrap_or(NOBODY), password).await;
        let user = self.store.get::<touchline_model::User>(&login.tenant, login.user.as_str()).await?;
        if !fits || !user.is_some_and(|it| it.value.active) {
            return Err(self.refused(&login, source).await?);
        }
        self.begin_session(login, source, browser, "password").await
    }

    /// Counts an attempt, and from the fifth on lets the log-in rest. This is done before the password is looked at,
    /// because looking is slow: whoever sends a thousand at once would otherwise have all of them looked at before the
    /// first is found wrong. The right one wipes it out.
    pub(super) async fn begin_attempt(&self, mut login: Login) -> Result<Login, SignInError> {
        let (tenant, user) = (login.tenant.clone(), login.user.clone());
        loop {
            let now = self.clock.now();
            if let Some(until) = login.locked_until.filter(|until| now < *until) {
                return Err(SignInError::Resting { until });
            }
            let attempts = login.failures + 1;
            let rests_until = rest_after(attempts).map(|secs| now.plus_secs(secs));
            if self.store.count_attempt(&login, rests_until, now).await? {
                return Ok(Login { failures: attempts, ..login });
            }
            // Somebody else was faster. Each time around one more has been counted, so a rest begins soon.
            login = self.store.login(&tenant, user.as_str()).await?.ok_or(SignInError::Wrong)?;
        }
    }

    /// Writes a wrong password down.
    async fn refused(&self, login: &Login, source: &str) -> Result<SignInError, SignInError> {
        let mut batch = Batch::new(&login.tenant);
        let passwords = if login.failures == 1 { "password" } else { "passwords in a row" };
        let about = format!("{} wrong {passwords}", login.failures);
        batch.audit(AuditNote::new(&person(login, source), "session.refuse", login.user.as_str(), about));
        self.store.apply(batch).await?;
        Ok(SignInError::Wrong)
    }

    /// Begins a session for a person who was proved to be who they say.
    pub(crate) async fn begin_session(
        &self,
        login: Login,
        source: &str,
        browser: &str,
        how: &str,
    ) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        let token = entropy::new_secret(&*self.entropy);
        let session = WebSession {
            tenant: login.tenant.clone(),
            id: entropy::new_id(&*self.entropy, now),
            token: sha256_hex(&token),
            user: login.user.clone(),
            created_at: now,
            seen_at: now,
            expires_at: now.plus_secs(SESSION_SECS),
            source: source.to_owned(),
            browser: browser.chars().filter(|c| !c.is_control()).take(300).collect(),
        };
        let mut batch = Batch::new(&login.tenant);
        batch.put_web_session(&session).forgive_login(login.user.as_str()).audit(AuditNote::new(
            &person(&login, source),
            "session.begin",
            &*session.id,
            how,
        ));
        self.store.apply(batch).await?;
        let Login { tenant, user, role, .. } = login;
        Ok(SignedIn { token, expires_at: session.expires_at, tenant, user, role })
    }
}

/// For how many seconds a log-in rests after so many attempts in a row.
fn rest_after(attempts: i64) -> Option<i64> {
    let beyond = attempts - FREE_FAILURES - 1;
    (beyond >= 0).then(|| (1_i64 << beyond.min(20)).min(LONGEST_REST))
}

/// The person as the audit trail names them.
pub(super) fn person(login: &Login, source: &str) -> Caller {
    Caller {
        tenant: login.tenant.clone(),
        actor: format!("user:{}", login.user),
        user: Some(login.user.clone()),
        own_only: login.role.own_only(),
        abilities: login.role.abilities(),
        source: source.to_owned(),
    }
}
