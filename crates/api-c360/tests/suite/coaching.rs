//! Listens, feedback, shares, meetings, plans, KPIs.

use crate::world::{EVER, World, both, column};
use serde_json::{Value, json};
use touchline_model::{
    CoachingSession, Evaluation, Feedback, Kpi, Listen, Observation, Plan, Scorecard, Share,
};

async fn listen(world: &World, id: &str, start: &str, seconds: f64) {
    world
        .put::<Listen>(json!({ "id": id, "contact_id": "c1", "listener_id": "u2", "started_at": start,
                               "duration": seconds }))
        .await;
}

// covers(c360): OP-11, S4.7, B-7, X-19, S5
#[tokio::test]
async fn listening_shows_up_in_the_night_after() {
    both(async |world| {
        world.put_call(json!({ "id": "c1", "agent_id": "u1" })).await;
        let all = format!("/listens?since={EVER}");
        // 23:50 Eastern on the first, and two stretches on the second, the present day.
        listen(&world, "a", "2026-03-02T04:50:00Z", 30.0).await;
        listen(&world, "b", "2026-03-02T16:00:00Z", 61.5).await;
        listen(&world, "c", "2026-03-02T16:30:00Z", 1.0).await;
        world.settle().await;
        assert_eq!(world.json(&all).await, json!([]), "nothing before 02:00");
        world.now("2026-03-03T06:59:59Z");
        world.settle().await;
        assert_eq!(world.json(&all).await, json!([]));
        world.now("2026-03-03T07:00:00Z");
        world.settle().await;
        let day = |date: &str, modified: &str, seconds: f64| {
            let seconds = if seconds.fract() == 0.0 { json!(seconds as i64) } else { json!(seconds) };
            json!({ "date": date, "modified": modified, "callId": "c1", "listener": "u2", "caller": "u1",
                    "timeListened": seconds })
        };
        let night = "2026-03-03T07:00:00Z";
        let first = day("2026-03-01", night, 30.0);
        assert_eq!(world.json(&all).await, json!([first, day("2026-03-02", night, 62.5)]));
        assert_eq!(world.json("/listens?since=2026-03-03T07:01Z").await, json!([]));

        // A late correction comes with the next night, and only it.
        world.now("2026-03-03T15:00:00Z");
        listen(&world, "c", "2026-03-02T16:30:00Z", 2.0).await;
        listen(&world, "d", "2026-03-03T14:00:00Z", 5.0).await;
        world.settle().await;
        world.now("2026-03-04T07:00:00Z");
        world.settle().await;
        let later = "2026-03-04T07:00:00Z";
        assert_eq!(
            world.json("/listens?since=2026-03-03T07:01Z").await,
            json!([day("2026-03-02", later, 63.5), day("2026-03-03", later, 5.0)])
        );
        assert_eq!(world.list(&all).await.len(), 3);
    })
    .await;
}

// covers(c360): R-8, X-19
#[tokio::test]
async fn the_night_without_two_oclock_has_its_listens_too() {
    both(async |world| {
        world.now("2026-03-07T20:00:00Z");
        world.put_call(json!({ "id": "c1" })).await;
        listen(&world, "a", "2026-03-07T19:00:00Z", 9.0).await;
        world.now("2026-03-08T06:59:59Z");
        world.settle().await;
        assert_eq!(world.json(&format!("/listens?since={EVER}")).await, json!([]));
        // 01:59:59 EST is followed by 03:00 EDT.
        world.now("2026-03-08T07:00:00Z");
        world.settle().await;
        assert_eq!(world.column(&format!("/listens?since={EVER}"), "date").await, ["2026-03-07"]);
    })
    .await;
}

// covers(c360): OP-15, S4.12
#[tokio::test]
async fn feedback_is_a_comment_or_a_highlight() {
    both(async |world| {
        let given = "2018-04-22T16:23:58.097101Z";
        world
            .put::<Feedback>(json!({ "id": "f1", "contact_id": "c", "author_id": "u", "given_at": given,
                                     "kind": "comment", "text": "<p>enim adipisci vitae</p>", "start": 10 }))
            .await;
        world
            .put::<Feedback>(json!({ "id": "f2", "contact_id": "c", "author_id": "u", "given_at": given,
                                     "kind": "highlight", "start": 1.5, "end": 4 }))
            .await;
        let modified = "2026-03-02T17:00:00Z";
        assert_eq!(
            world.json(&format!("/feedback?since={EVER}")).await,
            json!([
                { "feedbackAt": given, "modified": modified, "callId": "c", "feedbackBy": "u", "isComment": true,
                  "isHighlight": false, "text": "<p>enim adipisci vitae</p>", "startTime": 10, "endTime": null },
                { "feedbackAt": given, "modified": modified, "callId": "c", "feedbackBy": "u", "isComment": false,
                  "isHighlight": true, "text": null, "startTime": 1.5, "endTime": 4 },
            ])
        );
    })
    .await;
}

