//! Telephones, numbers and calls that go on (migration 0006).

use crate::{BadRow, Batch, Row, Store, StoreError, Value, sql::json};
use touchline_model::{TenantId, Timestamp, UserId};

/// A telephone.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Id.
    pub id: String,
    /// Whose; `None`: somebody who is none of us.
    pub user: Option<UserId>,
    /// Its number; no other telephone of the tenant has it.
    pub number: String,
    /// Its SIP user name in lower case; no other telephone of the server has it.
    pub sip_user: String,
    /// `MD5(user:realm:password)`, hexadecimal. As good as the password.
    pub ha1_md5: String,
    /// `SHA-256(user:realm:password)`, hexadecimal. As good as the password.
    pub ha1_sha256: String,
    /// Reached over a public network.
    pub public: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for DeviceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceRow({} {} of {:?})", self.id, self.number, self.user)
    }
}

/// A call that goes on, or went on when its node was killed.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenCallRow {
    /// The contact that it is.
    pub contact: String,
    /// The node whose call it is.
    pub node: String,
    /// When that node was alive for sure.
    pub seen_at: Timestamp,
    /// What is needed to end it, in the words of the app.
    pub note: serde_json::Value,
}

const INSERT_SETTINGS: &str = "INSERT INTO telephony (tenant, version, settings) VALUES (?, 1, ?)";
// The version must be the one that was read: two who change it at once do not overwrite each other.
const CHANGE_SETTINGS: &str =
    "UPDATE telephony SET version = version + 1, settings = ? WHERE tenant = ? AND version = ?";
const TOUCH: &str = "UPDATE telephony SET version = version + 1 WHERE tenant = ?";
const SETTINGS: &str = "SELECT version, settings FROM telephony WHERE tenant = ?";
const VERSIONS: &str = "SELECT tenant, version FROM telephony ORDER BY tenant";

const INSERT_DEVICE: &str = "INSERT INTO devices (tenant, id, user_id, number, sip_user, ha1_md5, ha1_sha256, public, \
     created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const NEW_PASSWORD: &str = "UPDATE devices SET ha1_md5 = ?, ha1_sha256 = ? WHERE tenant = ? AND id = ?";
const DELETE_DEVICE: &str = "DELETE FROM devices WHERE tenant = ? AND id = ?";
const FORGET_DEVICES: &str = "DELETE FROM devices WHERE tenant = ? AND user_id = ?";
const DEVICES: &str = "SELECT id, user_id, number, sip_user, ha1_md5, ha1_sha256, public, created_at FROM devices \
     WHERE tenant = ? ORDER BY number, id";
const SIP_USER: &str = "SELECT COUNT(*) FROM devices WHERE sip_user = ?";

const PUT_CALL: &str = "INSERT INTO open_calls (tenant, contact, node, seen_at, note) VALUES (?, ?, ?, ?, ?) \
     ON CONFLICT (tenant, contact) DO UPDATE SET node = excluded.node, seen_at = excluded.seen_at, note = excluded.note";
const END_CALL: &str = "DELETE FROM open_calls WHERE tenant = ? AND contact = ?";
const SEEN: &str = "UPDATE open_calls SET seen_at = ? WHERE tenant = ? AND node = ?";
const OPEN_CALLS: &str =
    "SELECT tenant, contact, node, seen_at, note FROM open_calls WHERE node = ? ORDER BY tenant, contact";

fn device(row: &Row<'_>) -> Result<DeviceRow, BadRow> {
    Ok(DeviceRow {
        id: row.string(0)?,
        user: row.maybe_string(1)?.map(UserId::from),
        number: row.string(2)?,
        sip_user: row.string(3)?,
        ha1_md5: row.string(4)?,
        ha1_sha256: row.string(5)?,
        public: row.flag(6)?,
        created_at: row.time(7)?,
    })
}

fn open_call(row: &Row<'_>) -> Result<(TenantId, OpenCallRow), BadRow> {
    let call = OpenCallRow {
        contact: row.string(1)?,
        node: row.string(2)?,
        seen_at: row.time(3)?,
        note: row.json(4)?,
    };
    Ok((row.string(0)?.into(), call))
}

impl Batch {
    fn own(&self, id: &str) -> [Value; 2] {
        [Value::Text(self.tenant.0.clone()), id.into()]
    }

