//! Numbers and telephones of an organisation: read, changed, made, deleted. All of it needs [`Ability::Administer`].

use super::{
    board::numbers::{NumberPlan, Plan, Secret, UserNumber},
    known::told,
    ports::SIP_REALM,
    settings::{Monitoring, RecordingPolicy, TelephonySettings, Thresholds},
};
use crate::{App, AppError, entropy, records::ATTEMPTS, require};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use md5::{Digest as _, Md5};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::HashSet;
use touchline_model::{Ability, Caller, Inbox, Invalid, Timestamp, User, UserId, validate};
use touchline_store::{AuditNote, Batch, DeviceRow, StoreError};

/// Stands for the password of a trunk that is kept: passwords are never shown again.
const KEPT: &str = "(kept)";
/// Telephones of an organisation at most.
const MOST: usize = 10_000;

/// The settings of telephony of an organisation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TelephonyView {
    /// Moves with every change, also of a telephone; whoever changes the settings says which version was read. 0 while
    /// there are none.
    pub version: i64,
    /// The settings. In place of the password of a trunk stands `(kept)`; sent back so, it stays.
    #[serde(flatten)]
    pub settings: TelephonySettings,
}

/// New settings of telephony; all of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTelephony {
    /// The version that was read; 0 while there was none.
    pub version: i64,
    /// Numbers, groups, queues and trunks.
    #[serde(default)]
    pub plan: NumberPlan,
    /// How supervision behaves.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// What is recorded.
    #[serde(default)]
    pub recording: RecordingPolicy,
    /// From when on something on the live wall wants a look.
    #[serde(default)]
    pub thresholds: Thresholds,
}

/// A telephone that is to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// Id; made when absent.
    #[serde(default)]
    pub id: Option<String>,
    /// Whose. A number that the plan does not have yet is added to it as this person's. Without anybody it is a telephone
    /// that may only call numbers of our own: one at the door, or a customer's in a test.
    #[serde(default)]
    pub user: Option<UserId>,
    /// Its number.
    pub number: String,
    /// SIP user name, unique on the server: small letters, digits, `.`, `-` and `_`. The number unless given, with the
    /// organisation behind it if another has that name already.
    #[serde(default)]
    pub sip_user: Option<String>,
    /// Whether it is reached over a public network, where nobody can make it answer.
    #[serde(default)]
    pub public: bool,
}

/// A telephone, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeviceInfo {
    /// Id.
    pub id: String,
    /// Whose.
    pub user: Option<UserId>,
    /// Its number.
    pub number: String,
    /// SIP user name.
    pub sip_user: String,
    /// Whether it is reached over a public network.
    pub public: bool,
    /// Whether it is registered at this node now.
    pub reachable: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A telephone with its password, which is shown this once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DevicePassword {
    /// The telephone.
    #[serde(flatten)]
    pub device: DeviceInfo,
    /// The password: 128 random bits. Only digests of it are kept.
    pub password: String,
}

