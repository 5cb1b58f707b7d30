//! Credentials: made, revoked, proved.
//!
//! Generated keys have 192 random bits and are kept as SHA-256; a secret that a person chose is kept as argon2id, and
//! a proof of it is remembered for a few minutes, because argon2 is slow on purpose and API clients ask often.

mod used;

pub use used::Used;

use crate::{App, AppError, entropy, require, tenants::SERVER};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use touchline_model::{Ability, Caller, CredentialId, Invalid, TenantId, Timestamp, validate};
use touchline_store::{AuditNote, Batch, Credential};

/// Dialects that have credentials. Later dialects add theirs.
pub const DIALECTS: [&str; 3] = ["native", "c360", "gladly"];

/// A credential to be made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// `native` (bearer token), `c360` (user id and password) or `gladly` (e-mail address and API token).
    pub dialect: String,
    /// Name for people.
    pub name: String,
    /// For `c360`: the user id; for `gladly`: the e-mail address; made when absent.
    #[serde(default)]
    pub login: Option<String>,
    /// For `c360`: a password of your own, at least 12 characters; made when absent. For `gladly` an API token.
    #[serde(default)]
    pub secret: Option<String>,
    /// What it allows; when absent for `native` everything in the tenant, for `gladly` the directory and reports.
    #[serde(default)]
    pub abilities: Option<BTreeSet<Ability>>,
    /// For `c360`: whether it may delete calls (contract c360 §1.2).
    #[serde(default)]
    pub can_delete: bool,
}

/// A credential as it may be shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CredentialView {
    /// Id.
    pub id: CredentialId,
    /// Dialect that it opens.
    pub dialect: String,
    /// Public part.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// What it allows.
    pub abilities: BTreeSet<Ability>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to about five minutes; as this node knows, to the moment.
    pub last_used_at: Option<Timestamp>,
}

impl From<Credential> for CredentialView {
    fn from(it: Credential) -> Self {
        let Credential { id, dialect, login, name, abilities, created_at, revoked_at, last_used_at, .. } = it;
        Self { id, dialect, login, name, abilities, created_at, revoked_at, last_used_at }
    }
}

/// A new credential with its secret, which is shown this once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CreatedCredential {
    /// The credential.
    #[serde(flatten)]
    pub credential: CredentialView,
    /// The password, or the whole bearer token.
    pub secret: String,
}

/// How long a proof of a slow secret is remembered, in seconds.
const PROOF_SECS: i64 = 300;
/// Proofs remembered at most.
const PROOFS: usize = 10_000;

/// Slow secrets that are looked at at once. Each takes 19 MiB and a thread, and strangers may send as many as they like.
const SLOW_AT_ONCE: usize = 2;

/// Proofs of slow secrets: SHA-256 of the stored hash and the shown secret, and until when it is believed.
pub struct Proofs {
    known: Mutex<HashMap<[u8; 32], Timestamp>>,
    slow: Arc<Semaphore>,
}

impl Default for Proofs {
    fn default() -> Self {
        Self { known: Mutex::default(), slow: Arc::new(Semaphore::new(SLOW_AT_ONCE)) }
    }
}

impl Proofs {
    fn key(stored: &str, shown: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update((stored.len() as u64).to_le_bytes());
        hasher.update(stored.as_bytes());
        hasher.update(shown.as_bytes());
        hasher.finalize().into()
    }
    fn knows(&self, key: &[u8; 32], now: Timestamp) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_some_and(|until| now < *until)
    }
    fn remember(&self, key: [u8; 32], now: Timestamp) {
        let mut proofs = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() >= PROOFS {
            proofs.retain(|_, until| now < *until);
        }
        if proofs.len() < PROOFS {
            proofs.insert(key, now.plus_secs(PROOF_SECS));
        }
    }
}

pub(crate) fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What every Coach360 credential may see (contract c360 X-32).
fn c360_abilities(can_delete: bool) -> BTreeSet<Ability> {
    let mut abilities = BTreeSet::from([
        Ability::ReadDirectory,
        Ability::ReadContacts,
        Ability::ReadRecordings,
        Ability::ReadQuality,
        Ability::ReadCoaching,
    ]);
    if can_delete {
        abilities.insert(Ability::DeleteContacts);
    }
    abilities
}

