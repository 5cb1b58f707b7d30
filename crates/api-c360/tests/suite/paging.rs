//! Reading lists in pages, with clients of both styles, while rows change.

use crate::world::{EVER, World, both, both_with, column};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use touchline_api_c360::C360Config;
use touchline_model::{Feedback, Kpi, Observation};

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("c{n:03}")).collect()
}

async fn put_calls(world: &World, range: std::ops::Range<usize>) {
    // They began in one minute too: a client that pages by callTime has nothing else to go by.
    let call = |id: String| json!({ "id": id, "started_at": "2026-02-01T10:00:01Z" });
    world.put_calls(ids(range).into_iter().map(call).collect()).await;
}

/// Pages through `/calls` by a field of the last object, until a page is not full.
async fn pages_by(
    world: &World,
    field: &str,
    limit: usize,
    between: impl AsyncFn(usize),
) -> Vec<Vec<String>> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    let mut query = format!("since={EVER}");
    loop {
        let page = world.list(&format!("/calls?{query}&limit={limit}")).await;
        pages.push(column(&page, "id"));
        assert!(pages.len() < 50, "the client makes no progress: {pages:?}");
        let Some(last) = page.last().filter(|_| page.len() == limit) else { return pages };
        query = format!("since={}&last_id={}", last[field].as_str().unwrap(), last["id"].as_str().unwrap());
        between(pages.len()).await;
    }
}

async fn nothing(_: usize) {}

// covers(c360): V-6, S5, R-1, R-2, X-2, X-3, X-4, OP-5
#[tokio::test]
async fn clients_of_both_styles_see_250_calls_of_one_minute_each_once() {
    both(async |world| {
        put_calls(&world, 0..250).await;
        for field in ["modified", "callTime"] {
            let pages = pages_by(&world, field, 100, nothing).await;
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50], "{field}");
            assert_eq!(pages.concat(), ids(0..250), "{field}: in the order of the commit, each once");
        }
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn without_extensions_paging_by_call_time_still_works() {
    let config = C360Config { extensions: false, ..C360Config::default() };
    both_with(&config, async |world| {
        put_calls(&world, 0..250).await;
        assert_eq!(pages_by(&world, "callTime", 100, nothing).await.concat(), ids(0..250));
    })
    .await;
}

// covers(c360): V-7, R-2, X-3, S5
#[tokio::test]
async fn rows_that_change_between_pages_come_again_and_none_is_missed() {
    for field in ["modified", "callTime"] {
        both(async |world| {
            let all: BTreeSet<String> = ids(0..30).into_iter().collect();
            put_calls(&world, 0..30).await;
            let change = async |page: usize| {
                // The last row of the page, one before it and one that is still to come.
                for n in [page * 10 - 1, page * 10 - 5, page * 10 + 3] {
                    let fields = json!({ "page": page, "field": field });
                    let call = json!({ "id": format!("c{n:03}"), "started_at": "2026-02-01T10:00:01Z",
                                       "metadata": fields });
                    if page < 3 {
                        world.put_call(call).await;
                    }
                }
                world.clock.advance_secs(7);
            };
            let pages = pages_by(&world, field, 10, change).await;
            let seen = pages.concat();
            assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), all, "{field}: none is missed");
            // Each change after a row was shown shows it again, with its new content.
            for n in [9, 5, 19, 15] {
                let id = format!("c{n:03}");
                assert!(seen.iter().filter(|it| **it == id).count() >= 2, "{field}: {id} in {seen:?}");
            }
            // A row that changed before it was shown is shown once.
            let id = "c013".to_owned();
            assert_eq!(seen.iter().filter(|it| **it == id).count(), 1, "{field}");
        })
        .await;
    }
}

// covers(c360): V-7, R-2
#[tokio::test]
async fn the_last_row_of_a_page_may_be_deleted_before_the_next() {
    for field in ["modified", "callTime"] {
        both(async |world| {
            put_calls(&world, 0..25).await;
            let delete = async |page: usize| {
                let id = format!("c{:03}", page * 10 - 1);
                let answer = world.ask("DELETE", &format!("/call/{id}"), &world.deleter).await;
                assert_eq!(answer.status, 204);
            };
            let seen: BTreeSet<String> =
                pages_by(&world, field, 10, delete).await.concat().into_iter().collect();
            let left = world.column(&format!("/calls?since={EVER}&limit=1000"), "id").await;
            assert!(left.iter().all(|id| seen.contains(id)), "{field}: {seen:?}");
        })
        .await;
    }
}

