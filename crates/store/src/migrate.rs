//! Schema versions. Migrations only ever go forward; a newer schema than ours is refused, never guessed at.

use crate::{StoreError, sql::schema_for_postgres};
use rusqlite::Connection;

/// A step of the schema: the text that both engines share, and what only one of them understands, run after it.
struct Migration {
    common: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Every migration, in order.
const MIGRATIONS: &[Migration] = &[
    Migration { common: include_str!("../migrations/0001_spine.sql"), sqlite: "", postgres: "" },
    Migration {
        common: include_str!("../migrations/0002_pages.sql"),
        sqlite: include_str!("../migrations/0002_pages.sqlite.sql"),
        postgres: include_str!("../migrations/0002_pages.postgres.sql"),
    },
    Migration { common: include_str!("../migrations/0003_events.sql"), sqlite: "", postgres: "" },
    Migration { common: include_str!("../migrations/0004_warehouse.sql"), sqlite: "", postgres: "" },
    Migration { common: "", sqlite: include_str!("../migrations/0005_planner.sqlite.sql"), postgres: "" },
    Migration { common: include_str!("../migrations/0006_telephony.sql"), sqlite: "", postgres: "" },
    Migration { common: include_str!("../migrations/0007_whispers.sql"), sqlite: "", postgres: "" },
    Migration { common: include_str!("../migrations/0008_kept_facts.sql"), sqlite: "", postgres: "" },
];

/// The schema version that this release writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// The tenant that operators' credentials belong to. No caller can name it: tenant ids have no underscore.
const SERVER_TENANT: &str = "INSERT INTO tenants (tenant, name, created_at, seq, modified, counter, topic_epoch, \
     audit_n, audit_hash) VALUES ('_server', 'Operators', 0, 0, 0, 0, 0, 0, '')";

fn pending(found: i64) -> Result<&'static [Migration], StoreError> {
    let done = usize::try_from(found).unwrap_or_default();
    MIGRATIONS.get(done..).ok_or(StoreError::TooNew { found, known: SCHEMA_VERSION })
}

pub(crate) fn sqlite(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let migrated = (|| {
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        for migration in pending(found)? {
            connection.execute_batch(migration.common)?;
            connection.execute_batch(migration.sqlite)?;
        }
        if found == 0 {
            connection.execute_batch(SERVER_TENANT)?;
        }
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        Ok(())
    })();
    connection.execute_batch(if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    migrated
}

pub(crate) async fn postgres(client: &mut tokio_postgres::Client) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    // Several nodes may start at once: one migrates, the others wait.
    transaction.batch_execute("SELECT pg_advisory_xact_lock(7238443)").await?;
    transaction.batch_execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)").await?;
    let found = transaction.query_opt("SELECT MAX(version) FROM schema_version", &[]).await?;
    let found: i64 = found.and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or_default();
    for migration in pending(found)? {
        transaction.batch_execute(&schema_for_postgres(migration.common)).await?;
        transaction.batch_execute(migration.postgres).await?;
    }
    if found == 0 {
        transaction.batch_execute(SERVER_TENANT).await?;
    }
    if found != SCHEMA_VERSION {
        transaction.execute("INSERT INTO schema_version (version) VALUES ($1)", &[&SCHEMA_VERSION]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
