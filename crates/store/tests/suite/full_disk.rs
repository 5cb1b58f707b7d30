//! A full disk: said so, nothing lost that was acknowledged, and all well again once there is room.
//!
//! The disk is a small tmpfs, which only root may mount. Elsewhere these tests say so and pass.

use crate::{
    blobs::{chunks, files},
    samples::Sample,
    world::{START, time},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use touchline_model::{FakeClock, Tenant, User};
use touchline_store::{Batch, BlobError, Blobs, Store, StoreError};

struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|it| it.status.success()) {
            return Some(Self { folder });
        }
        println!("not tested: a small disk cannot be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes up the room that is left, but for a little.
    fn fill(&self, leave: usize) -> PathBuf {
        let ballast = self.path().join("ballast");
        let mut bytes = vec![0_u8; 64 << 20];
        while std::fs::write(&ballast, &bytes).is_err() {
            bytes.truncate(bytes.len().saturating_sub(16 * 1024));
        }
        std::fs::write(&ballast, &bytes[..bytes.len().saturating_sub(leave)]).unwrap();
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: an engine may still be closing its files.
        let _status = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

fn batch(tenant: &Tenant, n: usize) -> Batch {
    let mut batch = Batch::new(&tenant.id);
    batch.put(&User { first_name: "x".repeat(1_000), ..User::full().with_id(&format!("{n:06}")) });
    batch
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let file = disk.path().join("t.db");
    let open = || async { Store::open_sqlite(&file, Arc::new(FakeClock::at(time(START)))).await.unwrap() };
    let store = open().await;
    let tenant = Tenant { id: "acme".into(), name: String::new(), created_at: time(START) };
    store.create_tenant(&tenant).await.unwrap();
    for n in 0..100 {
        store.apply(batch(&tenant, n)).await.unwrap();
    }
    let ballast = disk.fill(200 * 1024);

    // Many at once, so that groups of batches meet the end of the disk, until none gets through any more.
    let mut kept: Vec<usize> = (0..100).collect();
    let (mut next, mut refused) = (100, 0);
    for _ in 0..40 {
        let crowd = (next..next + 20).map(|n| store.apply(batch(&tenant, n)));
        for (n, outcome) in (next..).zip(futures::future::join_all(crowd).await) {
            match outcome {
                Ok(_) => kept.push(n),
                Err(StoreError::DiskFull) => refused += 1,
                Err(other) => panic!("batch {n}: {other:?}"),
            }
        }
        next += 20;
    }
    assert!(refused > 20 && kept.len() > 100, "{refused} refused, {} kept", kept.len());
    assert!(matches!(store.next_numbers(&tenant.id, 1).await, Ok(_) | Err(StoreError::DiskFull)));
    let ids = async |store: &Store| {
        let users = store.list::<User>(&tenant.id, None, 9_999).await.unwrap();
        users.iter().map(|it| it.value.id.0.parse::<usize>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&store).await, kept, "reading goes on");

    std::fs::remove_file(ballast).unwrap();
    let done = store.apply(batch(&tenant, next)).await.unwrap();
    kept.push(next);
    assert_eq!((ids(&store).await, done.seq), (kept.clone(), kept.len() as i64));
    assert_eq!(store.engine_check().await.unwrap(), Vec::<String>::new());
    store.close().await;
    let store = open().await;
    assert_eq!(ids(&store).await, kept);
    assert_eq!(store.changes(&tenant.id, 0, 9_999).await.unwrap().len(), kept.len());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_does_not_fit_leaves_nothing() {
    let Some(disk) = SmallDisk::mount(4) else { return };
    let blobs = Blobs::open(disk.path()).unwrap();
    let tenant = "acme".into();
    let (small, large) = (vec![1_u8; 500_000], vec![2_u8; 2_500_000]);
    let incoming = blobs.receive("small", u64::MAX, chunks(&small, 65_536)).await.unwrap();
    blobs.keep(&tenant, &incoming).await.unwrap();
    let known = incoming.blob.clone();
    drop(incoming);

    // Too large to be received.
    let outcome = blobs.receive("huge", u64::MAX, chunks(&vec![3; 9_000_000], 65_536)).await;
    assert!(matches!(outcome, Err(BlobError::DiskFull)), "{outcome:?}");
    assert_eq!(files(disk.path()), [known.sha256.as_str()]);
    // Received, but there is no room for a second copy.
    let incoming = blobs.receive("large", u64::MAX, chunks(&large, 65_536)).await.unwrap();
    let outcome = blobs.keep(&tenant, &incoming).await;
    assert!(matches!(outcome, Err(BlobError::DiskFull)), "{outcome:?}");
    assert!(!blobs.exists(&tenant, &incoming.blob.sha256, 2_500_000).await);
    drop(incoming);
    assert_eq!(files(disk.path()), [known.sha256.as_str()], "nothing half-written");

    // The earlier recording is as it was, and there is room again for one that fits.
    assert!(blobs.exists(&tenant, &known.sha256, known.bytes).await);
    let incoming = blobs.receive("again", u64::MAX, chunks(&large[..1_200_000], 65_536)).await.unwrap();
    blobs.keep(&tenant, &incoming).await.unwrap();
    assert_eq!(files(disk.path()).len(), 3);
}
