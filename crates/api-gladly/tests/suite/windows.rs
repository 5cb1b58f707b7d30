//! Which window a contact is in, and what is known when (contract §9, §9.1).

use crate::{
    thread::Thread,
    world::{Row, World, both, cells, column},
};
use serde_json::json;

/// Contact A starts at 11:02 in Los Angeles, on the second of March.
fn a() -> Thread {
    Thread::new("A", "CHAT", "cu1", "i-new").starts("2026-03-02T19:02:00Z").accepted(
        "ana",
        "2026-03-02T19:02:10Z",
        "2026-03-02T19:03:00Z",
    )
}

/// The window from 11:00 to 12:00 of the same day there, and from 13:00 to 14:00.
async fn eleven(world: &World) -> Vec<Row> {
    world.sessions("2026-03-02T19:00", "2026-03-02T20:00").await
}
async fn thirteen(world: &World) -> Vec<Row> {
    world.sessions("2026-03-02T21:00", "2026-03-02T22:00").await
}

const END: [&str; 7] = [
    "id",
    "agent_id",
    "contact_session_ended_at",
    "status",
    "work_session_handle_time_sec",
    "work_session_after_contact_time_sec",
    "work_session_unknown_time_sec",
];

// covers(gladly): W-1, S9.4, S4.3, C4-1, C4-9, C4-11, C4-16
#[tokio::test]
async fn a_contact_that_is_open_has_one_row_in_the_window_of_its_start() {
    both(async |world| {
        world.send(a().events).await;
        world.now("2026-03-02T21:05:00Z");
        let rows = eleven(&world).await;
        assert_eq!(column(&rows, "contact_session_id"), ["A"]);
        assert_eq!(cells(&rows[0], &END), " |  |  |  |  |  | ", "nothing of its end");
        assert_eq!(rows[0]["agent_accepted_at"], "", "nor of its agents");
        assert_eq!(rows[0]["contact_session_routed_at"], "2026-03-02T19:02:10.000Z");
        assert_eq!(thirteen(&world).await.len(), 0);
    })
    .await;
}

// covers(gladly): W-2, W-3, W-4, S9.2, S9.4, S9.5, X-5
#[tokio::test]
async fn a_row_moves_to_the_window_of_its_end_when_the_hour_is_over() {
    both(async |world| {
        world.send(a().ends("2026-03-02T21:05:00Z").events).await;
        world.now("2026-03-02T21:30:00Z");
        let rows = eleven(&world).await;
        assert_eq!(cells(&rows[0], &END), " |  |  |  |  |  | ", "the horizon is 12:30, its end is not known");
        assert_eq!(thirteen(&world).await.len(), 0);
        // To the microsecond: known from the horizon on.
        world.now("2026-03-02T22:04:59.999999Z");
        assert_eq!((eleven(&world).await.len(), thirteen(&world).await.len()), (1, 0));
        world.now("2026-03-02T22:05:00Z");
        assert_eq!((eleven(&world).await.len(), thirteen(&world).await.len()), (0, 1));

        world.now("2026-03-03T01:00:00Z");
        assert_eq!(eleven(&world).await.len(), 0);
        let rows = thirteen(&world).await;
        assert_eq!(column(&rows, "agent_id"), ["ana"]);
        assert_eq!(rows[0]["id"].len(), 22);
        assert_eq!(rows[0]["contact_session_ended_at"], "2026-03-02T21:05:00.000Z");
        assert_eq!(rows[0]["agent_accepted_at"], "2026-03-02T19:03:00.000Z");
        assert_eq!(rows[0]["work_session_handle_time_sec"], "7320", "assigned from 11:03 to 13:05");
        // Asked again it is the same row: nothing is remembered of who asked (and nothing used up).
        assert_eq!(thirteen(&world).await, rows);
    })
    .await;
}