// covers(c360): R-2
#[tokio::test]
async fn losing_the_memory_of_served_pages_costs_only_repeats() {
    for field in ["modified", "callTime"] {
        both(async |world| {
            put_calls(&world, 0..5).await;
            world.clock.advance_secs(600);
            put_calls(&world, 5..10).await;
            let first = world.list(&format!("/calls?since={EVER}&limit=4")).await;
            let last = first.last().unwrap();
            let next = format!(
                "/calls?since={}&last_id={}&limit=100",
                last[field].as_str().unwrap(),
                last["id"].as_str().unwrap()
            );
            assert_eq!(world.column(&next, "id").await, ids(4..10), "{field}");
            let forgetful = world.restarted(C360Config::default());
            assert_eq!(
                forgetful.column(&next, "id").await,
                ids(4..10),
                "{field}: from the history of changes"
            );

            // Changed since, and forgotten: only the history knows where it was.
            let change = json!({ "field": field });
            world
                .put_call(json!({ "id": "c003", "started_at": "2026-02-01T10:00:01Z", "metadata": change }))
                .await;
            let seen: BTreeSet<String> = forgetful.column(&next, "id").await.into_iter().collect();
            let mut wanted: BTreeSet<String> = ids(4..10).into_iter().collect();
            wanted.insert("c003".into());
            assert!(field == "callTime" || seen == wanted, "{field}: {seen:?}");
        })
        .await;
    }
}

// covers(c360): R-2
#[tokio::test]
async fn what_a_page_ended_at_is_kept_over_a_restart() {
    both(async |world| {
        put_calls(&world, 0..6).await;
        let first = world.list(&format!("/calls?since={EVER}&limit=3")).await;
        assert_eq!(column(&first, "id"), ids(0..3));
        // The row moves on: only what was served says where the client is.
        world.clock.advance_secs(300);
        let moved = json!({ "id": "c002", "started_at": "2026-02-01T10:00:01Z", "metadata": { "a": 1 } });
        world.put_call(moved).await;
        let next = "/calls?since=2026-02-01T10:00:01Z&last_id=c002&limit=3";
        let mut wanted = ids(3..6);
        assert_eq!(world.column(next, "id").await, wanted);
        // A worker stops in an orderly way, which saves what is not saved yet.
        world.app.clone().work(std::future::ready(())).await;
        wanted.push("c002".into());
        let restarted = world.restarted(C360Config::default());
        let all = next.replace("limit=3", "limit=10");
        assert_eq!(restarted.column(&all, "id").await, wanted);
        // Another credential has seen nothing: its unknown last_id is as none.
        let other = World { reader: world.login(false).await, ..restarted };
        let fresh = other.column("/calls?since=2026-03-02T17:00Z&last_id=nobody&limit=10", "id").await;
        assert_eq!(fresh, ["c000", "c001", "c003", "c004", "c005", "c002"]);
    })
    .await;
}

// covers(c360): V-1, R-3, S3
#[tokio::test]
async fn seconds_of_since_are_ignored() {
    both(async |world| {
        world.now("2026-08-15T10:00:01Z");
        world.put_call(json!({ "id": "c" })).await;
        for (since, count) in [
            ("2026-08-15T10:00:59Z", 1),
            ("2026-08-15T10:00:00Z", 1),
            ("2026-08-15T10:00Z", 1),
            ("2026-08-15T12:00:59.9+02:00", 1),
            ("2026-08-15T12:00:59%2B02:00", 1),
            ("2026-08-15", 1),
            ("2026-08-15T10:01:00Z", 0),
            ("2026-08-15T10:01", 0),
            ("2026-08-16", 0),
            ("9999-12-31T23:59:59Z", 0),
        ] {
            let path = format!("/calls?since={since}");
            assert_eq!(world.list(&path).await.len(), count, "{since}");
        }
    })
    .await;
}

// covers(c360): V-2, V-4, X-1, S3, R-16, OP-5, OP-10, OP-12, X-11
#[tokio::test]
async fn bad_parameters_are_refused_and_unknown_ones_ignored() {
    both(async |world| {
        let lists = [
            "calls",
            "calls/deleted",
            "call_topics",
            "listens",
            "scores",
            "feedback",
            "shares",
            "meetings",
            "plans",
            "kpis",
        ];
        let bad = (400, "bad_request".to_owned());
        for list in lists {
            let top = if list == "call_topics" { 100 } else { 1_000 };
            for query in ["", "?limit=5", "?since=", "?since=soon", "?since=2026-01-01&since=2026-01-01"] {
                assert_eq!(world.refusal(&format!("/{list}{query}")).await, bad, "{list}{query}");
            }
            let since = format!("/{list}?since={EVER}");
            for limit in ["-1", "1.5", "ten", "", "%2B1", &(top + 1).to_string(), "99999999999999999999"] {
                assert_eq!(
                    world.refusal(&format!("{since}&limit={limit}")).await,
                    bad,
                    "{list} limit={limit}"
                );
            }
            assert_eq!(world.refusal(&format!("{since}&limit=1&limit=1")).await, bad, "{list}");
            assert_eq!(world.refusal(&format!("{since}&x=%FF")).await, bad, "{list}");
            for limit in ["0", "1", "007", &top.to_string()] {
                let path = format!("{since}&limit={limit}&unknown=x&unknown=y");
                assert_eq!(world.json(&path).await, json!([]), "{path}");
            }
        }
        for flag in ["include_transcripts", "include_crm_matches", "render_templates"] {
            for value in ["yes", "", "2"] {
                assert_eq!(world.refusal(&format!("/calls?since={EVER}&{flag}={value}")).await, bad);
            }
        }
        assert_eq!(world.refusal(&format!("/calls?since={EVER}&limit=101&render_templates=true")).await, bad);
        assert_eq!(
            world.json(&format!("/calls?since={EVER}&limit=100&render_templates=true")).await,
            json!([])
        );
        assert_eq!(world.refusal(&format!("/calls?since={EVER}&last_id=a&last_id=b")).await, bad);
    })
    .await;
}

