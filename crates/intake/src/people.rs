//! Who the agents are that files name.

use std::collections::HashMap;
use touchline_model::{User, UserId};

/// The people of a tenant, by what files call them.
#[derive(Debug, Default)]
pub(crate) struct People {
    ids: HashMap<String, UserId>,
    emails: HashMap<String, Vec<UserId>>,
    names: HashMap<String, Vec<UserId>>,
}

/// Small letters, and one blank where there are several.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

impl People {
    pub(crate) fn new(users: impl IntoIterator<Item = User>) -> Self {
        let mut people = Self::default();
        for user in users {
            people.emails.entry(user.email.to_lowercase()).or_default().push(user.id.clone());
            let names = [
                format!("{} {}", user.first_name, user.last_name),
                format!("{}, {}", user.last_name, user.first_name),
            ];
            for name in names {
                people.names.entry(plain(&name)).or_default().push(user.id.clone());
            }
            for id in &user.system_ids {
                people.names.entry(plain(id)).or_default().push(user.id.clone());
            }
            people.ids.insert(user.id.0.clone(), user.id);
        }
        people
    }

    /// Those with an e-mail address.
    pub(crate) fn by_email(&self, email: &str) -> &[UserId] {
        self.emails.get(&email.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The one with an address. The error says that there is none, or more than one.
    pub(crate) fn with_email(&self, email: &str) -> Result<UserId, String> {
        match self.by_email(email) {
            [only] => Ok(only.clone()),
            [] => Err(format!("`agent_email`: no user has the address {email:?}")),
            _ => Err(format!("`agent_email`: several users have the address {email:?}")),
        }
    }

    /// The one whom an id, an address or a whole name means. The error is a warning: the call comes in without.
    pub(crate) fn called(&self, value: &str) -> Result<UserId, String> {
        if let Some(id) = self.ids.get(value) {
            return Ok(id.clone());
        }
        let emails = self.by_email(value);
        let some = if emails.is_empty() {
            self.names.get(&plain(value)).map_or(&[][..], Vec::as_slice)
        } else {
            emails
        };
        let left = "its calls come in without an agent, and the value stays as a field of its own";
        match some {
            [only] => Ok(only.clone()),
            [] => Err(format!(
                "the agent {value:?} is nobody known here, by id, e-mail address or name: {left}"
            )),
            _ => Err(format!("the agent {value:?} may be several people: {left}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_known_by_id_by_address_and_by_a_name_that_is_theirs_alone() {
        let user = |id: &str, first: &str, last: &str| {
            let email = format!("{id}@x.example");
            let it = serde_json::json!({ "id": id, "email": email, "first_name": first, "last_name": last,
                "system_ids": [format!("EXT-{id}")] });
            serde_json::from_value::<User>(it).unwrap()
        };
        let people =
            People::new([user("u1", "Ann", "Lee"), user("u2", "Bo", "Ray"), user("u3", "Bo", "Ray")]);
        let called = |value: &str| people.called(value).map(|id| id.0);
        for value in ["u1", "U1@X.example", "ann  LEE", "Lee, Ann", "ext-u1"] {
            assert_eq!(called(value).as_deref(), Ok("u1"), "{value}");
        }
        assert!(called("Bo Ray").unwrap_err().contains("several people"));
        assert!(called("Zoe").unwrap_err().contains("\"Zoe\" is nobody known"));
        assert!(people.with_email("zoe@x.example").unwrap_err().contains("no user has the address"));
    }
}
