//! What each agent did in each bucket.

use super::world::*;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use touchline_analysis::sessions::{
    AgentStatus, AgentSummary, BREAKDOWN, ContactFacts, Figures, Interval, Level, Micros, OutOfOrder, Span,
    Window,
};
use touchline_model::events::AgentStatusChange::*;
use touchline_model::events::ContactChannel::*;
use touchline_model::events::*;
use touchline_model::{Timestamp, UserId};

/// A row that has been copied.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    bucket: Span,
    agent: String,
    figures: Figures,
}

/// Pushes events and intervals in order of time, for the agents ana and bob.
fn summary(log: &Log, intervals: &[Interval], buckets: &[Span], horizon: Timestamp) -> Vec<Row> {
    let agents = ["ana", "bob"].map(|id| (UserId::from(id), AgentStatus::default()));
    let mut fold = AgentSummary::new(agents, buckets.iter().copied(), horizon);
    let mut rows = Vec::new();
    let mut emit = |row: touchline_analysis::sessions::AgentRow<'_>| {
        rows.push(Row { bucket: row.bucket, agent: row.agent_id.to_string(), figures: row.figures.clone() });
    };
    let mut events: Vec<&Event> = log.events.iter().collect();
    events.sort_by_key(|event| (event.happened_at(), event.timestamp));
    let mut intervals: Vec<&Interval> = intervals.iter().collect();
    intervals.sort();
    let mut intervals = intervals.into_iter().peekable();
    for event in events {
        while let Some(interval) = intervals.next_if(|interval| interval.start <= event.happened_at()) {
            fold.interval(interval, &mut emit).unwrap();
        }
        fold.event(event, &mut emit).unwrap();
    }
    intervals.for_each(|interval| fold.interval(interval, &mut emit).unwrap());
    fold.finish(&mut emit);
    rows
}

fn hours(from: u8, to: u8) -> Vec<Span> {
    (from..to).map(|hour| Span::new(t(&format!("{hour:02}:00")), t(&format!("{:02}:00", hour + 1)))).collect()
}

/// `9 ana 3600/60`: hour, agent, seconds logged in and away.
fn times(rows: &[Row]) -> Vec<String> {
    let shown = |row: &Row| {
        let hour = row.bucket.start.to_string()[11..13].to_owned();
        format!("{hour} {} {}/{}", row.agent, row.figures.logged_in_time, row.figures.away_time)
    };
    rows.iter().map(shown).collect()
}

fn all_intervals(facts: &[ContactFacts]) -> Vec<Interval> {
    facts.iter().flat_map(|facts| facts.intervals.clone()).collect()
}

// covers(gladly): S6, S9.7, X-18
#[test]
fn a_working_day_is_cut_into_its_hours() {
    let mut log = Log::default();
    log.status("09:30", "ana", LoggedIn).status("10:15", "ana", WentAway).status(
        "10:20:00.5",
        "ana",
        ReturnedFromAway,
    );
    log.status("10:30", "ana", ChangedActiveReason).status("11:45", "ana", LoggedOut);
    let rows = summary(&log, &[], &hours(8, 14), t("20:00"));
    assert_eq!(times(&rows), ["09 ana 1800/0", "10 ana 3600/300.5", "11 ana 2700/0"]);
    let counts = |row: &Row| {
        let f = &row.figures;
        [f.logged_in, f.logged_out, f.went_away, f.returned_from_away, f.changed_active_reason]
    };
    assert_eq!(
        [counts(&rows[0]), counts(&rows[1]), counts(&rows[2])],
        [[1, 0, 0, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 0, 0]]
    );
    assert_eq!(rows[1].figures.active_time().to_string(), "3299.5");
}

// covers(gladly)
#[test]
fn an_agent_who_never_logged_out_works_until_the_horizon() {
    let mut log = Log::default();
    log.status("09:30", "ana", LoggedIn).status("10:40", "ana", WentAway);
    let rows = summary(&log, &[], &hours(8, 23), t("11:10"));
    assert_eq!(times(&rows), ["09 ana 1800/0", "10 ana 3600/1200", "11 ana 600/600"]);
}

