//! Events in order of arrival, families of customers, and what is kept of them.

use crate::samples::contact;
use crate::world::{World, is_conflict, strings, time};
use serde_json::json;
use std::borrow::Cow;
use touchline_model::{Event, EventKind, Kind};
use touchline_store::*;

on_both_engines!(
    events_are_kept_in_the_order_of_arrival,
    an_id_is_taken_once,
    families_are_joined_as_a_whole,
    what_is_kept_holds_until_another_event_arrives,
    an_empty_family_goes,
    own_events_are_derived_by_one_and_not_of_erased_contacts,
    agents_are_found_by_when_it_happened,
);

fn event(id: &str, contact: &str, at: &str) -> Event {
    let json = json!({
        "id": id, "type": "CONTACT/STARTED", "timestamp": at, "initiator": { "type": "AGENT", "id": "u1" },
        "content": { "contactId": contact, "conversationId": "v", "customerId": "p", "channel": "SMS",
            "context": { "assignee": { "inboxId": "i" } } },
    });
    serde_json::from_value(json).unwrap()
}

fn new(event: Event, family: i64) -> NewEvent<'static> {
    NewEvent { event: Cow::Owned(event), family: Some(family), own: false }
}

const TEN: &str = "2026-03-01T10:00:00Z";
const NOON: &str = "2026-03-01T12:00:00Z";

async fn events_are_kept_in_the_order_of_arrival(world: World) {
    let (late, early) = (event("late", "a", NOON), event("early", "b", TEN));
    let done =
        world.write(|batch| _ = batch.add_events(&[new(late.clone(), 1), new(early.clone(), 1)])).await;
    assert_eq!(done.unwrap().seq, 1, "they are one change");
    world.write(|batch| _ = batch.add_events(&[new(event("third", "a", TEN), 2)])).await.unwrap();
    let (store, tenant) = (&world.store, &world.tenant);
    let all = store.events_after(tenant, (0, 0), 9).await.unwrap();
    let places: Vec<(Arrival, &str)> = all.iter().map(|it| (it.arrival, it.event.id.as_str())).collect();
    assert_eq!(places, [((1, 0), "late"), ((1, 1), "early"), ((2, 0), "third")]);
    assert_eq!(store.events_after(tenant, (1, 0), 1).await.unwrap()[0].event, early);
    let changes = store.changes(tenant, 0, 9).await.unwrap();
    let told: Vec<(Kind, &str)> = changes.iter().map(|it| (it.kind, it.id.as_str())).collect();
    assert_eq!(
        told,
        [(Kind::Event, "early"), (Kind::Event, "third")],
        "by the last of those that came together"
    );
    // As far as recorded, and as far as arrived.
    let of = async |recorded: &str, arrived| {
        let all = store.events_of_families(tenant, &[2, 1], time(recorded), arrived).await.unwrap();
        all.into_iter().map(|(family, it)| format!("{family}{}", it.id)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(NOON, 9).await, "1late 1early 2third");
    assert_eq!(of(TEN, 9).await, "1early 2third");
    assert_eq!(of(NOON, 1).await, "1late 1early");
    let other = world.add_tenant("other").await;
    assert_eq!(store.events_after(&other, (0, 0), 9).await.unwrap(), []);
}

async fn an_id_is_taken_once(world: World) {
    world.write(|batch| _ = batch.add_events(&[new(event("e", "a", TEN), 1)])).await.unwrap();
    let again = world.write(|batch| _ = batch.add_events(&[new(event("e", "b", TEN), 1)])).await;
    assert!(is_conflict(&again));
    let found = world.store.events_by_id(&world.tenant, &strings(&["e", "x"])).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.event.contact_id().unwrap().as_str(), found[0].1), ("a", false));
    let node = |batch: &mut Batch| _ = batch.put_node(NodeSort::Contact, "a", 1);
    world.write(node).await.unwrap();
    assert!(is_conflict(&world.write(node).await), "somebody else was faster");
}