// covers(c360): OP-16, S4.13, S5, R-4
#[tokio::test]
async fn shares_are_listed_by_the_time_of_sharing() {
    both(async |world| {
        for (id, at) in
            [("s1", "2018-04-27T10:10:00Z"), ("s2", "2018-04-26T09:00:00Z"), ("s3", "2018-04-27T10:10:30Z")]
        {
            world
                .put::<Share>(json!({ "id": id, "contact_id": id, "author_id": "u1", "shared_at": at,
                                      "recipient_ids": ["a", "b"], "recipient_emails": ["foo@bah.com"] }))
                .await;
        }
        let all = world.list("/shares?since=2000-01-01").await;
        assert_eq!(column(&all, "callId"), ["s2", "s1", "s3"]);
        assert_eq!(
            all[1],
            json!({ "sharedAt": "2018-04-27T10:10:00Z", "callId": "s1", "sharedBy": "u1",
                    "recipientUserIds": ["a", "b"], "recipientEmails": ["foo@bah.com"] })
        );
        // Made since, not changed since.
        assert_eq!(world.column("/shares?since=2018-04-27T10:10:59Z", "callId").await, ["s1", "s3"]);
        assert_eq!(world.column("/shares?since=2018-04-27T10:10:00Z&limit=1", "callId").await, ["s1", "s3"]);
        assert_eq!(world.column("/shares?since=2018-04-26&limit=1", "callId").await, ["s2"]);
        assert_eq!(world.json("/shares?since=2026-03-02").await, json!([]));
    })
    .await;
}

async fn put_scores(world: &World) {
    world
        .put::<Scorecard>(json!({
            "id": "s", "name": "S", "scheme": "OneToThree",
            "questions": [
                { "id": "q1", "text": "Probing?", "skills": ["Challenges"] },
                { "id": "q2", "text": "Listening?", "skills": ["Listening", "Challenges"] },
                { "id": "q3", "text": "Not asked" },
            ],
        }))
        .await;
    let answer = |n: u8, answer: u8| json!({ "question_id": format!("q{n}"), "answer": answer });
    for (id, answers) in [("e1", vec![answer(2, 3), answer(1, 1)]), ("e2", vec![answer(1, 2)])] {
        world
            .put::<Evaluation>(json!({ "id": id, "contact_id": "c1", "scorecard_id": "s", "reviewer_id": "u",
                                       "scored_at": "2026-03-01T00:00:00Z", "answers": answers }))
            .await;
    }
}

async fn put_plan(world: &World, fields: Value) {
    let mut plan = json!({ "id": 3913, "name": "P", "coach_id": "coach", "recipient_id": "r",
                           "starts_at": "2026-02-02T17:00:00Z", "ends_at": "2026-03-04T17:00:00Z" });
    plan.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    world.put::<Plan>(plan).await;
}

// covers(c360): OP-17, S4.14, R-15, X-28, X-29
#[tokio::test]
async fn a_meeting_shows_reviews_questions_and_scores() {
    both(async |world| {
        put_scores(&world).await;
        put_plan(&world, json!({})).await;
        world
            .put::<CoachingSession>(json!({
                "id": 9266, "plan_id": 3913, "coach_id": "coach", "recipient_id": "r",
                "scheduled_at": "2020-08-17T15:00:00-04:00",
                "started_at": "2020-08-12T08:46:45.23184-04:00",
                "ended_at": "2020-08-12T08:46:52.408-04:00",
                "call_reviews": [
                    { "contact_id": "c1", "evaluation_id": "e1" },
                    { "contact_id": "c2", "evaluation_id": "e2",
                      "questions": [{ "question": "By hand?", "score": 2.5 }] },
                    { "contact_id": "c3", "evaluation_id": "gone" },
                ],
                "questions": [
                    { "question": "This is a text question" },
                    { "question": "Does the rep pull it off?", "possible_score": 5, "actual_score": 5, "weight": 34 },
                ],
                "comments": "asdfgsd fg",
            }))
            .await;
        let of_card = |question: &str, score: f64| {
            let score = if score.fract() == 0.0 { json!(score as i64) } else { json!(score) };
            json!({ "question": question, "possibleScore": 5, "actualScore": score, "reviewWeight": null })
        };
        assert_eq!(
            world.json(&format!("/meetings?since={EVER}")).await,
            json!([{
                "meetingId": 9266,
                "planId": 3913,
                "dateTime": "2020-08-17T19:00:00Z",
                "coachId": "coach",
                "recipientId": "r",
                "startTime": "2020-08-12T12:46:45.23184Z",
                "endTime": "2020-08-12T12:46:52.408Z",
                // (33 + 100 + 66) / 3, and 100.
                "scores": { "Challenges": 199.0 / 3.0, "Listening": 100 },
                "callReviews": [
                    { "callId": "c1", "questions": [of_card("Probing?", 1.0), of_card("Listening?", 5.0)] },
                    { "callId": "c2", "questions": [of_card("Probing?", 3.0), of_card("By hand?", 2.5)] },
                    { "callId": "c3", "questions": [] },
                ],
                "questions": [
                    { "question": "This is a text question", "possibleScore": null, "actualScore": null,
                      "reviewWeight": 0 },
                    { "question": "Does the rep pull it off?", "possibleScore": 5, "actualScore": 5,
                      "reviewWeight": 34 },
                ],
                "comments": "asdfgsd fg",
                "modified": "2026-03-02T17:00:00Z",
            }])
        );
    })
    .await;
}