// covers(gladly): S6
#[test]
fn logging_out_ends_an_absence_without_a_return() {
    let mut log = Log::default();
    log.status("09:00", "ana", LoggedIn).status("09:10", "ana", WentAway).status("09:20", "ana", LoggedOut);
    log.status("09:40", "ana", LoggedIn);
    let rows = summary(&log, &[], &hours(9, 10), t("20:00"));
    assert_eq!(times(&rows), ["09 ana 2400/600"]);
    assert_eq!(rows[0].figures.returned_from_away, 0);
}

// covers(gladly): R-20
#[test]
fn what_does_not_fit_is_counted_and_changes_no_time() {
    let mut log = Log::default();
    log.status("08:10", "ana", LoggedOut)
        .status("08:20", "ana", ReturnedFromAway)
        .status("08:30", "ana", WentAway);
    log.status("09:00", "ana", LoggedIn).status("09:30", "ana", LoggedIn).status(
        "09:40",
        "ana",
        ReturnedFromAway,
    );
    log.status("10:00", "ana", LoggedOut).status("10:30", "ana", LoggedOut);
    let rows = summary(&log, &[], &hours(8, 12), t("20:00"));
    assert_eq!(times(&rows), ["08 ana 0/0", "09 ana 3600/0", "10 ana 0/0"]);
    let counts = |row: &Row| {
        [row.figures.logged_in, row.figures.logged_out, row.figures.went_away, row.figures.returned_from_away]
    };
    assert_eq!(
        [counts(&rows[0]), counts(&rows[1]), counts(&rows[2])],
        [[0, 1, 1, 1], [2, 0, 0, 1], [0, 2, 0, 0]]
    );
}

// covers(gladly): S6, R-19
#[test]
fn availability_counts_while_logged_in_and_not_away_and_outlives_a_logout() {
    let mut log = Log::default();
    log.available("08:30", "ana", &[ChannelType::Mail, ChannelType::Voice]).status("09:00", "ana", LoggedIn);
    log.status("09:10", "ana", WentAway).status("09:20", "ana", ReturnedFromAway);
    log.available("09:30", "ana", &[ChannelType::Voice]).status("09:40", "ana", LoggedOut);
    log.status("10:00", "ana", LoggedIn).available("10:10", "ana", &[]).status("10:20", "ana", LoggedOut);
    let rows = summary(&log, &[], &hours(8, 11), t("20:00"));
    let seconds = |row: &Row| row.figures.available.map(|time| time.0 / 1_000_000);
    let any: Vec<String> = rows.iter().map(|row| row.figures.available_any.to_string()).collect();
    assert_eq!(any, ["1800", "600"], "an hour with no more than a change of availability has no row");
    // In the order mail, messaging, task, voice.
    assert_eq!([seconds(&rows[0]), seconds(&rows[1])], [[1200, 0, 0, 1800], [0, 0, 0, 600]]);
}

// covers(gladly): R-18
#[test]
fn status_goes_by_when_it_occurred_and_is_seen_by_when_it_was_recorded() {
    let mut log = Log::default();
    log.status("09:00", "ana", LoggedIn).status("09:59", "ana", LoggedOut);
    log.events[1].timestamp = t("10:30");
    assert_eq!(
        times(&summary(&log, &[], &hours(9, 11), t("10:00"))),
        ["09 ana 3600/0"],
        "the logout is not known"
    );
    let rows = summary(&log, &[], &hours(9, 11), t("11:00"));
    assert_eq!(times(&rows), ["09 ana 3540/0"]);
    assert_eq!(rows[0].figures.logged_out, 1, "counted in the hour in which it happened");
}

