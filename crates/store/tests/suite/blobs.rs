//! Recordings: received, kept by their hash, read in parts, removed; and nothing is left of what broke off.

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use std::{io::Read, path::Path};
use touchline_model::{Clock, TenantId};
use touchline_store::{BlobError, Blobs};

/// SHA-256 of `abc`, from the standard's own examples (FIPS 180-2, B.1).
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// SHA-256 of nothing.
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Place {
    blobs: Blobs,
    tenant: TenantId,
    folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place { blobs: Blobs::open(folder.path()).unwrap(), tenant: "acme".into(), folder }
}

pub(crate) fn chunks(bytes: &[u8], size: usize) -> impl Stream<Item = Result<Bytes, String>> + Unpin {
    stream::iter(bytes.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect::<Vec<_>>())
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path.file_name().unwrap().to_string_lossy().into_owned()),
        }
    }
    found
}

async fn keep(place: &Place, bytes: &[u8]) -> String {
    let incoming = place.blobs.receive("one", 1 << 30, chunks(bytes, 100_000)).await.unwrap();
    assert_eq!(incoming.blob.bytes, bytes.len() as u64);
    place.blobs.keep(&place.tenant, &incoming).await.unwrap();
    incoming.blob.sha256.clone()
}

async fn part(place: &Place, sha256: &str, range: std::ops::Range<u64>) -> Result<Vec<u8>, BlobError> {
    let parts = place.blobs.read(&place.tenant, sha256, range).await?;
    Ok(parts.map_ok(|part| part.to_vec()).try_concat().await.unwrap())
}

#[tokio::test]
async fn a_recording_is_kept_under_its_hash_and_read_back() {
    let place = place();
    assert_eq!(keep(&place, b"abc").await, ABC);
    assert!(place.blobs.exists(&place.tenant, ABC, 3).await);
    assert!(!place.blobs.exists(&place.tenant, ABC, 4).await);
    assert!(!place.blobs.exists(&"other".into(), ABC, 3).await, "tenants share nothing");
    let mut text = String::new();
    place.blobs.file(&place.tenant, ABC).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "abc");
    assert_eq!(files(place.folder.path()), [ABC], "nothing else is left");

    // More than one part of the multipart upload.
    let large: Vec<u8> = (0..12_000_000_u32).map(|n| (n / 7) as u8).collect();
    let sha256 = keep(&place, &large).await;
    assert!(part(&place, &sha256, 0..12_000_000).await.unwrap() == large);
    assert!(part(&place, &sha256, 5_999_990..6_000_010).await.unwrap() == large[5_999_990..6_000_010]);
}

#[tokio::test]
async fn parts_are_read_by_range() {
    let place = place();
    let sha256 = keep(&place, b"0123456789").await;
    for (range, expected) in [(0..10, "0123456789"), (0..1, "0"), (9..10, "9"), (3..7, "3456"), (8..99, "89")]
    {
        assert_eq!(part(&place, &sha256, range.clone()).await.unwrap(), expected.as_bytes(), "{range:?}");
    }
    assert!(part(&place, &sha256, 10..11).await.is_err(), "behind the end");
    assert!(matches!(part(&place, ABC, 0..1).await, Err(BlobError::Missing)));
    assert!(matches!(place.blobs.file(&place.tenant, ABC), Err(BlobError::Missing)));
}

#[tokio::test]
async fn an_empty_recording_is_a_recording() {
    let place = place();
    assert_eq!(keep(&place, b"").await, NOTHING);
    assert!(place.blobs.exists(&place.tenant, NOTHING, 0).await);
}