// covers(gladly): W-5, W-6, S9.3
#[tokio::test]
async fn a_contact_over_midnight_is_where_it_ends_also_years_later() {
    both(async |world| {
        let contact = Thread::new("c1", "EMAIL", "cu1", "i-new").starts("2023-03-21T04:00:00Z");
        world.send(contact.ends("2023-03-22T04:00:00Z").events).await;
        for now in ["2023-03-23T00:00:00Z", "2033-03-23T00:00:00Z"] {
            world.now(now);
            assert_eq!(world.sessions("2023-03-21T00:00", "2023-03-22T00:00").await.len(), 0);
            let rows = world.sessions("2023-03-21T00:00", "2023-03-23T00:00").await;
            assert_eq!(cells(&rows[0], &END[1..4]), " | 2023-03-22T04:00:00.000Z | ANSWERED");
        }
    })
    .await;
}

// covers(gladly): W-7, W-8, S3.3, X-6
#[tokio::test]
async fn the_whole_last_minute_counts_and_no_more() {
    both(async |world| {
        for (id, end) in [
            ("in", "2026-03-02T12:00:30Z"),
            ("last", "2026-03-02T12:00:59.999999Z"),
            ("out", "2026-03-02T12:01:00Z"),
            ("first", "2026-03-02T11:00:00Z"),
            ("before", "2026-03-02T10:59:59.999999Z"),
        ] {
            let contact = Thread::new(id, "CHAT", id, "i-new").starts("2026-03-02T09:00:00Z").ends(end);
            world.send(contact.events).await;
        }
        let rows = world.sessions("2026-03-02T11:00", "2026-03-02T12:00").await;
        assert_eq!(column(&rows, "contact_session_id"), ["first", "in", "last"]);
        let body = json!({ "metricSet": "WorkSessionEventsReportV4", "startAtTime": "2026-03-02T12:00+01:00",
            "endAtTime": "2026-03-02T13:00:59+01:00" });
        assert_eq!(world.report(body).await.rows(), rows);
    })
    .await;
}

// covers(gladly): S9.8
#[tokio::test]
async fn a_window_may_end_now_or_in_the_future() {
    both(async |world| {
        world.send(a().events).await;
        world.now("2026-03-02T20:10:00Z");
        let rows = world.sessions("2026-03-02T18:00", "2026-03-02T20:10").await;
        assert_eq!(column(&rows, "contact_session_id"), ["A"]);
        assert_eq!(world.sessions("2026-03-02T18:00", "2036-03-02T20:10").await, rows);
        assert_eq!(world.sessions("2027-03-02T18:00", "2036-03-02T20:10").await.len(), 0);
    })
    .await;
}

// covers(gladly): S9.6
#[tokio::test]
async fn a_contact_never_leaves_the_window_in_which_it_was_queued() {
    both(async |world| {
        world.send(a().ends("2026-03-04T21:05:00Z").events).await;
        let body = json!({ "metricSet": "ContactExportReportV3", "startAtTime": "2026-03-02T19:00Z",
            "endAtTime": "2026-03-02T20:00Z" });
        let cells_of = async |now: &str| {
            world.now(now);
            let rows = world.report(body.clone()).await.rows();
            rows.iter()
                .map(|row| cells(row, &["Contact ID", "First Accepted Agent ID", "Ended At"]))
                .collect::<Vec<_>>()
        };
        assert_eq!(cells_of("2026-03-02T19:30:00Z").await, [""; 0], "it has not begun yet");
        assert_eq!(cells_of("2026-03-02T20:02:30Z").await, ["A |  | "]);
        assert_eq!(cells_of("2026-03-03T00:00:00Z").await, ["A | ana | "]);
        assert_eq!(cells_of("2026-03-05T00:00:00Z").await, ["A | ana | 2026-03-04T21:05:00.000Z"]);
        let later =
            json!({ "metricSet": "ContactExportReportV3", "startAt": "2026-03-04", "endAt": "2026-03-04" });
        assert_eq!(world.report(later).await.rows().len(), 0);
    })
    .await;
}

// covers(gladly)
#[tokio::test]
async fn a_contact_without_its_start_is_reported_when_the_start_arrives() {
    both(async |world| {
        let events = a().ends("2026-03-02T21:05:00Z").events;
        world.send(events[1..].to_vec()).await;
        assert_eq!(thirteen(&world).await.len(), 0);
        world.send(events[..1].to_vec()).await;
        assert_eq!(column(&thirteen(&world).await, "agent_id"), ["ana"]);
    })
    .await;
}
