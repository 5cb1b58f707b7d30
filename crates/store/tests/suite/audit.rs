//! The audit trail: written with the deed, and a trail that somebody tampered with shows.

use crate::{
    samples::Sample,
    world::{World, is_conflict},
};
use touchline_model::{Caller, Clock, User};
use touchline_store::{AuditBy, AuditCheck, AuditFault, AuditNote, AuditSpan, Batch};

on_both_engines!(
    an_entry_is_written_with_the_deed_or_not_at_all,
    an_altered_entry_is_found,
    an_altered_last_entry_with_a_fitting_hash_is_found,
    a_removed_entry_is_found,
    a_trail_cut_short_is_found,
    a_trail_of_several_pages_is_followed,
    a_trail_is_checked_in_parts,
    entries_are_found_by_who_what_and_when,
);

fn note(action: &'static str, object: &str) -> AuditNote {
    let caller =
        Caller { source: "192.0.2.7".to_owned(), ..Caller::system("acme".into(), "credential:é'\"") };
    AuditNote::new(&caller, action, object, "why: \\ \u{1F3A7}\0 end")
}

async fn write(world: &World, entries: usize) {
    for n in 0..entries {
        world.write(|batch| _ = batch.audit(note("contact.read", &format!("c-{n}")))).await.unwrap();
    }
    assert_eq!(world.store.audit_verify(&world.tenant).await.unwrap(), None);
}

async fn fault(world: &World) -> Option<AuditFault> {
    world.store.audit_verify(&world.tenant).await.unwrap()
}

async fn an_entry_is_written_with_the_deed_or_not_at_all(world: World) {
    let World { store, tenant, clock, .. } = &world;
    assert_eq!(fault(&world).await, None);
    let mut batch = world.batch();
    batch.put(&User::full()).audit(note("user.put", "u-1")).audit(note("user.look", &"x".repeat(900)));
    store.apply(batch).await.unwrap();
    let refused = world.write(|batch| _ = batch.audit(note("user.delete", "none")).delete::<User>("none"));
    assert!(is_conflict(&refused.await));
    let entries = store.audit_page(tenant, 0, 9).await.unwrap();
    assert_eq!(entries.len(), 2);
    let first = &entries[0];
    assert_eq!((first.n, first.at, first.actor.as_str()), (1, clock.now(), "credential:é'\""));
    assert_eq!(
        (first.source.as_str(), first.action.as_str(), first.object.as_str()),
        ("192.0.2.7", "user.put", "u-1")
    );
    assert_eq!((first.detail.as_str(), first.hash.len()), ("why: \\ \u{1F3A7} end", 64));
    assert_eq!((entries[1].object.len(), entries[1].hash == first.hash), (500, false));
    assert_eq!(store.audit_page(tenant, 1, 9).await.unwrap(), entries[1..]);
    assert_eq!(fault(&world).await, None);
    // Another tenant has a trail of its own, and the same entry has another hash there.
    let other = world.add_tenant("other").await;
    let mut batch = Batch::new(&other);
    batch.audit(note("user.put", "u-1"));
    store.apply(batch).await.unwrap();
    let theirs = store.audit_page(&other, 0, 9).await.unwrap();
    assert_eq!((theirs.len(), theirs[0].n, theirs[0].hash == first.hash), (1, 1, false));
}

async fn an_altered_entry_is_found(world: World) {
    write(&world, 4).await;
    for (change, undo) in [
        ("object = 'c-7'", "object = 'c-1'"),
        ("actor = actor || ' '", "actor = rtrim(actor)"),
        ("at = at + 1", "at = at - 1"),
        ("action = 'contact.rea', object = 'dc-1'", "action = 'contact.read', object = 'c-1'"),
    ] {
        world.behind_its_back(&format!("UPDATE audit SET {change} WHERE n = 2")).await;
        assert_eq!(fault(&world).await, Some(AuditFault::Altered(2)), "{change}");
        world.behind_its_back(&format!("UPDATE audit SET {undo} WHERE n = 2")).await;
        assert_eq!(fault(&world).await, None, "{undo}");
    }
    // Entries swapped: the later one's text at the earlier place.
    world
        .behind_its_back("UPDATE audit SET object = (SELECT object FROM audit WHERE n = 4) WHERE n = 3")
        .await;
    assert_eq!(fault(&world).await, Some(AuditFault::Altered(3)));
}

async fn an_altered_last_entry_with_a_fitting_hash_is_found(world: World) {
    write(&world, 2).await;
    // The same entry of a trail in which it came first, so that its own hash is that of another chain.
    world.behind_its_back("DELETE FROM audit WHERE n = 1; UPDATE audit SET n = 1").await;
    assert!(matches!(fault(&world).await, Some(AuditFault::Altered(1))));
}

async fn a_removed_entry_is_found(world: World) {
    write(&world, 3).await;
    world.behind_its_back("DELETE FROM audit WHERE n = 2").await;
    assert_eq!(fault(&world).await, Some(AuditFault::Missing(2)));
    // The trail goes on, and the hole stays to be seen.
    world.write(|batch| _ = batch.audit(note("contact.read", "c-9"))).await.unwrap();
    assert_eq!(fault(&world).await, Some(AuditFault::Missing(2)));
    world.behind_its_back("DELETE FROM audit WHERE n = 1").await;
    assert_eq!(fault(&world).await, Some(AuditFault::Missing(1)));
}