/// What a Gladly API user may see (contract gladly §2.1).
fn gladly_abilities() -> BTreeSet<Ability> {
    BTreeSet::from([Ability::ReadDirectory, Ability::ReadReports])
}

/// Refuses a login that is no e-mail address: Gladly's clients check it (contract gladly §2.1).
fn email(login: Option<&str>) -> Result<(), Invalid> {
    let plausible =
        |it: &str| it.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    match login {
        Some(login) if !plausible(login) => Err(Invalid::new("login", "must be an e-mail address")),
        _ => Ok(()),
    }
}

impl App {
    /// Makes a credential of the caller's tenant.
    pub async fn create_credential(
        &self,
        caller: &Caller,
        new: NewCredential,
    ) -> Result<CreatedCredential, AppError> {
        require(caller, Ability::ManageCredentials)?;
        validate::name("name", &new.name)?;
        let operator = caller.tenant.as_str() == SERVER;
        let abilities = match new.dialect.as_str() {
            "c360" if new.abilities.is_some() => {
                return Err(Invalid::new(
                    "abilities",
                    "a c360 credential sees the whole tenant; use can_delete",
                )
                .into());
            }
            "c360" => c360_abilities(new.can_delete),
            "gladly" if new.can_delete => {
                return Err(Invalid::new("can_delete", "a gladly credential only reads").into());
            }
            "gladly" => {
                email(new.login.as_deref())?;
                new.abilities.unwrap_or_else(gladly_abilities)
            }
            "native" if new.login.is_some() || new.secret.is_some() || new.can_delete => {
                return Err(
                    Invalid::new("dialect", "a native token is always generated; give abilities").into()
                );
            }
            "native" => new.abilities.unwrap_or_else(Ability::all_of_tenant),
            other => {
                let reason = format!("`{other}` is none of {}", DIALECTS.join(", "));
                return Err(Invalid::new("dialect", reason).into());
            }
        };
        if abilities.contains(&Ability::Operate) && !operator {
            return Err(AppError::NotAllowed(Ability::Operate));
        }
        // Nobody hands out more than they have.
        if let Some(missing) = abilities.iter().find(|ability| !caller.may(**ability)) {
            return Err(AppError::NotAllowed(*missing));
        }
        let now = self.clock.now();
        let login = match new.login {
            Some(login) => {
                validate::id("login", &login)?;
                if login.contains(':') {
                    return Err(Invalid::new("login", "must not contain `:`").into());
                }
                login
            }
            // Nobody's mailbox, but of the form that clients expect.
            None if new.dialect == "gladly" => {
                format!("{}@api.invalid", entropy::new_id(&*self.entropy, now))
            }
            None => entropy::new_id(&*self.entropy, now),
        };
        let (shown, stored) = match new.secret {
            Some(secret) if secret.chars().count() < 12 => {
                return Err(Invalid::new("secret", "must have at least 12 characters").into());
            }
            Some(secret) => {
                validate::bounded("secret", &secret, 1_000)?;
                let hashed = Argon2::default().hash_password(secret.as_bytes());
                let hashed = hashed.map_err(|e| AppError::Internal(e.to_string().into()))?;
                (secret, hashed.to_string())
            }
            None => {
                let secret = entropy::new_secret(&*self.entropy);
                let stored = format!("sha256:{}", sha256_hex(&secret));
                (secret, stored)
            }
        };
        let credential = Credential {
            id: CredentialId(entropy::new_id(&*self.entropy, now)),
            tenant: caller.tenant.clone(),
            secret: stored,
            dialect: new.dialect,
            login,
            name: new.name,
            abilities,
            created_at: now,
            revoked_at: None,
            last_used_at: None,
        };
        let mut batch = Batch::new(&caller.tenant);
        let about = format!("{} {}", credential.dialect, credential.login);
        batch.put_credential(&credential).audit(AuditNote::new(
            caller,
            "credential.create",
            credential.id.as_str(),
            about,
        ));
        self.store.apply(batch).await.map_err(|error| match error {
            touchline_store::StoreError::Conflict => {
                AppError::Conflict(format!("login `{}` is taken", credential.login))
            }
            other => other.into(),
        })?;
        let secret = match credential.dialect.as_str() {
            "native" => format!("tl_{}_{shown}", credential.login),
            _ => shown,
        };
        Ok(CreatedCredential { credential: credential.into(), secret })
    }