async fn families_are_joined_as_a_whole(world: World) {
    let (store, tenant) = (&world.store, &world.tenant);
    let fill = |batch: &mut Batch| {
        batch.put_node(NodeSort::Customer, "p", 1).put_node(NodeSort::Customer, "q", 2);
        batch.add_events(&[new(event("e1", "a", TEN), 1), new(event("e2", "b", NOON), 2)]);
        batch.touch_family(1, time(TEN), time(TEN)).touch_family(2, time(NOON), time(NOON));
    };
    world.write(fill).await.unwrap();
    let epoch = store.family_epoch(tenant).await.unwrap();
    world.write(|batch| _ = batch.hold_families(epoch)).await.unwrap();
    world.write(|batch| _ = batch.move_family_epoch(epoch).join_families(2, 1)).await.unwrap();
    assert!(is_conflict(&world.write(|batch| _ = batch.hold_families(epoch)).await));
    let nodes = store.event_nodes(tenant, NodeSort::Customer, &strings(&["p", "q", "r"])).await.unwrap();
    assert!(nodes.len() == 2 && nodes.iter().all(|(_, family)| *family == 1));
    assert_eq!(store.events_of_families(tenant, &[2], time(NOON), 9).await.unwrap(), []);
    assert_eq!(store.events_of_families(tenant, &[1], time(NOON), 9).await.unwrap().len(), 2);
    let stale = store.stale_families(tenant, None, 9).await.unwrap();
    assert_eq!(stale.iter().map(|it| it.family).collect::<Vec<_>>(), [1]);
    // It reaches from the first event of either to the last.
    let live = async |from: &str, to: &str, horizon: &str| {
        let asked = Asked { from: time(from), to: time(to), horizon: time(horizon) };
        store.live_families(tenant, asked, WorkedOut::Views, false).await.unwrap()
    };
    assert_eq!(live("2026-03-01T11:00:00Z", "2026-03-01T11:30:00Z", NOON).await, [1]);
    assert_eq!(live("2026-03-01T13:00:00Z", "2026-03-01T14:00:00Z", "2026-03-01T20:00:00Z").await, [0; 0]);
    assert_eq!(live("2026-03-01T00:00:00Z", TEN, NOON).await, [0; 0]);
}

async fn what_is_kept_holds_until_another_event_arrives(world: World) {
    let (store, tenant) = (&world.store, &world.tenant);
    let arrive = async |id: &str, at: &str| {
        let one = [new(event(id, "a", at), 1)];
        world.write(|batch| _ = batch.add_events(&one).touch_family(1, time(at), time(at))).await.unwrap();
    };
    arrive("e1", TEN).await;
    let stale = store.stale_families(tenant, None, 9).await.unwrap()[0];
    let facts = FactsRow {
        anchor: time(NOON),
        contact: "a".to_owned(),
        family: 1,
        created_at: time(TEN),
        body: vec![0, 1, 255],
    };
    let work = WorkRow { start_at: time(TEN), family: 1, n: 0, body: vec![7, 0, 9] };
    let keep = |batch: &mut Batch| {
        _ = batch.put_family(
            stale,
            WorkedOut::Views,
            true,
            std::slice::from_ref(&facts),
            std::slice::from_ref(&work),
        );
    };
    world.write(keep).await.unwrap();
    assert_eq!(store.stale_families(tenant, None, 9).await.unwrap(), []);
    assert_eq!(store.stale_families(tenant, Some(WorkedOut::Views), 9).await.unwrap(), [stale]);
    let (early, late) = (time("2026-03-01T00:00:00Z"), time("2026-03-02T00:00:00Z"));
    let owned = |page: FactsPage| page.iter().map(FactsRef::to_row).collect::<Vec<_>>();
    let kept = async || owned(store.facts_by_anchor(tenant, (early, ""), late, 9).await.unwrap());
    assert_eq!(kept().await, std::slice::from_ref(&facts));
    assert_eq!(
        owned(store.facts_by_start(tenant, (early, ""), late, 9).await.unwrap()),
        std::slice::from_ref(&facts)
    );
    assert!(store.facts_by_start(tenant, (time(TEN), "a"), late, 9).await.unwrap().is_empty());
    let before_noon = store.facts_by_anchor(tenant, (early, ""), time(NOON), 9).await.unwrap();
    assert!(before_noon.is_empty(), "the end is outside");
    let done = store.agent_work(tenant, time(TEN), late, 9).await.unwrap();
    assert_eq!(done.iter().collect::<Vec<_>>(), [(time(TEN), 1, &work.body[..])]);
    let before_ten = store.agent_work(tenant, early, time(TEN), 9).await.unwrap();
    assert!(before_ten.is_empty(), "the end is outside");
    let live = async |horizon: &str, how, open| {
        let asked = Asked { from: early, to: late, horizon: time(horizon) };
        store.live_families(tenant, asked, how, open).await.unwrap()
    };
    assert_eq!(live(TEN, WorkedOut::Views, false).await, [0; 0]);
    assert_eq!(live(TEN, WorkedOut::Views, true).await, [1], "a contact of it is open");
    assert_eq!(live(TEN, WorkedOut::Assignment, false).await, [1]);
    // Another event: what is kept no longer holds, and what was worked out meanwhile is refused.
    let seq = store.tenant_state(tenant).await.unwrap().unwrap().seq;
    assert_eq!(store.changed_families(tenant, seq).await.unwrap(), []);
    arrive("e2", NOON).await;
    assert_eq!(store.changed_families(tenant, seq).await.unwrap(), [(1, seq + 1)]);
    assert_eq!(live(NOON, WorkedOut::Views, false).await, [1]);
    assert!(is_conflict(&world.write(keep).await));
    assert_eq!(kept().await.len(), 1, "it stays until then");
    // Distrusted: strays go at once.
    world.write(|batch| _ = batch.distrust_facts()).await.unwrap();
    assert_eq!(kept().await.len(), 1);
    world.behind_its_back("DELETE FROM event_families").await;
    world.write(|batch| _ = batch.distrust_facts()).await.unwrap();
    assert_eq!(kept().await, []);
}