// covers(c360): S4.14, R-15, X-28
#[tokio::test]
async fn a_meeting_that_is_not_held_yet_has_nulls_and_given_scores_win() {
    both(async |world| {
        put_scores(&world).await;
        put_plan(&world, json!({})).await;
        let review = json!([{ "contact_id": "c1", "evaluation_id": "e1" }]);
        world
            .put::<CoachingSession>(json!({ "id": 1, "plan_id": 3913, "coach_id": "c", "recipient_id": "r" }))
            .await;
        world
            .put::<CoachingSession>(json!({ "id": 2, "plan_id": 3913, "coach_id": "c", "recipient_id": "r",
                                            "scores": { "Challenges": 20 }, "call_reviews": review }))
            .await;
        let meetings = world.list(&format!("/meetings?since={EVER}")).await;
        assert_eq!(
            meetings[0],
            json!({ "meetingId": 1, "planId": 3913, "dateTime": null, "coachId": "c", "recipientId": "r",
                    "startTime": null, "endTime": null, "scores": {}, "callReviews": [], "questions": [],
                    "comments": null, "modified": "2026-03-02T17:00:00Z" })
        );
        assert_eq!(meetings[1]["scores"], json!({ "Challenges": 20 }));
    })
    .await;
}

// covers(c360): OP-18, S4.15, X-22, R-13
#[tokio::test]
async fn a_plan_counts_its_meetings_and_names_its_skills() {
    both(async |world| {
        // 30 days for 10 meetings: one every 3 days. Now 28 days have passed, so 9 are due.
        let skills = json!(["Lead In", "Pre-call Research"]);
        put_plan(&world, json!({ "objective": "Improve", "planned_sessions": 10, "skills": skills })).await;
        put_plan(
            &world,
            json!({ "id": 8, "planned_sessions": 4, "skills": ["Lead In"],
                                 "completed_at": "2026-02-17T17:00:00Z" }),
        )
        .await;
        for (id, plan, ended) in [(1, 3913, true), (2, 3913, true), (3, 3913, false), (4, 8, true)] {
            let ended = ended.then_some("2026-02-10T10:00:00Z");
            world
                .put::<CoachingSession>(
                    json!({ "id": id, "plan_id": plan, "coach_id": "c", "recipient_id": "r",
                                                "ended_at": ended }),
                )
                .await;
        }
        let plans = world.list(&format!("/plans?since={EVER}")).await;
        let lead_in = plans[0]["skill"][0]["skillId"].clone();
        let research = plans[0]["skill"][1]["skillId"].clone();
        assert!(lead_in.is_i64() && research.is_i64() && lead_in != research);
        assert_eq!(
            plans[0],
            json!({
                "planId": 3913, "name": "P", "objective": "Improve", "startDate": "2026-02-02T17:00:00Z",
                "coachId": "coach", "recipientId": "r", "plannedMeetings": 10, "completedMeetings": 2,
                "estimatedMissedMeetings": 7,
                "skill": [{ "skillId": lead_in, "skillName": "Lead In" },
                          { "skillId": research, "skillName": "Pre-call Research" }],
                "modified": "2026-03-02T17:00:00Z",
            })
        );
        // Completed half-way: two of four were due by then, one was held, and it stays so.
        assert_eq!(
            (&plans[1]["estimatedMissedMeetings"], &plans[1]["completedMeetings"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(plans[1]["skill"], json!([{ "skillId": lead_in, "skillName": "Lead In" }]));
        world.now("2026-06-01T00:00:00Z");
        let plans = world.list(&format!("/plans?since={EVER}")).await;
        assert_eq!(column(&plans, "estimatedMissedMeetings"), ["8", "1"]);
    })
    .await;
}

// covers(c360): OP-19, OP-20, S4.16, R-18
#[tokio::test]
async fn kpis_are_observed_and_defined() {
    both(async |world| {
        world
            .put::<Kpi>(json!({ "id": 3, "description": "Linking goals", "frequency": "MONTHLY", "target": 23.23 }))
            .await;
        world
            .put::<Observation>(json!({ "id": "o", "kpi_id": 3, "observer_id": "224", "observed_id": "225",
                                        "observed_at": "2021-06-25T10:32:00Z", "value": 18.56 }))
            .await;
        assert_eq!(
            world.json(&format!("/kpis?since={EVER}")).await,
            json!([{ "observedAt": "2021-06-25T10:32:00Z", "observerId": "224", "observedId": "225", "kpiId": 3,
                     "value": 18.56, "modified": "2026-03-02T17:00:00Z" }])
        );
        let kpi = json!({ "kpiId": 3, "description": "Linking goals", "frequency": "MONTHLY", "target": 23.23 });
        assert_eq!(world.json("/kpi/3").await, kpi);
        for id in ["4", "three", "3.0", "03", "%2B3", "-3", "99999999999999999999"] {
            assert_eq!(world.refusal(&format!("/kpi/{id}")).await, (404, "not_found".into()), "{id}");
        }
    })
    .await;
}
