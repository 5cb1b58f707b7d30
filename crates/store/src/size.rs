//! Which engine keeps the data, and how much room it takes.

use crate::{Store, StoreError, engine::Engine};

impl Store {
    /// Name of the engine, for people.
    pub fn engine_name(&self) -> &'static str {
        match &*self.engine {
            Engine::Sqlite(_) => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }

    /// Bytes that the database takes, of all tenants together.
    pub async fn database_bytes(&self) -> Result<u64, StoreError> {
        let sql = match &*self.engine {
            Engine::Sqlite(_) => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Engine::Postgres(_) => "SELECT pg_database_size(current_database())",
        };
        let bytes = self.first(sql, vec![], |row| row.int(0)).await?;
        Ok(bytes.and_then(|it| u64::try_from(it).ok()).unwrap_or_default())
    }
}