// covers(gladly): S6, X-10
#[test]
fn what_agents_do_with_contacts_is_counted_for_whoever_did_it_by_channel() {
    let mut log = Log::default();
    log.starts("09:00", "A", PhoneCall).offered("09:01", "A", "ana").rejected(
        "09:02",
        "A",
        "ana",
        RejectReason::Declined,
    );
    log.offered("09:03", "A", "ana").rejected("09:04", "A", "ana", RejectReason::Missed);
    log.offered("09:05", "A", "ana").rejected("09:06", "A", "ana", RejectReason::DeviceError);
    log.offered("09:07", "A", "bob").accepted("09:08", "A", "bob");
    log.transferred("09:09", "A", "bob", "billing", Some("ana"))
        .accepted("09:10", "A", "ana")
        .ends("09:11", "A");
    log.reaches_out("09:12", "B", Email, "ana").sent("09:13", "B", agent("ana")).sent(
        "09:14",
        "B",
        agent("ana"),
    );
    log.sent("09:15", "B", Initiator::Other(OtherInitiator::Automation, String::new())).closed("09:16");
    let rows = summary(&log, &[], &hours(9, 10), t("20:00"));
    let [ana, bob] = &rows[..] else { panic!("{rows:?}") };
    let counts = |f: &Figures| {
        [f.offered, f.accepted, f.declined, f.missed, f.started, f.message_sent].map(|count| count.total)
    };
    assert_eq!(counts(&ana.figures), [3, 1, 1, 2, 1, 2]);
    assert_eq!(counts(&bob.figures), [1, 1, 0, 0, 0, 0]);
    let others = |f: &Figures| [f.transferred, f.ended, f.conversation_closed];
    assert_eq!([others(&ana.figures), others(&bob.figures)], [[0, 1, 1], [1, 0, 0]]);
    let sent: Vec<u64> = BREAKDOWN.iter().map(|channel| ana.figures.message_sent.of(*channel)).collect();
    assert_eq!(sent, [0, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(ana.figures.missed.of(PhoneCall), 2);
    let names: Vec<&str> = BREAKDOWN.iter().map(|channel| channel.name()).collect();
    let wanted = "CHAT EMAIL FB_MESSENGER INSTAGRAM_DIRECT PHONE_CALL SMS TWITTER VOICEMAIL WHATSAPP";
    assert_eq!(names.join(" "), wanted);
}

// covers(gladly): S6
#[test]
fn each_kind_of_task_event_has_its_counter() {
    let mut log = Log::default();
    for (times, change) in TaskChange::ALL.iter().enumerate() {
        for _ in 0..=times {
            log.task("09:30", "bob", *change);
        }
    }
    let rows = summary(&log, &[], &hours(9, 10), t("20:00"));
    let f = &rows[0].figures;
    let counts =
        [f.task_created, f.task_closed, f.task_reopened, f.task_commented_on, f.task_content_updated];
    assert_eq!((rows[0].agent.as_str(), counts, f.task_due_date_updated), ("bob", [1, 2, 3, 4, 5], 6));
}

// covers(gladly): S6, S9.7
#[test]
fn handle_after_contact_and_hold_time_are_cut_at_the_buckets() {
    let mut log = Log::default();
    log.starts("09:50", "A", PhoneCall).accepted("09:50", "A", "ana").looks("ana", "09:50", "11:30");
    log.hold("09:55", "A", "ana").unhold("10:05", "A", "ana").ends("10:10", "A").closed("11:20");
    let rows = summary(&log, &all_intervals(&log.facts("12:00")), &hours(9, 12), t("12:00"));
    let seconds = |row: &Row| {
        let f = &row.figures;
        [f.handle.of(PhoneCall), f.after_contact.of(PhoneCall), f.hold].map(|time| time.0 / 1_000_000)
    };
    let found: Vec<_> = rows.iter().map(seconds).collect();
    assert_eq!(found, [[600, 0, 300], [600, 3000, 300], [0, 1200, 0]]);
    assert_eq!(rows[1].figures.handle.total, Micros::from_secs(600));
    assert_eq!(rows[1].figures.handle.of(Email), Micros(0));
}

// covers(gladly): X-18
#[test]
fn rows_come_bucket_by_bucket_in_the_order_of_the_agents_and_only_where_something_was() {
    let mut log = Log::default();
    log.task("09:10", "bob", TaskChange::Created).task("09:20", "ana", TaskChange::Created);
    log.task("11:10", "bob", TaskChange::Created).task("11:20", "stranger", TaskChange::Created);
    let order: Vec<String> = summary(&log, &[], &hours(8, 13), t("20:00"))
        .iter()
        .map(|row| format!("{} {}", &row.bucket.start.to_string()[11..13], row.agent))
        .collect();
    assert_eq!(order, ["09 ana", "09 bob", "11 bob"]);
}

// covers(gladly): X-18
#[test]
fn a_row_is_given_out_as_soon_as_its_bucket_is_over() {
    let mut given = 0;
    let agents = [(UserId::from("ana"), AgentStatus::default())];
    let mut fold = AgentSummary::new(agents, hours(9, 20).into_iter(), t("20:00"));
    let mut log = Log::default();
    log.task("09:10", "ana", TaskChange::Created).task("09:59", "ana", TaskChange::Closed).task(
        "10:00",
        "ana",
        TaskChange::Closed,
    );
    fold.event(&log.events[0], &mut |_| given += 1).unwrap();
    fold.event(&log.events[1], &mut |_| given += 1).unwrap();
    assert_eq!(given, 0);
    fold.event(&log.events[2], &mut |row| given += row.figures.task_closed).unwrap();
    assert_eq!(given, 1);
}

#[test]
fn what_comes_out_of_order_is_refused_and_never_lost_silently() {
    let agents = [(UserId::from("ana"), AgentStatus::default())];
    let mut fold = AgentSummary::new(agents, hours(9, 12).into_iter(), t("20:00"));
    let mut log = Log::default();
    log.task("10:10", "ana", TaskChange::Created).task("09:10", "ana", TaskChange::Created);
    fold.event(&log.events[0], &mut |_| {}).unwrap();
    let refused = fold.event(&log.events[1], &mut |_| {});
    assert_eq!(refused, Err(OutOfOrder { given: t("09:10"), seen: t("10:10") }));
}

// covers(gladly): X-18
#[test]
fn a_status_worked_out_before_stands_for_all_events_before() {
    let mut log = Log::default();
    log.available("07:00", "ana", &[ChannelType::Task])
        .status("08:00", "ana", LoggedIn)
        .status("08:30", "ana", WentAway);
    log.status("09:30", "ana", ReturnedFromAway);
    let whole = summary(&log, &[], &hours(9, 11), t("11:00"));
    let mut status = AgentStatus::default();
    log.events[..3].iter().for_each(|event| status.apply(&event.content));
    assert_eq!(status, AgentStatus { logged_in: true, away: true, available: [false, false, true, false] });
    let mut fold = AgentSummary::new([("ana".into(), status)], hours(9, 11).into_iter(), t("11:00"));
    let mut rows = Vec::new();
    let mut emit = |row: touchline_analysis::sessions::AgentRow<'_>| rows.push(row.figures.clone());
    fold.event(&log.events[3], &mut emit).unwrap();
    fold.finish(&mut emit);
    assert_eq!(rows, whole.into_iter().map(|row| row.figures).collect::<Vec<_>>());
    assert_eq!(rows[0].away_time.to_string(), "1800");
}

// covers(gladly): X-18
#[test]
fn a_day_of_25_hours_holds_25_hours_of_work() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let day = jiff::civil::date(2026, 10, 25);
    let window = Window::of_dates(&zone, day, day).unwrap();
    let buckets: Vec<Span> = Level::Daily.buckets(zone, window).collect();
    let mut log = Log::default();
    log.status("2026-10-20T08:00:00Z", "ana", LoggedIn);
    let rows = summary(&log, &[], &buckets, t("2026-11-01T00:00:00Z"));
    assert_eq!(rows[0].figures.logged_in_time, Micros::from_secs(25 * 3600));
}

/// A day of two agents in minutes: what happens to whom, and the cuts of the buckets.
fn days() -> impl Strategy<Value = (Vec<(i64, usize, usize)>, Vec<i64>, i64)> {
    let event = (0..300_i64, 0..2_usize, 0..9_usize);
    (prop::collection::vec(event, 0..40), prop::collection::btree_set(20..280_i64, 2..9), 0..300_i64)
        .prop_map(|(events, cuts, horizon)| (events, cuts.into_iter().collect(), horizon))
}

fn minute(minute: i64) -> Timestamp {
    t("06:00").plus_secs(minute * 60)
}

proptest! {
    // covers(gladly): S6, R-19, R-20, X-18
    #[test]
    fn the_stream_agrees_with_looking_at_every_minute((mut events, cuts, horizon) in days()) {
        events.sort();
        let mut log = Log::default();
        for (at, who, what) in &events {
            let (at, who) = (minute(*at).to_string(), ["ana", "bob"][*who]);
            match what {
                5 => log.available(&at, who, &[]),
                6 => log.available(&at, who, &[ChannelType::Mail]),
                7 => log.available(&at, who, &[ChannelType::Voice, ChannelType::Task]),
                8 => log.task(&at, who, TaskChange::Created),
                status => log.status(&at, who, AgentStatusChange::ALL[*status]),
            };
            // Recorded at once, so that the horizon cuts by one time only.
            let event = log.events.last_mut().unwrap();
            event.timestamp = event.happened_at();
        }
        let buckets: Vec<Span> = cuts.windows(2).map(|cut| Span::new(minute(cut[0]), minute(cut[1]))).collect();
        let rows = summary(&log, &[], &buckets, minute(horizon));
        let mut wanted = Vec::new();
        for cut in cuts.windows(2) {
            for (id, who) in ["ana", "bob"].iter().enumerate() {
                let (mut status, mut sums, mut tasks, mut counted) = (AgentStatus::default(), [0_i64; 3], 0, 0);
                for at in 0..cut[1] {
                    for (_, _, what) in events.iter().filter(|(t, agent, _)| *t == at && *agent == id && *t <= horizon) {
                        let inside = u64::from(cut[0] <= at);
                        tasks += if *what == 8 { inside } else { 0 };
                        counted += if [5, 6, 7].contains(what) { 0 } else { inside };
                        match what {
                            0 => status.logged_in = true,
                            1 => (status.logged_in, status.away) = (false, false),
                            2 if status.logged_in => status.away = true,
                            3 => status.away = false,
                            5..=7 => status.available = [*what == 6, false, *what == 7, *what == 7],
                            _ => {}
                        }
                    }
                    if cut[0] <= at && at < horizon && status.logged_in {
                        sums[0] += 60;
                        sums[1] += if status.away { 60 } else { 0 };
                        sums[2] += if !status.away && status.available.contains(&true) { 60 } else { 0 };
                    }
                }
                if counted > 0 || sums[0] > 0 {
                    wanted.push((minute(cut[0]), (*who).to_owned(), sums.map(Micros::from_secs), tasks));
                }
            }
        }
        let found: Vec<_> = rows.into_iter().map(|Row { bucket, agent, figures: f }| {
            (bucket.start, agent, [f.logged_in_time, f.away_time, f.available_any], f.task_created)
        }).collect();
        prop_assert_eq!(found, wanted);
    }

    // covers(gladly): S6, S9.7
    #[test]
    fn finer_buckets_add_up_to_coarser_ones((mut events, cuts, horizon) in days(), long in 1..200_i64) {
        events.sort();
        let mut log = Log::default();
        for (at, who, what) in &events {
            log.status(&minute(*at).to_string(), ["ana", "bob"][*who], AgentStatusChange::ALL[what % 5]);
        }
        let work = |(at, who, what): &(i64, usize, usize)| Interval {
            start: minute(*at),
            end: minute(at + long),
            agent_id: ["ana", "bob"][*who].into(),
            channel: ContactChannel::ALL[*what],
            kind: touchline_analysis::sessions::IntervalKind::Handle,
        };
        let work: Vec<Interval> = events.iter().map(work).collect();
        let fine: Vec<Span> = cuts.windows(2).map(|cut| Span::new(minute(cut[0]), minute(cut[1]))).collect();
        let coarse = [Span::new(fine[0].start, fine[fine.len() - 1].end)];
        let sums = |rows: &[Row]| ["ana", "bob"].map(|who| {
            let mine = || rows.iter().filter(|row| row.agent == who).map(|row| &row.figures);
            let times: Micros = mine().map(|f| f.logged_in_time + f.handle.total).sum();
            (times, mine().map(|f| f.handle.of(Chat)).sum::<Micros>(), mine().map(|f| f.logged_in).sum::<u64>())
        });
        let (fine, coarse) = (summary(&log, &work, &fine, minute(horizon)), summary(&log, &work, &coarse, minute(horizon)));
        prop_assert_eq!(sums(&fine), sums(&coarse));
    }
}