async fn a_trail_cut_short_is_found(world: World) {
    write(&world, 3).await;
    world.behind_its_back("DELETE FROM audit WHERE n = 3").await;
    assert_eq!(fault(&world).await, Some(AuditFault::CutShort(3)));
    world.behind_its_back("DELETE FROM audit").await;
    assert_eq!(fault(&world).await, Some(AuditFault::CutShort(3)));
}

async fn a_trail_of_several_pages_is_followed(world: World) {
    let mut batch = world.batch();
    for n in 0..2_100 {
        batch.audit(note("contact.read", &n.to_string()));
    }
    world.store.apply(batch).await.unwrap();
    assert_eq!(fault(&world).await, None);
    world.behind_its_back("UPDATE audit SET detail = '' WHERE n = 2050").await;
    assert_eq!(fault(&world).await, Some(AuditFault::Altered(2050)));
}

async fn a_trail_is_checked_in_parts(world: World) {
    let World { store, tenant, .. } = &world;
    let mut batch = world.batch();
    for n in 0..2_100 {
        batch.audit(note("contact.read", &n.to_string()));
    }
    store.apply(batch).await.unwrap();
    let part = |after, to, fault| AuditCheck { after, to, last: 2_100, fault };
    assert_eq!(store.audit_check(tenant, 0, 1_000).await.unwrap(), part(0, 1_000, None));
    assert_eq!(store.audit_check(tenant, 1_000, 1_000).await.unwrap(), part(1_000, 2_000, None));
    assert_eq!(store.audit_check(tenant, 2_000, 1_000).await.unwrap(), part(2_000, 2_100, None));
    assert_eq!(store.audit_check(tenant, i64::MAX, 1).await.unwrap(), part(2_100, 2_100, None));
    world.behind_its_back("UPDATE audit SET detail = '' WHERE n = 1001").await;
    let broken = Some(AuditFault::Altered(1_001));
    assert_eq!(store.audit_check(tenant, 0, 1_000).await.unwrap(), part(0, 1_000, None));
    assert_eq!(store.audit_check(tenant, 1_000, 1_000).await.unwrap(), part(1_000, 1_000, broken));
    world.behind_its_back("DELETE FROM audit WHERE n = 1000").await;
    let lost = Some(AuditFault::Missing(1_000));
    assert_eq!(store.audit_check(tenant, 1_000, 1_000).await.unwrap(), part(1_000, 1_000, lost));
}

async fn entries_are_found_by_who_what_and_when(world: World) {
    let World { store, tenant, clock, .. } = &world;
    let other = world.add_tenant("other").await;
    let began = clock.now();
    for n in 1..=6 {
        let mut batch = Batch::new(if n == 6 { &other } else { tenant });
        let actor = if n % 2 == 0 { "user:even" } else { "user:odd" };
        let caller = Caller::system("acme".into(), actor);
        let action = if n < 4 { "contact.read" } else { "contact.delete" };
        batch.audit(AuditNote::new(&caller, action, format!("c-{}", n / 3), ""));
        store.apply(batch).await.unwrap();
        clock.advance_secs(60);
    }
    let all = AuditSpan { above: 0, below: i64::MAX };
    let numbers = async |by, span, down, limit| -> Vec<i64> {
        store.audit_rows(tenant, by, span, down, limit).await.unwrap().into_iter().map(|it| it.n).collect()
    };
    assert_eq!(numbers(AuditBy::Number, all, true, 9).await, [5, 4, 3, 2, 1]);
    assert_eq!(numbers(AuditBy::Number, AuditSpan { above: 1, below: 5 }, false, 2).await, [2, 3]);
    assert_eq!(numbers(AuditBy::Actor("user:odd"), all, true, 9).await, [5, 3, 1]);
    assert_eq!(numbers(AuditBy::Action("contact.delete"), all, false, 9).await, [4, 5]);
    let before_the_last = AuditSpan { above: 0, below: 5 };
    assert_eq!(numbers(AuditBy::Object("c-1"), before_the_last, true, 9).await, [4, 3]);
    assert_eq!(numbers(AuditBy::Actor("user:even' OR 1=1 --"), all, true, 9).await, [0_i64; 0]);
    for (minutes, number) in [(-1, 1), (0, 1), (1, 2), (4, 5), (5, 6), (90, 6)] {
        let found = store.audit_number_at(tenant, began.plus_secs(minutes * 60)).await.unwrap();
        assert_eq!(found, number, "{minutes} min");
    }
    assert_eq!(store.audit_number_at(tenant, began.plus_secs(61)).await.unwrap(), 3);
    assert_eq!(store.audit_actions(tenant, 9).await.unwrap(), ["contact.delete", "contact.read"]);
    assert_eq!(store.audit_actions(tenant, 1).await.unwrap(), ["contact.delete"]);
    assert!(store.audit_number_at(&"nobody".into(), began).await.is_err());
}
