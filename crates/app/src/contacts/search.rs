//! Finding contacts by the whole value of one field (contract c360 ).

use super::fields;
use crate::{App, AppError, require};
use touchline_model::{Ability, Caller, User};
use touchline_store::search_key;

/// A field to search by. Values are compared with the lower-cased stored value, exactly as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchField {
    /// A field of the caller's own. `id` also finds the contact's own id.
    Metadata(String),
    /// The contact's id.
    Id,
    /// The agent's id.
    Agent,
    /// The agent's e-mail address.
    AgentEmail,
    /// The direction.
    Direction,
    /// The state.
    State,
    /// Name or path of the recording.
    OriginalPath,
}

impl App {
    /// Ids of contacts with this value, newest first, at most `limit`.
    pub async fn search(
        &self,
        caller: &Caller,
        field: &SearchField,
        value: &str,
        limit: usize,
    ) -> Result<Vec<String>, AppError> {
        require(caller, Ability::ReadContacts)?;
        // Stored values are lower-cased, so a value with an upper-case letter is found nowhere.
        if value.to_lowercase() != value || value.contains('\0') {
            return Ok(vec![]);
        }
        let tenant = &caller.tenant;
        match field {
            SearchField::Metadata(name) => {
                let found = self.search_metadata(caller, name, value, limit).await?;
                match name == "id" {
                    true => self.with_own_id(caller, found, value, limit).await,
                    false => Ok(found),
                }
            }
            SearchField::Id => self.with_own_id(caller, vec![], value, limit).await,
            SearchField::OriginalPath => {
                let ids = self.store.by_field(tenant, search_key("originalPath", value), limit).await?;
                let rows = self.rows_in_order(caller, &ids).await?;
                let fits =
                    |path: &Option<String>| path.as_ref().is_some_and(|path| path.to_lowercase() == value);
                Ok(rows.into_iter().filter(|it| fits(&it.original_path)).map(|it| it.id.0).collect())
            }
            SearchField::State => Ok(self.store.by_state(tenant, &value.to_uppercase(), limit).await?),
            SearchField::Direction => {
                Ok(self.store.by_direction(tenant, &value.to_uppercase(), limit).await?)
            }
            SearchField::Agent => {
                let users = self.everything::<User>(tenant).await?;
                let mut ids: Vec<String> =
                    users.into_iter().map(|user| user.id.0).filter(|id| id.to_lowercase() == value).collect();
                // Contacts may name an agent who is not in the directory.
                ids.push(value.to_owned());
                Ok(self.store.by_agents(tenant, &ids, limit).await?)
            }
            SearchField::AgentEmail => {
                let users = self.everything::<User>(tenant).await?;
                let ids: Vec<String> = users
                    .into_iter()
                    .filter(|user| user.email.to_lowercase() == value)
                    .map(|user| user.id.0)
                    .collect();
                Ok(self.store.by_agents(tenant, &ids, limit).await?)
            }
        }
    }

    async fn search_metadata(
        &self,
        caller: &Caller,
        name: &str,
        value: &str,
        limit: usize,
    ) -> Result<Vec<String>, AppError> {
        let key = search_key(&format!("metadata.{name}"), value);
        let ids = self.store.by_field(&caller.tenant, key, limit).await?;
        // Keys are hashes: the contacts themselves decide.
        let rows = self.rows_in_order(caller, &ids).await?;
        let fits = |it: &touchline_model::Contact| {
            it.metadata.get(name).is_some_and(|stored| fields::texts(stored).iter().any(|text| text == value))
        };
        Ok(rows.into_iter().filter(fits).map(|it| it.id.0).collect())
    }

    async fn with_own_id(
        &self,
        caller: &Caller,
        mut found: Vec<String>,
        value: &str,
        limit: usize,
    ) -> Result<Vec<String>, AppError> {
        let mut ids = self.store.by_field(&caller.tenant, search_key("id", value), limit).await?;
        ids.push(value.to_owned());
        ids.append(&mut found);
        let rows = self.rows_in_order(caller, &ids).await?;
        let mut seen = std::collections::HashSet::new();
        let mut rows: Vec<_> = rows
            .into_iter()
            .filter(|it| {
                let own = it.id.as_str().to_lowercase() == value;
                own || it
                    .metadata
                    .get("id")
                    .is_some_and(|id| fields::texts(id).iter().any(|text| text == value))
            })
            .filter(|it| seen.insert(it.id.clone()))
            .collect();
        rows.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.id.cmp(&b.id)));
        rows.truncate(limit);
        Ok(rows.into_iter().map(|it| it.id.0).collect())
    }

    /// The contacts with these ids, in this order.
    async fn rows_in_order(
        &self,
        caller: &Caller,
        ids: &[String],
    ) -> Result<Vec<touchline_model::Contact>, AppError> {
        let rows = self.store.contact_rows(&caller.tenant, ids).await?;
        let mut by_id: std::collections::HashMap<_, _> =
            rows.into_iter().map(|row| (row.contact.value.id.0.clone(), row.contact.value)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }
}