// covers(c360): V-3, V-5, S3
#[tokio::test]
async fn a_page_has_a_hundred_rows_unless_asked_otherwise() {
    both(async |world| {
        put_calls(&world, 0..150).await;
        let count = async |query: &str| world.list(&format!("/calls?since={EVER}{query}")).await.len();
        assert_eq!(count("").await, 100);
        assert_eq!(count("&limit=1000").await, 150);
        assert_eq!(count("&limit=0").await, 0);
        assert_eq!(count("&include_transcripts=true&limit=47").await, 47);
        assert_eq!(count("&render_templates=true").await, 100);
    })
    .await;
}

// covers(c360): OP-5, S5
#[tokio::test]
async fn a_full_page_is_remembered_even_if_it_ends_with_a_chunk() {
    both(async |world| {
        put_calls(&world, 0..40).await;
        // Two chunks of 20, and the third finds nothing.
        let path = format!("/calls?since={EVER}&include_transcripts=true&limit=1000");
        assert_eq!(world.list(&path).await.len(), 40);
        world.clock.advance_secs(60);
        let moved = json!({ "id": "c039", "started_at": "2026-02-01T10:00:01Z", "metadata": { "a": 1 } });
        world.put_call(moved).await;
        // By its call time only the memory knows that it has changed since; without it, its present place counts.
        let next = "/calls?since=2026-02-01T10:00Z&last_id=c039";
        assert_eq!(world.column(next, "id").await, ["c039"]);
        assert_eq!(world.restarted(C360Config::default()).json(next).await, json!([]));
    })
    .await;
}

// covers(c360), S5, OP-19, OP-15
#[tokio::test]
async fn a_client_that_repeats_the_last_minute_sees_everything() {
    both(async |world| {
        world.put::<Kpi>(json!({ "id": 3, "description": "D", "frequency": "DAILY", "target": 1 })).await;
        let observation = |n: i32| -> Observation {
            let value = json!({ "id": format!("o{n}"), "kpi_id": 3, "observer_id": "u", "observed_id": "u",
                                "observed_at": "2026-01-01T00:00:00Z", "value": n });
            serde_json::from_value(value).unwrap()
        };
        // 5 rows in the first minute, 12 in the second, 1 in the third.
        let mut n = 0;
        for count in [5, 12, 1] {
            let rows = (n..n + count).map(observation).collect();
            world.app.put_many(&world.system, rows).await.unwrap();
            n += count;
            world.clock.advance_secs(60);
        }
        let mut since = EVER.to_owned();
        let mut sizes = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let page = world.list(&format!("/kpis?since={since}&limit=5")).await;
            sizes.push(page.len());
            seen.extend(page.iter().map(|row| row["value"].as_i64().unwrap()));
            let last = page.last().unwrap()["modified"].as_str().unwrap().to_owned();
            assert!(sizes.len() < 10, "{sizes:?}");
            if page.len() < 5 {
                break;
            }
            since = last;
        }
        assert_eq!(seen, (0..18).collect());
        // The first page is as asked; the minute of the second request is completed, and one row more; so is the third.
        assert_eq!(sizes, [5, 6, 13, 1]);
    })
    .await;
}

// covers(c360), OP-15
#[tokio::test]
async fn a_last_minute_with_many_rows_comes_whole_until_there_is_a_later_row() {
    both(async |world| {
        let feedback = |n: i32| -> Feedback {
            let value = json!({ "id": format!("f{n}"), "contact_id": "c", "author_id": "u", "kind": "comment",
                                "given_at": "2026-01-01T00:00:00Z", "text": n.to_string() });
            serde_json::from_value(value).unwrap()
        };
        world.app.put_many(&world.system, (0..8).map(feedback).collect()).await.unwrap();
        let page = "/feedback?since=2026-03-02T17:00:30Z&limit=3";
        let texts = |range: std::ops::Range<i32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(world.column(page, "text").await, texts(0..8));
        assert_eq!(world.column(page, "text").await, texts(0..8), "and again");
        world.clock.advance_secs(60);
        world.app.put_many(&world.system, (8..10).map(feedback).collect()).await.unwrap();
        assert_eq!(world.column(page, "text").await, texts(0..9), "one row of a later minute");
        let next = "/feedback?since=2026-03-02T17:01:00Z&limit=3";
        assert_eq!(world.column(next, "text").await, texts(8..10));
        assert_eq!(world.json(&page.replace("limit=3", "limit=0")).await, Value::Array(vec![]));
    })
    .await;
}
