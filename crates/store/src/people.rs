//! Log-ins and sessions of people in the pages.

use crate::{BadRow, Batch, Row, Store, StoreError, Value};
use touchline_model::{Role, TenantId, Timestamp, UserId};

/// How a person signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Whose.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// E-mail address in lower case; unique on the server.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// argon2id string; without one only the identity provider lets this person in.
    pub password: Option<String>,
    /// Passwords that were looked at since the last right one.
    pub failures: i64,
    /// Until when no password is looked at.
    pub locked_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSession {
    /// Whose.
    pub tenant: TenantId,
    /// Its id, which is no secret.
    pub id: String,
    /// SHA-256 (hex) of what the cookie holds.
    pub token: String,
    /// Who.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to about five minutes.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Address at sign-in.
    pub source: String,
    /// What the browser says it is.
    pub browser: String,
}

/// A session with what decides about its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// The session.
    pub session: WebSession,
    /// The person's role now.
    pub role: Role,
    /// Whether the person still works here.
    pub active: bool,
}

macro_rules! login_columns {
    () => {
        "tenant, user_id, email, role, password, failures, locked_until, created_at"
    };
}
macro_rules! session_columns {
    () => {
        "s.tenant, s.id, s.token, s.user_id, s.created_at, s.seen_at, s.expires_at, s.source, s.browser"
    };
}

const PUT_LOGIN: &str = concat!(
    "INSERT INTO logins (",
    login_columns!(),
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, user_id) DO UPDATE SET email = excluded.email, \
     role = excluded.role, password = COALESCE(excluded.password, logins.password), \
     failures = excluded.failures, locked_until = excluded.locked_until"
);
const DELETE_LOGIN: &str = "DELETE FROM logins WHERE tenant = ? AND user_id = ?";
const BY_EMAIL: &str = concat!("SELECT ", login_columns!(), " FROM logins WHERE email = ?");
const BY_USER: &str = concat!("SELECT ", login_columns!(), " FROM logins WHERE tenant = ? AND user_id = ?");
const LOGINS: &str = concat!("SELECT ", login_columns!(), " FROM logins WHERE tenant = ? ORDER BY email");
const ANY_LOGIN: &str = "SELECT 1 FROM logins LIMIT 1";
// From the count that was read: of two guesses at once, one has to look again.
const ATTEMPT: &str = "UPDATE logins SET failures = failures + 1, locked_until = ? WHERE tenant = ? AND user_id = ? \
     AND failures = ? AND (locked_until IS NULL OR locked_until <= ?) RETURNING failures";
const SET_PASSWORD: &str = "UPDATE logins SET password = ?, failures = 0, locked_until = NULL WHERE tenant = ? \
     AND user_id = ? AND password = ?";
const FORGIVE: &str = "UPDATE logins SET failures = 0, locked_until = NULL WHERE tenant = ? AND user_id = ?";

const PUT_SESSION: &str = "INSERT INTO web_sessions (tenant, id, token, user_id, created_at, seen_at, expires_at, \
     source, browser) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const OPEN_SESSION: &str = concat!(
    "SELECT ",
    session_columns!(),
    ", l.role, u.active FROM web_sessions s \
     JOIN logins l ON l.tenant = s.tenant AND l.user_id = s.user_id \
     JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id WHERE s.token = ?"
);
const SESSIONS: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM web_sessions s WHERE s.tenant = ? AND s.user_id = ? ORDER BY s.seen_at DESC, s.id"
);
const SEEN: &str = "UPDATE web_sessions SET seen_at = ? WHERE tenant = ? AND id = ?";
const END_SESSION: &str = "DELETE FROM web_sessions WHERE tenant = ? AND user_id = ? AND id = ?";
const END_OTHERS: &str = "DELETE FROM web_sessions WHERE tenant = ? AND user_id = ? AND id <> ?";
const FORGET_SESSIONS: &str = "DELETE FROM web_sessions WHERE tenant = ? AND (expires_at < ? OR seen_at < ?)";

fn login(row: &Row<'_>) -> Result<Login, BadRow> {
    Ok(Login {
        tenant: row.string(0)?.into(),
        user: row.string(1)?.into(),
        email: row.string(2)?,
        role: row.parse(3)?,
        password: row.maybe_string(4)?,
        failures: row.int(5)?,
        locked_until: row.maybe_time(6)?,
        created_at: row.time(7)?,
    })
}

fn session(row: &Row<'_>) -> Result<WebSession, BadRow> {
    Ok(WebSession {
        tenant: row.string(0)?.into(),
        id: row.string(1)?,
        token: row.string(2)?,
        user: row.string(3)?.into(),
        created_at: row.time(4)?,
        seen_at: row.time(5)?,
        expires_at: row.time(6)?,
        source: row.string(7)?,
        browser: row.string(8)?,
    })
}

