//! Deleting calls, and what is left of them.

use crate::world::{EVER, both, said, two_sides};
use serde_json::{Value, json};
use touchline_model::{Evaluation, Feedback, Group, Listen, Scorecard, Share, Topic, User};

// covers(c360): V-15, OP-9, OP-6, B-4, X-16, X-17, S4.5, X-11
#[tokio::test]
async fn a_deleted_call_is_gone_everywhere_but_in_its_own_list() {
    both(async |world| {
        world.put::<Group>(json!({ "id": "t", "name": "Team" })).await;
        world.put::<User>(json!({ "id": "u1", "email": "ana@example.com", "team_id": "t" })).await;
        world.put::<Topic>(json!({ "id": 1, "name": "Prices", "phrases": ["price"] })).await;
        world
            .put::<Scorecard>(json!({ "id": "s", "name": "S", "scheme": "YesNo",
                                      "questions": [{ "id": "q", "text": "Q?" }] }))
            .await;
        world
            .put_call(json!({
                "id": "c1", "agent_id": "u1", "started_at": "2026-03-01T08:00:00.749Z",
                "metadata": { "company": "Acme" },
                "transcript": { "speakers": two_sides(), "words": said(0.0, 0, "The price is right.") },
            }))
            .await;
        world.put_call(json!({ "id": "c2" })).await;
        let at = "2026-03-01T09:00:00Z";
        world
            .put::<Feedback>(json!({ "id": "f", "contact_id": "c1", "author_id": "u1", "given_at": at,
                                     "kind": "comment" }))
            .await;
        world
            .put::<Share>(json!({ "id": "s", "contact_id": "c1", "author_id": "u1", "shared_at": at }))
            .await;
        world
            .put::<Listen>(json!({ "id": "l", "contact_id": "c1", "listener_id": "u1", "started_at": at,
                                   "duration": 5 }))
            .await;
        world
            .put::<Evaluation>(
                json!({ "id": "e", "contact_id": "c1", "scorecard_id": "s", "reviewer_id": "u1",
                                       "scored_at": at, "answers": [{ "question_id": "q", "answer": 1 }] }),
            )
            .await;
        world.app.count_listens_now(&world.system).await.unwrap();
        world.settle().await;
        assert_eq!(world.list(&format!("/call_topics?since={EVER}")).await.len(), 1);

        // Not allowed, whether the call exists or not.
        for id in ["c1", "none"] {
            let answer = world.ask("DELETE", &format!("/call/{id}"), &world.reader).await;
            assert_eq!(answer.refusal(), (403, "forbidden".into()), "{id}");
        }
        assert_eq!(world.get("/call/c1").await.status, 200);

        world.now("2026-03-02T18:30:14.048648Z");
        let answer = world.ask("DELETE", "/call/c1", &world.deleter).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
        for path in ["/call/c1", "/transcript/c1"] {
            assert_eq!(world.refusal(path).await, (404, "not_found".into()), "{path}");
        }
        for id in ["c1", "none"] {
            let again = world.ask("DELETE", &format!("/call/{id}"), &world.deleter).await;
            assert_eq!(again.refusal(), (404, "not_found".into()), "{id}");
        }
        assert_eq!(world.column(&format!("/calls?since={EVER}"), "id").await, ["c2"]);
        assert_eq!(world.list(&format!("/call_topics?since={EVER}")).await, Vec::<Value>::new());
        for search in ["metadata.company=acme", "metadata.id=c1", "id=c1", "callerId=u1"] {
            assert_eq!(world.json(&format!("/calls/search?{search}")).await, json!([]), "{search}");
        }
        assert_eq!(
            world.json(&format!("/calls/deleted?since={EVER}")).await,
            json!([{ "id": "c1", "deletedAt": "2026-03-02T18:30:14.048648Z", "callerId": "u1",
                     "callTime": "2026-03-01T08:00:00.749Z" }])
        );

        // What carries only the id stays.
        for list in ["feedback", "shares", "listens", "scores"] {
            let rows = world.column(&format!("/{list}?since={EVER}"), "callId").await;
            assert_eq!(rows, ["c1"], "{list}");
        }
        let score = world.json(&format!("/scores?since={EVER}")).await;
        assert_eq!(
            (&score[0]["caller"], &score[0]["callerTeam"]),
            (&json!("ana@example.com"), &json!("Team"))
        );
        assert_eq!(world.json(&format!("/listens?since={EVER}")).await[0]["caller"], "u1");
    })
    .await;
}

// covers(c360): OP-6, S4.5, R-2, X-29, V-6
#[tokio::test]
async fn deleted_calls_are_paged_by_last_id() {
    both(async |world| {
        let ids: Vec<String> = (0..7).map(|n| format!("c{n}")).collect();
        world.put_calls(ids.iter().map(|id| json!({ "id": id })).collect()).await;
        for id in ids.iter().rev() {
            assert_eq!(world.ask("DELETE", &format!("/call/{id}"), &world.deleter).await.status, 204);
        }
        let mut seen = Vec::new();
        let mut query = format!("since={EVER}");
        loop {
            let page = world.list(&format!("/calls/deleted?{query}&limit=3")).await;
            let Some(last) = page.last() else { break };
            assert_eq!(last["callerId"], "", "nobody's call");
            query = format!(
                "since={}&last_id={}",
                last["deletedAt"].as_str().unwrap(),
                last["id"].as_str().unwrap()
            );
            seen.extend(page.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            assert!(seen.len() <= 7, "{seen:?}");
        }
        assert_eq!(seen, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"], "in the order of deletion");
        assert_eq!(world.refusal("/calls/deleted").await, (400, "bad_request".into()));
        assert_eq!(world.refusal(&format!("/calls/deleted?since={EVER}&limit=1001")).await.0, 400);
        assert_eq!(world.json("/calls/deleted?since=2026-03-02T17:01Z").await, json!([]));
    })
    .await;
}
