//! HTTP sessions: `JSESSIONID` is a session of the person, kept in the store, so that it survives a restart together with
//! its CSRF token, which is made from it (contract §2, bayeux R-2, B32).

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use subtle::ConstantTimeEq;
use touchline_app::{App, AppError, live::board::Command, people::SignInError};
use touchline_http::{
    Refusal, basic_credentials,
    push::{Hub, cookie},
};
use touchline_model::{Caller, TenantId, Timestamp, UserId};

/// The cookie.
pub const COOKIE: &str = "JSESSIONID";
/// Passwords without cookies whose session is remembered, so that not every request begins one.
const REMEMBERED: usize = 10_000;

/// A person who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: Arc<str>,
    pub(crate) token: Arc<str>,
    pub(crate) caller: Caller,
    /// The name with which the person logs in.
    pub(crate) login: Arc<str>,
    /// The request did not show the cookie of it.
    pub(crate) is_new: bool,
}

impl Session {
    /// The CSRF token, a UUID.
    pub(crate) fn csrf(&self) -> String {
        let digest = hash(&["csrf", &self.token]);
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    /// Whether a request shows the token, and the cookie of the session with it.
    pub(crate) fn is_unforged(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get("x-csrf-token").map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
        !self.is_new && bool::from(self.csrf().as_bytes().ct_eq(shown))
    }
}

/// What this node knows of sessions that were used since it started.
struct Known {
    session: Session,
    /// When anything came, or was held.
    heard: Timestamp,
    /// When anything but a heartbeat came.
    active: Timestamp,
}

type Key = [u8; 32];

/// All sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sessions(Arc<Inner>);

struct Inner {
    app: App,
    hub: Hub,
    idle_secs: i64,
    known: Mutex<HashMap<Arc<str>, Known>>,
    /// Ids of known sessions, by a hash of their token.
    tokens: Mutex<HashMap<Key, Arc<str>>>,
    /// The tokens of those who show a password and no cookie.
    without_cookie: Mutex<HashMap<Key, Arc<str>>>,
}

fn hash(parts: &[&str]) -> Key {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn internal(error: &AppError) -> Refusal {
    tracing::error!(error = error as &dyn std::error::Error, "a session could not be looked up");
    Refusal::Internal
}

impl Sessions {
    pub(crate) fn new(app: App, hub: Hub, idle_secs: u32) -> Self {
        let (known, tokens, without_cookie) = Default::default();
        Self(Arc::new(Inner { app, hub, idle_secs: i64::from(idle_secs), known, tokens, without_cookie }))
    }

    /// Everybody who is logged in.
    pub(crate) fn people(&self) -> BTreeSet<(TenantId, UserId)> {
        let known = lock(&self.0.known);
        let one = |it: &Known| Some((it.session.caller.tenant.clone(), it.session.caller.user.clone()?));
        known.values().filter_map(one).collect()
    }

    /// Who asks: by the cookie, or by name and password, which begin a session.
    pub(crate) async fn enter(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Session, Refusal> {
        let source = peer.ip().to_string();
        let basic = basic_credentials(headers);
        if let Some(token) = cookie(headers, COOKIE)
            && let Some(session) = self.open(token, &source).await?
        {
            let is_same = |name: &str| name.trim().eq_ignore_ascii_case(&session.login);
            if basic.as_ref().is_none_or(|(name, _)| is_same(name)) {
                return Ok(session);
            }
        }
        let (name, password) = basic.ok_or(Refusal::Unauthenticated)?;
        let browser = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let key = hash(&[&name, &password, &source, browser]);
        let before = lock(&self.0.without_cookie).get(&key).cloned();
        if let Some(token) = before
            && let Some(session) = self.open(&token, &source).await?
        {
            return Ok(Session { is_new: true, ..session });
        }
        let begun = self.0.app.sign_in(&name, &password, &source, browser).await;
        let signed_in = begun.map_err(|error| match error {
            SignInError::Wrong | SignInError::Resting { .. } => Refusal::Unauthenticated,
            SignInError::App(error) => internal(&error),
        })?;
        let token: Arc<str> = signed_in.token.into();
        {
            let mut without_cookie = lock(&self.0.without_cookie);
            if without_cookie.len() >= REMEMBERED {
                without_cookie.clear();
            }
            without_cookie.insert(key, token.clone());
        }
        let session = self.open(&token, &source).await?.ok_or(Refusal::Unauthenticated)?;
        Ok(Session { is_new: true, ..session })
    }

    /// The session of a token, if it is one and was used lately. This counts as use.
    async fn open(&self, token: &str, source: &str) -> Result<Option<Session>, Refusal> {
        let now = self.now();
        let id = lock(&self.0.tokens).get(&hash(&[token])).cloned();
        if let Some(id) = &id
            && self.is_idle(id, now)
        {
            self.end(id, true).await;
            return Ok(None);
        }
        let found = self.0.app.session_used_within(token, source, self.0.idle_secs).await;
        let Some((caller, found)) = found.map_err(|error| internal(&error))? else {
            if let Some(id) = &id {
                self.end(id, true).await;
            }
            return Ok(None);
        };
        let before = lock(&self.0.known).get(&*found).map(|it| it.session.login.clone());
        let login: Arc<str> = match before {
            Some(login) => login,
            None => self.0.app.viewer(&caller).await.map_err(|error| internal(&error))?.email.into(),
        };
        let session = Session { id: found.into(), token: token.into(), caller, login, is_new: false };
        lock(&self.0.tokens).insert(hash(&[token]), session.id.clone());
        let mut known = lock(&self.0.known);
        let entry = known.entry(session.id.clone());
        let entry = entry.or_insert_with(|| Known { session: session.clone(), heard: now, active: now });
        entry.heard = now;
        entry.session = session.clone();
        Ok(Some(session))
    }

    fn now(&self) -> Timestamp {
        self.0.app.clock().now()
    }

    fn is_idle(&self, id: &str, now: Timestamp) -> bool {
        let inactivity = self.0.hub.settings().max_inactivity;
        lock(&self.0.known).get(id).is_some_and(|it| {
            let silent = now >= it.heard.plus_secs(self.0.idle_secs);
            let inactive = inactivity.is_some_and(|span| {
                now.micros().saturating_sub(it.active.micros()) / 1_000
                    >= i64::try_from(span.0).unwrap_or(i64::MAX)
            });
            silent || inactive
        })
    }

    /// Something came in a session; a heartbeat does not say that anybody is there.
    pub(crate) fn heard(&self, id: &str, heartbeat: bool) {
        let now = self.now();
        if let Some(known) = lock(&self.0.known).get_mut(id) {
            known.heard = now;
            if !heartbeat {
                known.active = now;
            }
        }
    }

    /// The person says goodbye: from now on the cookie opens nothing. Whoever waits for news is told by
    /// [`Hub::logout`], once the answer was written.
    pub(crate) async fn leave(&self, session: &Session) -> Result<(), AppError> {
        self.0.app.end_session(&session.caller, &session.id).await?;
        self.forget(&session.id);
        Ok(())
    }

    fn forget(&self, id: &str) -> Option<Session> {
        let known = lock(&self.0.known).remove(id)?;
        lock(&self.0.tokens).remove(&hash(&[&known.session.token]));
        Some(known.session)
    }

    /// A session is over without a goodbye: who waits is told to begin anew, and when it was the person's last one, the
    /// work at the telephone ends (OC-72).
    async fn end(&self, id: &str, in_store: bool) {
        let Some(Session { caller, .. }) = self.forget(id) else { return };
        if in_store && let Err(error) = self.0.app.end_session(&caller, id).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a session that is over could not be ended"
            );
        }
        self.0.hub.expire_http_session(id);
        let is_last = !lock(&self.0.known)
            .values()
            .any(|it| it.session.caller.tenant == caller.tenant && it.session.caller.user == caller.user);
        if is_last {
            // Without a telephone there is nothing to end.
            let _none = self.0.app.live().command(&caller, Command::End);
        }
    }

    /// Looks after sessions: those that are connected live on (B32), those that are idle or were ended elsewhere end
    /// here too (B31).
    pub(crate) async fn sweep(&self) {
        let all: Vec<Session> = lock(&self.0.known).values().map(|it| it.session.clone()).collect();
        for session in all {
            let now = self.now();
            if self.0.hub.is_connected(&session.id) {
                self.heard(&session.id, true);
            }
            if self.is_idle(&session.id, now) {
                self.end(&session.id, true).await;
                continue;
            }
            let source = &session.caller.source;
            match self.0.app.session_used_within(&session.token, source, self.0.idle_secs).await {
                Ok(Some(_)) => {}
                Ok(None) => self.end(&session.id, false).await,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "sessions could not be looked after"
                    );
                    return;
                }
            }
        }
    }
}