impl Batch {
    /// Creates or replaces a log-in; one that says no password keeps what it has. A conflict means that its e-mail
    /// address is taken.
    pub fn put_login(&mut self, it: &Login) -> &mut Self {
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            it.user.as_str().into(),
            (&it.email).into(),
            it.role.name().into(),
            it.password.as_ref().into(),
            it.failures.into(),
            it.locked_until.into(),
            it.created_at.into(),
        ];
        self.run(PUT_LOGIN, params)
    }

    /// Removes a log-in, which must exist, and ends its sessions.
    pub fn delete_login(&mut self, user: &str) -> &mut Self {
        self.run(DELETE_LOGIN, vec![Value::Text(self.tenant.0.clone()), user.into()]).expect(1);
        self.end_other_sessions(user, "")
    }

    /// Removes the log-in of a person who is no more, if there is one, and ends its sessions.
    pub(crate) fn forget_login(&mut self, user: &str) {
        self.run(DELETE_LOGIN, vec![Value::Text(self.tenant.0.clone()), user.into()]);
        self.end_other_sessions(user, "");
    }

    /// Replaces a password, and nothing else that somebody may be changing now. A conflict means that it is not `before`
    /// any more.
    pub fn change_password(&mut self, user: &str, before: &str, now: &str) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        self.run(SET_PASSWORD, vec![now.into(), tenant, user.into(), before.into()]).expect(1)
    }

    /// Begins a session.
    pub fn put_web_session(&mut self, it: &WebSession) -> &mut Self {
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            (&it.id).into(),
            (&it.token).into(),
            it.user.as_str().into(),
            it.created_at.into(),
            it.seen_at.into(),
            it.expires_at.into(),
            (&it.source).into(),
            (&it.browser).into(),
        ];
        self.run(PUT_SESSION, params)
    }

    /// Ends one session of a person.
    pub fn end_session(&mut self, user: &str, id: &str) -> &mut Self {
        self.run(END_SESSION, vec![Value::Text(self.tenant.0.clone()), user.into(), id.into()])
    }

    /// Ends all sessions of a person but one.
    pub fn end_other_sessions(&mut self, user: &str, but: &str) -> &mut Self {
        self.run(END_OTHERS, vec![Value::Text(self.tenant.0.clone()), user.into(), but.into()])
    }

    /// Forgets sessions that are over: past their end, or not used since an instant.
    pub fn forget_web_sessions(&mut self, now: Timestamp, unused_since: Timestamp) -> &mut Self {
        self.run(FORGET_SESSIONS, vec![Value::Text(self.tenant.0.clone()), now.into(), unused_since.into()])
    }

    /// Forgets wrong passwords.
    pub fn forgive_login(&mut self, user: &str) -> &mut Self {
        self.run(FORGIVE, vec![Value::Text(self.tenant.0.clone()), user.into()])
    }
}

impl Store {
    /// The log-in with an e-mail address, in lower case.
    pub async fn login_by_email(&self, email: &str) -> Result<Option<Login>, StoreError> {
        self.first(BY_EMAIL, vec![email.into()], login).await
    }

    /// The log-in of a person.
    pub async fn login(&self, tenant: &TenantId, user: &str) -> Result<Option<Login>, StoreError> {
        self.first(BY_USER, vec![tenant.as_str().into(), user.into()], login).await
    }

    /// Every log-in of a tenant, by e-mail address.
    pub async fn logins(&self, tenant: &TenantId) -> Result<Vec<Login>, StoreError> {
        self.query(LOGINS, vec![tenant.as_str().into()], login).await
    }

    /// Whether anybody can sign in to this server.
    pub async fn any_login(&self) -> Result<bool, StoreError> {
        Ok(self.first(ANY_LOGIN, vec![], |_| Ok(())).await?.is_some())
    }

    /// Counts a password that is about to be looked at, and lets the log-in rest until an instant, if one is given. False:
    /// the log-in rests already, or is not any more as it was read.
    pub async fn count_attempt(
        &self,
        login: &Login,
        rests_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let params = vec![
            rests_until.into(),
            login.tenant.as_str().into(),
            login.user.as_str().into(),
            login.failures.into(),
            now.into(),
        ];
        Ok(!self.write_returning(ATTEMPT, params, |_| Ok(())).await?.is_empty())
    }

    /// The session whose cookie hashes to `token`, with the person's role.
    pub async fn open_session(&self, token: &str) -> Result<Option<OpenSession>, StoreError> {
        self.first(OPEN_SESSION, vec![token.into()], |row| {
            Ok(OpenSession { session: session(row)?, role: row.parse(9)?, active: row.flag(10)? })
        })
        .await
    }

    /// A person's sessions, the last used first.
    pub async fn web_sessions(&self, tenant: &TenantId, user: &str) -> Result<Vec<WebSession>, StoreError> {
        self.query(SESSIONS, vec![tenant.as_str().into(), user.into()], session).await
    }

    /// Notes that a session is in use.
    pub async fn session_seen(&self, tenant: &TenantId, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut batch = Batch::new(tenant);
        batch.run(SEEN, vec![at.into(), tenant.as_str().into(), id.into()]);
        self.apply(batch).await.map(|_| ())
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    PUT_LOGIN,
    DELETE_LOGIN,
    BY_EMAIL,
    BY_USER,
    LOGINS,
    ANY_LOGIN,
    ATTEMPT,
    SET_PASSWORD,
    FORGIVE,
    PUT_SESSION,
    OPEN_SESSION,
    SESSIONS,
    SEEN,
    END_SESSION,
    END_OTHERS,
    FORGET_SESSIONS,
];