async fn an_empty_family_goes(world: World) {
    let (store, tenant) = (&world.store, &world.tenant);
    let fill = |batch: &mut Batch| {
        batch.put_node(NodeSort::Contact, "a", 1).put_node(NodeSort::Customer, "p", 1);
        batch.add_events(&[
            new(event("e1", "a", TEN), 1),
            NewEvent { own: true, ..new(event("e2", "a", TEN), 1) },
        ]);
        batch.touch_family(1, time(TEN), time(TEN));
    };
    world.write(fill).await.unwrap();
    assert_eq!(store.told_contacts(tenant, &[1], &strings(&["a", "b"])).await.unwrap(), ["a"]);
    world.write(|batch| _ = batch.drop_own_events(1, "a").family_lost_events(1)).await.unwrap();
    assert_eq!(store.events_after(tenant, (0, 0), 9).await.unwrap().len(), 1);
    world.write(|batch| _ = batch.erase_events("a")).await.unwrap();
    assert_eq!(store.events_after(tenant, (0, 0), 9).await.unwrap(), []);
    let stale = store.stale_families(tenant, None, 9).await.unwrap();
    world.write(|batch| _ = batch.drop_empty_family(stale[0])).await.unwrap();
    assert_eq!(store.stale_families(tenant, None, 9).await.unwrap(), []);
    assert_eq!(store.nodes_of_family(tenant, 1, NodeSort::Customer).await.unwrap(), strings(&[]));
    assert!(is_conflict(&world.write(|batch| _ = batch.drop_empty_family(stale[0])).await));
}