#[tokio::test]
async fn the_same_bytes_twice_are_kept_once() {
    let place = place();
    let at_once = async |name: &str| {
        let incoming = place.blobs.receive(name, 99, chunks(b"abc", 1)).await.unwrap();
        place.blobs.keep(&place.tenant, &incoming).await.unwrap();
        place.blobs.keep(&place.tenant, &incoming).await.unwrap();
    };
    futures::join!(at_once("a"), at_once("b"), at_once("c"));
    assert_eq!(files(place.folder.path()), [ABC]);
    assert_eq!(part(&place, ABC, 0..3).await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_removed_recording_is_gone_and_may_come_back() {
    let place = place();
    keep(&place, b"abc").await;
    let mut read_on = place.blobs.file(&place.tenant, ABC).unwrap();
    place.blobs.remove(&place.tenant, ABC).await.unwrap();
    place.blobs.remove(&place.tenant, ABC).await.unwrap(); // harmless
    assert_eq!(files(place.folder.path()), [""; 0]);
    assert!(matches!(part(&place, ABC, 0..1).await, Err(BlobError::Missing)));
    assert_eq!(read_on.read_to_end(&mut Vec::new()).unwrap(), 3, "who was reading may finish");
    keep(&place, b"abc").await;
    assert_eq!(part(&place, ABC, 0..3).await.unwrap(), b"abc");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let place = place();
    let broken = chunks(&[7; 300_000], 1_000).chain(stream::iter([Err("reset by peer".to_owned())]));
    let outcome = place.blobs.receive("one", 1 << 30, broken).await;
    assert!(matches!(outcome, Err(BlobError::Interrupted(why)) if why == "reset by peer"));
    assert_eq!(files(place.folder.path()), [""; 0]);
    // Nor does one whose receiver goes away, or one that nobody keeps.
    let endless = stream::repeat_with(|| Ok::<_, String>(Bytes::from_static(b"x"))).then(|it| async {
        tokio::task::yield_now().await;
        it
    });
    let receiving = place.blobs.receive("two", u64::MAX, Box::pin(endless));
    assert!(tokio::time::timeout(std::time::Duration::from_millis(100), receiving).await.is_err());
    drop(place.blobs.receive("three", 99, chunks(b"abc", 1)).await.unwrap());
    assert_eq!(files(place.folder.path()), [""; 0]);
}

#[tokio::test]
async fn an_upload_may_be_as_long_as_the_limit_and_no_longer() {
    let place = place();
    assert!(place.blobs.receive("one", 10, chunks(&[1; 10], 3)).await.is_ok());
    let outcome = place.blobs.receive("one", 9, chunks(&[1; 10], 3)).await;
    assert!(matches!(outcome, Err(BlobError::TooLarge(9))));
    assert_eq!(files(place.folder.path()), [""; 0]);
}

#[tokio::test]
async fn what_an_earlier_run_left_half_received_is_removed() {
    let place = place();
    keep(&place, b"abc").await;
    std::mem::forget(place.blobs.receive("half", 99, chunks(b"half", 1)).await.unwrap());
    let again = Blobs::open(place.folder.path()).unwrap();
    assert_eq!(files(place.folder.path()).len(), 2, "it may be arriving right now, in another process");
    let half = std::fs::File::options().write(true).open(place.folder.path().join("incoming/half")).unwrap();
    half.set_modified(std::time::UNIX_EPOCH).unwrap();
    drop(again);
    let again = Blobs::open(place.folder.path()).unwrap();
    assert_eq!(files(place.folder.path()), [ABC]);
    assert!(again.exists(&place.tenant, ABC, 3).await);
}

#[tokio::test]
async fn what_lies_there_can_be_looked_at_shelf_by_shelf() {
    let place = place();
    assert_eq!(place.blobs.shelf(&place.tenant, 0xba).await.unwrap(), [], "nothing was ever kept");
    keep(&place, b"abc").await;
    keep(&place, b"").await;
    let shelf = place.folder.path().join("blobs/acme/ba");
    std::fs::write(shelf.join(format!("{ABC}#3")), b"ab").unwrap();
    let mut lying = place.blobs.shelf(&place.tenant, 0xba).await.unwrap();
    lying.sort_by_key(|it| it.bytes);
    let told: Vec<_> = lying.iter().map(|it| (it.name.clone(), it.bytes, it.is_whole())).collect();
    assert_eq!(told, [(format!("{ABC}#3"), 2, false), (ABC.to_owned(), 3, true)]);
    let age = touchline_model::SystemClock.now().micros() - lying[0].modified.micros();
    assert!((-1_000_000..60_000_000).contains(&age), "{age} microseconds");
    assert_eq!(place.blobs.shelf(&"other".into(), 0xba).await.unwrap(), [], "tenants share nothing");
    place.blobs.remove_part(&place.tenant, 0xba, &lying[0]).await.unwrap();
    place.blobs.remove_part(&place.tenant, 0xba, &lying[0]).await.unwrap(); // harmless
    assert_eq!(place.blobs.shelf(&place.tenant, 0xba).await.unwrap(), [lying[1].clone()]);
}