fn missing(id: &str) -> AppError {
    AppError::Missing { what: "telephone", id: id.to_owned() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `H(user:realm:password)` by MD5 and by SHA-256 (RFC 7616 §3.4.2).
fn digests(user: &str, password: &str) -> (String, String) {
    let text = format!("{user}:{SIP_REALM}:{password}");
    (hex(&Md5::digest(&text)), hex(&Sha256::digest(&text)))
}

fn check_sip_user(name: &str) -> Result<(), Invalid> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    match (1..=64).contains(&name.len()) && name.chars().all(plain) {
        true => Ok(()),
        false => Err(Invalid::new("sip_user", "must be 1 to 64 small letters, digits, `.`, `-` and `_`")),
    }
}

impl App {
    /// The settings of telephony.
    pub async fn telephony(&self, caller: &Caller) -> Result<TelephonyView, AppError> {
        require(caller, Ability::Administer)?;
        let (version, mut settings) = self.stored_telephony(caller).await?;
        for trunk in &mut settings.plan.trunks {
            if let Some(registration) = &mut trunk.register {
                registration.password = Secret(KEPT.to_owned());
            }
        }
        Ok(TelephonyView { version, settings })
    }

    /// Changes the settings of telephony, as a whole. Calls that go on are not touched.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when they are not of the version that was read; [`AppError::Invalid`] with all that is wrong
    /// with the plan.
    pub async fn change_telephony(
        &self,
        caller: &Caller,
        change: ChangeTelephony,
    ) -> Result<TelephonyView, AppError> {
        require(caller, Ability::Administer)?;
        let (version, before) = self.stored_telephony(caller).await?;
        if change.version != version {
            return Err(StoreError::Conflict.into());
        }
        let ChangeTelephony { plan, monitoring, recording, thresholds, .. } = change;
        let mut settings = TelephonySettings { plan, monitoring, recording, thresholds };
        keep_passwords(&mut settings.plan, &before.plan)?;
        self.check_plan(caller, &settings.plan).await?;
        let mut batch = Batch::new(&caller.tenant);
        batch.put_telephony(version, &stored(&settings)?);
        batch.audit(AuditNote::new(
            caller,
            "telephony.change",
            "telephony",
            format!("version {}", version + 1),
        ));
        self.store.apply(batch).await?;
        self.keep_inboxes(caller, &settings.plan).await;
        self.live().reload(&caller.tenant).await?;
        self.telephony(caller).await
    }

    /// The telephones, by number.
    pub async fn devices(&self, caller: &Caller) -> Result<Vec<DeviceInfo>, AppError> {
        require(caller, Ability::Administer)?;
        let rows = self.store.devices(&caller.tenant).await?;
        Ok(rows.into_iter().map(|row| self.info(caller, row)).collect())
    }

    /// Makes a telephone.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the field; [`AppError::Conflict`] when something of it is taken.
    pub async fn create_device(&self, caller: &Caller, new: NewDevice) -> Result<DevicePassword, AppError> {
        require(caller, Ability::Administer)?;
        let now = self.clock.now();
        let id = new.id.clone().unwrap_or_else(|| entropy::new_id(&*self.entropy, now));
        validate::id("id", &id)?;
        if let Some(user) = &new.user {
            self.check_users(caller, [user]).await?;
        }
        for _ in 0..ATTEMPTS {
            let (version, mut settings) = self.stored_telephony(caller).await?;
            let known = self.store.devices(&caller.tenant).await?;
            let taken = |what: &str| AppError::Conflict(format!("another telephone has this {what} already"));
            if known.iter().any(|it| it.id == id) {
                return Err(taken("id"));
            }
            if known.iter().any(|it| it.number == new.number) {
                return Err(taken("number"));
            }
            if known.len() >= MOST {
                return Err(AppError::Conflict(format!("there are {MOST} telephones already")));
            }
            let sip_user = match &new.sip_user {
                Some(name) => name.clone(),
                None if self.store.sip_user_taken(&new.number).await? => {
                    format!("{}-{}", new.number, caller.tenant)
                }
                None => new.number.clone(),
            };
            check_sip_user(&sip_user)?;
            if self.store.sip_user_taken(&sip_user).await? {
                return Err(taken("SIP user name"));
            }
            enter(&mut settings.plan, &new)?;
            let password = self.new_password();
            let (ha1_md5, ha1_sha256) = digests(&sip_user, &password);
            let row = DeviceRow {
                id: id.clone(),
                user: new.user.clone(),
                number: new.number.clone(),
                sip_user,
                ha1_md5,
                ha1_sha256,
                public: new.public,
                created_at: now,
            };
            let mut batch = Batch::new(&caller.tenant);
            batch.put_telephony(version, &stored(&settings)?).insert_device(&row);
            batch.audit(AuditNote::new(caller, "device.create", &*id, &*row.number));
            match self.store.apply(batch).await {
                Err(StoreError::Conflict) => continue,
                done => done?,
            };
            self.live().reload(&caller.tenant).await?;
            return Ok(DevicePassword { device: self.info(caller, row), password });
        }
        Err(StoreError::Conflict.into())
    }

    /// Gives a telephone another password. One that is registered stays so until it registers again.
    pub async fn renew_device_password(&self, caller: &Caller, id: &str) -> Result<DevicePassword, AppError> {
        require(caller, Ability::Administer)?;
        let row = self.device_row(caller, id).await?;
        let password = self.new_password();
        let (ha1_md5, ha1_sha256) = digests(&row.sip_user, &password);
        let mut batch = Batch::new(&caller.tenant);
        batch.new_device_password(id, &ha1_md5, &ha1_sha256);
        batch.audit(AuditNote::new(caller, "device.renew_password", id, &*row.number));
        self.store.apply(batch).await?;
        self.live().reload(&caller.tenant).await?;
        Ok(DevicePassword { device: self.info(caller, row), password })
    }

    /// Deletes a telephone. Its number stays in the plan.
    pub async fn delete_device(&self, caller: &Caller, id: &str) -> Result<(), AppError> {
        require(caller, Ability::Administer)?;
        let row = self.device_row(caller, id).await?;
        let mut batch = Batch::new(&caller.tenant);
        batch.delete_device(id).audit(AuditNote::new(caller, "device.delete", id, &*row.number));
        self.store.apply(batch).await?;
        self.live().reload(&caller.tenant).await
    }

    async fn device_row(&self, caller: &Caller, id: &str) -> Result<DeviceRow, AppError> {
        let rows = self.store.devices(&caller.tenant).await?;
        rows.into_iter().find(|it| it.id == id).ok_or_else(|| missing(id))
    }

    fn info(&self, caller: &Caller, row: DeviceRow) -> DeviceInfo {
        let reachable = self.live().is_reachable(&caller.tenant, &row.id.as_str().into());
        let DeviceRow { id, user, number, sip_user, public, created_at, .. } = row;
        DeviceInfo { id, user, number, sip_user, public, reachable, created_at }
    }

    fn new_password(&self) -> String {
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        URL_SAFE_NO_PAD.encode(random)
    }

    async fn stored_telephony(&self, caller: &Caller) -> Result<(i64, TelephonySettings), AppError> {
        let Some((version, settings)) = self.store.telephony(&caller.tenant).await? else {
            return Ok((0, TelephonySettings::default()));
        };
        let settings = serde_json::from_value(settings).map_err(|e| AppError::Internal(Box::new(e)))?;
        Ok((version, settings))
    }

    async fn check_plan(&self, caller: &Caller, plan: &NumberPlan) -> Result<(), AppError> {
        Plan::new(plan.clone()).map_err(|all| Invalid::new("plan", told(&all)))?;
        let users = plan.users.iter().map(|it| &it.user);
        self.check_users(caller, users.chain(plan.queues.iter().flat_map(|it| &it.members))).await
    }

    async fn check_users(
        &self,
        caller: &Caller,
        users: impl IntoIterator<Item = &UserId>,
    ) -> Result<(), AppError> {
        let wanted: HashSet<&UserId> = users.into_iter().collect();
        let ids: Vec<String> = wanted.iter().map(|it| it.0.clone()).collect();
        let known = self.store.get_many::<User>(&caller.tenant, &ids).await?;
        let known: HashSet<&UserId> = known.iter().map(|it| &it.value.id).collect();
        let mut unknown: Vec<&str> = wanted.difference(&known).map(|it| it.as_str()).collect();
        unknown.sort_unstable();
        match unknown.is_empty() {
            true => Ok(()),
            false => Err(Invalid::new("plan", format!("there are no users {}", unknown.join(", "))).into()),
        }
    }

    /// Each queue is an inbox of the reports. That a name is taken there is no reason to refuse the plan.
    async fn keep_inboxes(&self, caller: &Caller, plan: &NumberPlan) {
        let inboxes = plan.queues.iter().map(|queue| Inbox {
            id: super::notes::inbox_of(&queue.number),
            name: queue.name.clone(),
            disabled: false,
            agent_ids: queue.members.clone(),
        });
        for inbox in inboxes {
            let name = inbox.name.clone();
            match self.put_one(caller, inbox).await {
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, name, "a queue could not be made an inbox of the reports")
                }
            }
        }
    }
}