async fn own_events_are_derived_by_one_and_not_of_erased_contacts(world: World) {
    let (store, tenant) = (&world.store, &world.tenant);
    let start = store.own_events_up_to(tenant).await.unwrap();
    let place = (time(TEN), 7);
    world.write(|batch| _ = batch.move_own_events(start, place)).await.unwrap();
    assert_eq!(store.own_events_up_to(tenant).await.unwrap(), place);
    assert!(
        is_conflict(&world.write(|batch| _ = batch.move_own_events(start, place)).await),
        "somebody was faster"
    );

    world.write(|batch| _ = batch.put_node(NodeSort::Contact, "t", 9)).await.unwrap();
    let untold = |batch: &mut Batch| _ = batch.hold_untold(&[("t".to_owned(), 9)]);
    world.write(untold).await.unwrap();
    world.write(|batch| _ = batch.add_events(&[new(event("t1", "t", TEN), 9)])).await.unwrap();
    assert!(is_conflict(&world.write(untold).await), "somebody has told of it");
    world.write(|batch| _ = batch.erase_events("t")).await.unwrap();

    world.write(|batch| _ = batch.insert(&contact("a", 0))).await.unwrap();
    let row = store.contact_row(tenant, "a").await.unwrap().unwrap();
    let tell = |batch: &mut Batch| {
        batch.hold_unerased(&strings(&["a"])).put_node(NodeSort::Contact, "a", 1);
        batch.add_events(&[new(event("e1", "a", TEN), 1)]).touch_family(1, time(TEN), time(TEN));
    };
    // Both had looked before either wrote.
    world.write(tell).await.unwrap();
    world.write(|batch| _ = batch.erase(&row).erase_events("a")).await.unwrap();
    assert_eq!(store.events_after(tenant, (0, 0), 9).await.unwrap(), []);
    assert_eq!(store.stale_families(tenant, None, 9).await.unwrap().len(), 1, "it is worked out again");
    assert!(is_conflict(&world.write(tell).await));
    assert_eq!(store.events_after(tenant, (0, 0), 9).await.unwrap(), []);
}

async fn agents_are_found_by_when_it_happened(world: World) {
    let (store, tenant) = (&world.store, &world.tenant);
    let status = |id: &str, what: &str, happened: &str| {
        let json = json!({
            "id": id, "type": format!("AGENT_STATUS/{what}"), "timestamp": NOON,
            "initiator": { "type": "AGENT", "id": "u1" }, "content": { "agentId": "u1", "occurredAt": happened },
        });
        NewEvent { event: Cow::Owned(serde_json::from_value(json).unwrap()), family: None, own: false }
    };
    let offered = json!({
        "id": "offered", "type": "CONTACT/OFFERED", "timestamp": NOON, "initiator": { "type": "SYSTEM" },
        "content": { "contactId": "x", "conversationId": "v", "customerId": "p", "channel": "SMS", "agentId": "u1",
            "context": { "assignee": { "inboxId": "i" } } },
    });
    let events = [
        status("out", "LOGGED_OUT", "2026-03-01T11:00:00Z"),
        status("in", "LOGGED_IN", TEN),
        new(serde_json::from_value(offered).unwrap(), 1),
    ];
    world.write(|batch| _ = batch.add_events(&events)).await.unwrap();
    let known = Known { recorded: time(NOON), arrived: 9 };
    let counted = async |after: &str, limit| {
        let found =
            store.counted_events(tenant, (time(after), (0, -1)), time("2026-03-02T00:00:00Z"), known, limit);
        found.await.unwrap().into_iter().map(|it| it.event.id.0).collect::<Vec<_>>()
    };
    assert_eq!(counted(TEN, 9).await, ["in", "out"]);
    assert_eq!(counted(TEN, 1).await, ["in"]);
    let start = [new(event("start", "x", TEN), 1)];
    world.write(|batch| _ = batch.add_events(&start)).await.unwrap();
    assert_eq!(counted(TEN, 9).await, ["in", "out"], "contacts are counted from what is worked out of them");
    let last = store.last_status(tenant, "u1", EventKind::AgentLoggedOut, time(NOON), known).await.unwrap();
    assert_eq!(last.unwrap().event.id.as_str(), "out");
    let none = store.last_status(tenant, "u1", EventKind::AgentLoggedOut, time(TEN), known).await.unwrap();
    assert_eq!(none, None);
    let between =
        store.status_between(tenant, "u1", time(TEN), time("2026-03-01T11:00:00Z"), known).await.unwrap();
    assert_eq!(between.len(), 1);
    assert_eq!(store.first_view(tenant).await.unwrap(), None);
}
