//! SQLite's log is folded into its file by a thread of its own, so that the writer does not wait for it.

use crate::StoreError;
use rusqlite::{Connection, hooks::Wal};
use std::{
    path::Path,
    sync::mpsc::{TrySendError, sync_channel},
    thread::JoinHandle,
    time::Duration,
};

/// Pages of the log (64 MiB) after which it is folded into the file: what is written again and again, as the pages of
/// indexes are while much comes in, is folded in once.
const ENOUGH: i32 = 16_384;
/// Beside a writer who never pauses it is never quite folded, and only then begins anew: at so many pages the writer
/// does what is left.
const MOST: i32 = 2 * ENOUGH;

/// Has the log of a writing connection folded in. The thread ends when the connection has no such hook any more.
pub(super) fn fold_beside(writer: &mut Connection, path: &Path) -> Result<JoinHandle<()>, StoreError> {
    let beside = Connection::open(path)?;
    beside.busy_timeout(Duration::from_secs(10))?;
    // The file is synced before the log begins anew.
    beside.execute_batch("PRAGMA synchronous = FULL;")?;
    let (wake, woken) = sync_channel(1);
    let thread = std::thread::Builder::new().name("store-log".to_owned()).spawn(move || {
        while woken.recv().is_ok() {
            if let Err(error) = beside.execute_batch("PRAGMA wal_checkpoint(PASSIVE);") {
                tracing::warn!(%error, "the log of the database could not be folded in");
            }
        }
    });
    let thread = thread.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let hook = move |log: &mut Wal, pages: i32| {
        if pages >= MOST {
            // Committed is committed, whatever comes of this: the next commit tries again.
            let _ = log.checkpoint();
        } else if pages >= ENOUGH
            && let Err(TrySendError::Disconnected(())) = wake.try_send(())
        {
            let _ = log.checkpoint();
        }
        Ok(())
    };
    writer.wal_hook(Some(hook))?;
    Ok(thread)
}
