//! People (contract §5.6).

use crate::uris::{Prefix, path};
use serde::Serialize;
use sha2::{Digest, Sha256};
use touchline_model::{TenantId, UserId};

/// A person, as far as the dialect tells.
#[derive(Clone, Debug)]
pub(crate) struct UserFields<'a> {
    pub(crate) id: &'a UserId,
    pub(crate) tenant: &'a TenantId,
    pub(crate) login: &'a str,
    pub(crate) first_name: &'a str,
    pub(crate) last_name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) roles: Vec<&'static str>,
    pub(crate) enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserBody {
    id: String,
    user_name: String,
    password: &'static str,
    first_name: String,
    last_name: String,
    email_address: String,
    roles: Vec<&'static str>,
    enabled: bool,
    change_password_on_first_login: bool,
    contact_center_id: String,
    uri: String,
    path: String,
}

/// The id of a person on the wire: 32 lower-case hex digits. Ours, where it is a UUID, and otherwise made from it.
pub(crate) fn wire_id(user: &UserId) -> String {
    let digits: String = user.as_str().chars().filter(|it| *it != '-').collect();
    let is_uuid = digits.len() == 32 && digits.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    if is_uuid {
        return digits;
    }
    Sha256::digest(user.as_str().as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A person.
pub(crate) fn user(prefix: &Prefix, it: &UserFields<'_>) -> impl Serialize + use<> {
    let id = wire_id(it.id);
    UserBody {
        uri: prefix.uri("users", &id),
        path: path("users", &id),
        id,
        user_name: it.login.to_owned(),
        password: "",
        first_name: it.first_name.to_owned(),
        last_name: it.last_name.to_owned(),
        email_address: it.email.to_owned(),
        roles: it.roles.clone(),
        enabled: it.enabled,
        change_password_on_first_login: false,
        contact_center_id: it.tenant.as_str().to_owned(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContactBody {
    id: String,
    user_name: String,
    first_name: String,
    last_name: String,
    phone_number: String,
}

/// A line of the corporate directory (OC-25).
pub(crate) fn contact(it: &UserFields<'_>, number: &str) -> impl Serialize + use<> {
    ContactBody {
        id: wire_id(it.id),
        user_name: it.login.to_owned(),
        first_name: it.first_name.to_owned(),
        last_name: it.last_name.to_owned(),
        phone_number: number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): S5.6
    #[test]
    fn ids_of_people_are_32_hex_digits_whatever_ours_are() {
        assert_eq!(
            wire_id(&"0190a8e6-7b1c-7d3e-8f00-0123456789ab".into()),
            "0190a8e67b1c7d3e8f000123456789ab"
        );
        let other = wire_id(&"anna@example.com".into());
        assert_eq!(other.len(), 32);
        assert!(other.bytes().all(|it| it.is_ascii_hexdigit()) && other != wire_id(&"bob".into()));
    }
}