/// Passwords that were not sent again stay as they are.
fn keep_passwords(plan: &mut NumberPlan, before: &NumberPlan) -> Result<(), Invalid> {
    for trunk in &mut plan.trunks {
        let Some(registration) = &mut trunk.register else { continue };
        if registration.password.0 != KEPT {
            continue;
        }
        let old = before.trunks.iter().find(|it| it.name == trunk.name).and_then(|it| it.register.as_ref());
        let Some(old) = old else {
            let reason = format!("trunk `{}` has no password that could be kept", trunk.name);
            return Err(Invalid::new("plan", reason));
        };
        registration.password = old.password.clone();
    }
    Ok(())
}

/// Makes room for a telephone in the plan.
fn enter(plan: &mut NumberPlan, new: &NewDevice) -> Result<(), Invalid> {
    let there = plan.users.iter().find(|it| it.number == new.number);
    match (&new.user, there) {
        (Some(user), Some(entry)) if entry.user == *user => return Ok(()),
        (_, Some(_)) => return Err(Invalid::new("number", "is somebody else's in the plan")),
        _ => {}
    }
    // A number of nobody must fit in, too.
    let user = new.user.clone().unwrap_or_default();
    let mut tried = plan.clone();
    let number = UserNumber { number: new.number.clone(), user, public: None, outside: true };
    tried.users.push(number);
    Plan::new(tried.clone()).map_err(|all| Invalid::new("number", told(&all)))?;
    if new.user.is_some() {
        *plan = tried;
    }
    Ok(())
}

fn stored(settings: &TelephonySettings) -> Result<serde_json::Value, AppError> {
    serde_json::to_value(settings).map_err(|e| AppError::Internal(Box::new(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        // md5sum and sha256sum of `anna:touchline:secret`.
        let (md5, sha256) = digests("anna", "secret");
        assert_eq!(md5, "a9e3827d201213c1f351cd723e351908");
        assert_eq!(sha256, "d50f1615b37287620440f437583f6203ac8ad506c812c6034bb00e5ce224205e");
    }
}
