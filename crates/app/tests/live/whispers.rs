//! What supervisors said to agents alone, where an organisation keeps it: for supervisors' ears, as long as the contact is.

use crate::world::World;
use futures::TryStreamExt;
use touchline_app::{
    AppError,
    live::{ChangeTelephony, RecordedCall, RecordingPolicy, board::CallId},
};
use touchline_model::Caller;

on_both_engines!(
    a_kept_whisper_is_a_track_of_its_own_for_those_who_supervise,
    a_kept_whisper_goes_with_its_contact,
    a_whisper_of_a_call_among_ourselves_is_not_kept,
);

/// A second of a value, as a WAV file.
fn wav(value: i16) -> Vec<u8> {
    let mut wav = b"RIFF".to_vec();
    wav.extend((36_u32 + 16_000).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    for field in [1_u16, 1] {
        wav.extend(field.to_le_bytes());
    }
    for field in [8_000_u32, 16_000] {
        wav.extend(field.to_le_bytes());
    }
    for field in [2_u16, 16] {
        wav.extend(field.to_le_bytes());
    }
    wav.extend(b"data");
    wav.extend(16_000_u32.to_le_bytes());
    (0..8_000).for_each(|_| wav.extend(value.to_le_bytes()));
    wav
}

async fn keeping(world: &World) {
    let known = world.app.telephony(&world.admin).await.unwrap();
    let change = ChangeTelephony {
        version: known.version,
        plan: known.settings.plan,
        recording: RecordingPolicy { enabled: None, keep_whisper: Some(true) },
        ..ChangeTelephony::default()
    };
    world.app.change_telephony(&world.admin, change).await.unwrap();
}

fn files(world: &World, coach: i16) -> RecordedCall {
    let file = |name: &str, value| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, wav(value)).unwrap();
        path
    };
    RecordedCall { customer_facing: file("call.wav", 1), coach: Some(file("coach.wav", coach)), cut: false }
}

/// A call of a customer with Ana, coached with this.
async fn coached(world: &mut World, coach: i16) -> CallId {
    world.customer_calls("5001");
    world.answers("A");
    let call = world.view("ana").call;
    world.passes(2);
    world.hangs_up("customer");
    let files = files(world, coach);
    world.live.recorded(&world.tenant(), call, files.clone()).await.unwrap();
    assert!(!files.coach.unwrap().exists() && !files.customer_facing.exists(), "kept elsewhere now");
    call
}

async fn heard(world: &World, who: &Caller, call: CallId) -> Result<Option<Vec<u8>>, AppError> {
    let Some(found) = world.app.whisper(who, &call.to_string(), |it| 0..it.bytes).await? else {
        return Ok(None);
    };
    let bytes: Vec<bytes::Bytes> = found.bytes.try_collect().await.unwrap();
    Ok(Some(bytes.concat()))
}

async fn a_kept_whisper_is_a_track_of_its_own_for_those_who_supervise(mut world: World) {
    keeping(&world).await;
    let call = coached(&mut world, 7).await;
    let id = call.to_string();
    let (sue, ana) = (world.caller("sue"), world.caller("ana"));
    assert_eq!(heard(&world, &sue, call).await.unwrap(), Some(wav(7)));
    let shown = world.app.contact(&sue, &id).await.unwrap();
    assert_eq!(shown.whisper.unwrap().bytes, 16_044);
    // The recording is the customer's, whoever hears it.
    let part = world.app.recording(&sue, &id, |it| 0..it.bytes).await.unwrap().unwrap();
    let bytes: Vec<bytes::Bytes> = part.bytes.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), wav(1));
    // The agent, whose call it is, sees the recording and nothing of the track.
    let shown = world.app.contact(&ana, &id).await.unwrap();
    assert!(shown.recording.is_some() && shown.whisper.is_none());
    assert!(matches!(heard(&world, &ana, call).await, Ok(None) | Err(AppError::NotAllowed(_))));
    // Whoever may hear recordings, but not coach, does not hear it either.
    let mut analyst = sue.clone();
    analyst.abilities.remove(&touchline_model::Ability::WriteCoaching);
    assert_eq!(heard(&world, &analyst, call).await.unwrap(), None);
    assert!(world.app.contact(&analyst, &id).await.unwrap().whisper.is_none());
    // The same file again changes nothing; somebody else's contact has none.
    let files = files(&world, 7);
    world.live.recorded(&world.tenant(), call, files).await.unwrap();
    assert_eq!(heard(&world, &sue, call).await.unwrap(), Some(wav(7)));
}

async fn a_kept_whisper_goes_with_its_contact(mut world: World) {
    keeping(&world).await;
    // Two calls in which the same was whispered share the bytes.
    let (one, other) = (coached(&mut world, 3).await, coached(&mut world, 3).await);
    let sue = world.caller("sue");
    let sha256 = world.app.contact(&sue, &one.to_string()).await.unwrap().whisper.unwrap().sha256;
    let users =
        async |world: &World| world.app.store().recording_users(&world.tenant(), &sha256).await.unwrap();
    assert_eq!(users(&world).await, 2);
    world.app.erase_contact(&world.admin, &one.to_string(), None).await.unwrap();
    assert!(heard(&world, &sue, one).await.is_err(), "the contact is gone");
    assert_eq!(heard(&world, &sue, other).await.unwrap(), Some(wav(3)), "the other one is not");
    assert_eq!(users(&world).await, 1);
    world.app.erase_contact(&world.admin, &other.to_string(), None).await.unwrap();
    assert_eq!(users(&world).await, 0);
    let mut left = vec![];
    let mut folders = vec![world.folder.path().join("recordings")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => left.push(entry.path()),
            }
        }
    }
    assert!(!left.iter().any(|it| it.to_string_lossy().contains(&sha256)), "no bytes are left: {left:?}");
}

async fn a_whisper_of_a_call_among_ourselves_is_not_kept(mut world: World) {
    keeping(&world).await;
    world
        .live
        .call_in(&world.tenant(), touchline_app::live::CallingFrom::Device("A".into()), "5002")
        .unwrap();
    world.answers("B");
    let call = world.view("ben").call;
    world.on_call("ben", touchline_app::live::board::CallCommand::HangUp);
    let files = files(&world, 9);
    world.live.recorded(&world.tenant(), call, files.clone()).await.unwrap();
    assert!(!files.coach.unwrap().exists());
    let kept = world.app.store().whispers(&world.tenant(), &[call.to_string()]).await.unwrap();
    assert!(kept.is_empty());
}