    /// Writes the settings of telephony. A conflict means that they have not the version `before` any more, which is 0
    /// where there are none.
    pub fn put_telephony(&mut self, before: i64, settings: &serde_json::Value) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        match before {
            0 => self.run(INSERT_SETTINGS, vec![tenant, json(settings)]),
            _ => self.run(CHANGE_SETTINGS, vec![json(settings), tenant, before.into()]).expect(1),
        }
    }

    /// Moves the version: a device has changed.
    fn touch_telephony(&mut self) -> &mut Self {
        let tenant = Value::Text(self.tenant.0.clone());
        self.run(TOUCH, vec![tenant])
    }

    /// Makes a telephone. A conflict means that its id, number or SIP user name is taken.
    pub fn insert_device(&mut self, it: &DeviceRow) -> &mut Self {
        let mut params = self.own(&it.id).to_vec();
        params.extend([
            it.user.as_ref().map(UserId::as_str).into(),
            (&it.number).into(),
            (&it.sip_user).into(),
            (&it.ha1_md5).into(),
            (&it.ha1_sha256).into(),
            it.public.into(),
            it.created_at.into(),
        ]);
        self.run(INSERT_DEVICE, params).touch_telephony()
    }

    /// Gives a telephone, which must exist, another password.
    pub fn new_device_password(&mut self, id: &str, ha1_md5: &str, ha1_sha256: &str) -> &mut Self {
        let mut params: Vec<Value> = vec![ha1_md5.into(), ha1_sha256.into()];
        params.extend(self.own(id));
        self.run(NEW_PASSWORD, params).expect(1).touch_telephony()
    }

    /// Deletes a telephone, which must exist.
    pub fn delete_device(&mut self, id: &str) -> &mut Self {
        let params = self.own(id).to_vec();
        self.run(DELETE_DEVICE, params).expect(1).touch_telephony()
    }

    /// Deletes the telephones of somebody who is deleted: nobody else may call with them.
    pub(crate) fn forget_devices(&mut self, user: &str) -> &mut Self {
        let params = self.own(user).to_vec();
        self.run(FORGET_DEVICES, params).touch_telephony()
    }

    /// Notes that a call goes on, and how it stands.
    pub fn put_open_call(&mut self, it: &OpenCallRow) -> &mut Self {
        let mut params = self.own(&it.contact).to_vec();
        params.extend([(&it.node).into(), it.seen_at.into(), json(&it.note)]);
        self.run(PUT_CALL, params)
    }

    /// Notes that a call is over. Nothing happens if it was not noted.
    pub fn end_open_call(&mut self, contact: &str) -> &mut Self {
        let params = self.own(contact).to_vec();
        self.run(END_CALL, params)
    }

    /// Notes that a node is alive, with all calls of the tenant that go on there.
    pub fn open_calls_seen(&mut self, node: &str, at: Timestamp) -> &mut Self {
        let params = vec![at.into(), Value::Text(self.tenant.0.clone()), node.into()];
        self.run(SEEN, params)
    }
}

impl Store {
    /// The settings of telephony of a tenant, and their version; `None` where nobody has made any.
    pub async fn telephony(&self, tenant: &TenantId) -> Result<Option<(i64, serde_json::Value)>, StoreError> {
        let read = |row: &Row<'_>| Ok((row.int(0)?, row.json(1)?));
        self.first(SETTINGS, vec![tenant.as_str().into()], read).await
    }

    /// The tenants that have settings of telephony, with their versions. Of all tenants: telephones know none.
    pub async fn telephony_versions(&self) -> Result<Vec<(TenantId, i64)>, StoreError> {
        self.query(VERSIONS, vec![], |row| Ok((row.string(0)?.into(), row.int(1)?))).await
    }

    /// The telephones of a tenant by number.
    pub async fn devices(&self, tenant: &TenantId) -> Result<Vec<DeviceRow>, StoreError> {
        self.query(DEVICES, vec![tenant.as_str().into()], device).await
    }

    /// Whether any telephone of the server has that SIP user name.
    pub async fn sip_user_taken(&self, sip_user: &str) -> Result<bool, StoreError> {
        let found = self.first(SIP_USER, vec![sip_user.into()], |row| row.int(0)).await?;
        Ok(found.unwrap_or_default() > 0)
    }

    /// The calls that go on at a node, of all tenants; at its start, those with which it was killed.
    pub async fn open_calls(&self, node: &str) -> Result<Vec<(TenantId, OpenCallRow)>, StoreError> {
        self.query(OPEN_CALLS, vec![node.into()], open_call).await
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    INSERT_SETTINGS,
    CHANGE_SETTINGS,
    TOUCH,
    SETTINGS,
    VERSIONS,
    INSERT_DEVICE,
    NEW_PASSWORD,
    DELETE_DEVICE,
    FORGET_DEVICES,
    DEVICES,
    SIP_USER,
    PUT_CALL,
    END_CALL,
    SEEN,
    OPEN_CALLS,
];