    /// Credentials of the caller's tenant, secrets left out.
    pub async fn credentials(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CredentialView>, AppError> {
        require(caller, Ability::ManageCredentials)?;
        let found = self.store.credentials(&caller.tenant, after.unwrap_or_default(), limit).await?;
        let mut views: Vec<CredentialView> = found.into_iter().map(Into::into).collect();
        for view in &mut views {
            view.last_used_at = view.last_used_at.max(self.used.seen(&caller.tenant, &view.id));
        }
        Ok(views)
    }

    /// Revokes a credential for good.
    pub async fn revoke_credential(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        require(caller, Ability::ManageCredentials)?;
        let found = self.find_credential(&caller.tenant, id).await?;
        let Some(mut credential) = found else {
            return Err(AppError::NotFound { kind: touchline_model::Kind::Credential, id: id.to_owned() });
        };
        if credential.revoked_at.is_none() {
            credential.revoked_at = Some(self.clock.now());
            let mut batch = Batch::new(&caller.tenant);
            batch.put_credential(&credential).audit(AuditNote::new(
                caller,
                "credential.revoke",
                id,
                &*credential.login,
            ));
            self.store.apply(batch).await?;
        }
        Ok(())
    }

    async fn find_credential(&self, tenant: &TenantId, id: &str) -> Result<Option<Credential>, AppError> {
        let mut after = String::new();
        loop {
            let page = self.store.credentials(tenant, &after, 500).await?;
            let Some(last) = page.last() else { return Ok(None) };
            after.clone_from(&last.id.0);
            if let Some(found) = page.into_iter().find(|it| it.id.as_str() == id) {
                return Ok(Some(found));
            }
        }
    }

    /// Who shows this user id and password of a dialect; `None` when they do not fit.
    pub async fn prove(
        &self,
        dialect: &str,
        login: &str,
        secret: &str,
        source: &str,
    ) -> Result<Option<Caller>, AppError> {
        if login.contains('\0') || login.len() > validate::MAX_ID {
            return Ok(None);
        }
        let found = self.store.credential(dialect, login).await?;
        let known = found.as_ref().map_or("", |credential| &credential.secret);
        let right = self.secret_fits(known, secret).await;
        let Some(credential) = found.filter(|credential| right && credential.revoked_at.is_none()) else {
            return Ok(None);
        };
        self.credential_used(&credential).await;
        Ok(Some(Caller {
            tenant: credential.tenant,
            actor: format!("credential:{}", credential.id),
            user: None,
            own_only: false,
            abilities: credential.abilities,
            source: source.to_owned(),
        }))
    }

    /// Who shows this native bearer token; `None` when nobody has it.
    pub async fn prove_token(&self, token: &str, source: &str) -> Result<Option<Caller>, AppError> {
        let parts = token.strip_prefix("tl_").and_then(|rest| rest.split_once('_'));
        match parts {
            Some((login, secret)) => self.prove("native", login, secret, source).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn secret_fits(&self, stored: &str, shown: &str) -> bool {
        if let Some(hash) = stored.strip_prefix("sha256:") {
            return hash.as_bytes().ct_eq(sha256_hex(shown).as_bytes()).into();
        }
        if stored.is_empty() {
            // An unknown login costs as much as a known one with a generated key.
            let _: bool = sha256_hex(shown).as_bytes().ct_eq(sha256_hex("").as_bytes()).into();
            return false;
        }
        let (key, now) = (Proofs::key(stored, shown), self.clock.now());
        if self.proofs.knows(&key, now) {
            return true;
        }
        let Ok(turn) = self.proofs.slow.clone().acquire_owned().await else { return false };
        if self.proofs.knows(&key, now) {
            return true;
        }
        let (stored, shown) = (stored.to_owned(), shown.to_owned());
        let fits = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, even if the client goes away before.
            let _turn = turn;
            argon2::password_hash::phc::PasswordHash::new(&stored)
                .is_ok_and(|hash| Argon2::default().verify_password(shown.as_bytes(), &hash).is_ok())
        })
        .await
        .unwrap_or(false);
        if fits {
            self.proofs.remember(key, now);
        }
        fits
    }
}
