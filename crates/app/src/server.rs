//! What an administrator may know of the server itself.

use crate::{App, AppError, require};
use touchline_model::{Ability, Caller};

/// Recordings that are counted at most in one go.
const COUNTED: u64 = 200_000;

/// The server as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// Name of the database engine.
    pub engine: &'static str,
    /// Version of the schema.
    pub schema: i64,
    /// Whether the database answers.
    pub database_answers: bool,
    /// Bytes that the database takes; `None` when it does not answer.
    pub database_bytes: Option<u64>,
    /// Jobs that are due, run, or wait to be tried again, of all tenants.
    pub jobs_open: Option<i64>,
}

/// What the recordings of a tenant take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordingsSize {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether all were counted; otherwise there are so many that this is only a part.
    pub complete: bool,
}

impl App {
    /// The server as it stands. A database that does not answer is a fact, not an error.
    pub async fn server_facts(&self, caller: &Caller) -> Result<ServerFacts, AppError> {
        require(caller, Ability::Administer)?;
        Ok(ServerFacts {
            engine: self.store.engine_name(),
            schema: touchline_store::SCHEMA_VERSION,
            database_answers: self.store.ping().await.is_ok(),
            database_bytes: self.store.database_bytes().await.ok(),
            jobs_open: self.store.open_jobs().await.ok(),
        })
    }

    /// What the recordings of the caller's tenant take. Looks at each file, so it is asked for, not shown by itself.
    pub async fn recordings_size(&self, caller: &Caller) -> Result<RecordingsSize, AppError> {
        require(caller, Ability::Administer)?;
        let mut size = RecordingsSize::default();
        for shelf in 0..=u8::MAX {
            for file in self.blobs.shelf(&caller.tenant, shelf).await? {
                size.files += 1;
                size.bytes += file.bytes;
            }
            if size.files >= COUNTED && shelf < u8::MAX {
                return Ok(size);
            }
        }
        Ok(RecordingsSize { complete: true, ..size })
    }
}
