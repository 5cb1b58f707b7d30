//! Scorecards and their results.

use crate::world::{EVER, World, both, both_with, column, keys};
use serde_json::{Value, json};
use touchline_api_c360::C360Config;
use touchline_model::{Evaluation, Group, Scorecard, User};

async fn put_people(world: &World) {
    world.put::<Group>(json!({ "id": "t1", "name": "My Team" })).await;
    world.put::<User>(json!({ "id": "tim", "email": "tim.smith@example.com", "team_id": "t1" })).await;
    world.put::<User>(json!({ "id": "agent", "email": "inttest4@bah.com", "team_id": "t1" })).await;
}

async fn put_card(world: &World, id: &str, scheme: &str, questions: usize) {
    let question = |n: usize| json!({ "id": format!("q{n}"), "text": format!("Question {n}") });
    let questions: Vec<Value> = (1..=questions).map(question).collect();
    world.put::<Scorecard>(json!({ "id": id, "name": "C", "scheme": scheme, "questions": questions })).await;
}

async fn put_result(world: &World, id: &str, card: &str, answers: &[(usize, u8)]) {
    let answers: Vec<Value> = answers
        .iter()
        .map(|(n, answer)| json!({ "question_id": format!("q{n}"), "answer": answer }))
        .collect();
    world
        .put::<Evaluation>(
            json!({ "id": id, "contact_id": "call", "scorecard_id": card, "reviewer_id": "tim",
                                   "scored_at": "2018-11-09T18:09:11.794403Z", "answers": answers }),
        )
        .await;
}

// covers(c360): OP-13, S4.10, X-14
#[tokio::test]
async fn a_scorecard_is_a_list_of_its_questions() {
    both(async |world| {
        world
            .put::<Scorecard>(json!({
                "id": "82d02942", "name": "Accounting Profiling", "scheme": "OneToThree",
                "questions": [{ "id": "f310", "text": "Does the rep inquire?" }, { "id": "a", "text": "B?" }],
            }))
            .await;
        let question = |id: &str, text: &str| {
            json!({ "scorecardId": "82d02942", "scorecardScheme": "OneToThree",
                    "scorecardName": "Accounting Profiling", "questionId": id, "questionText": text })
        };
        let expected = json!([question("f310", "Does the rep inquire?"), question("a", "B?")]);
        assert_eq!(world.json("/scorecard/82d02942").await, expected);
        assert_eq!(world.refusal("/scorecard/none").await, (404, "not_found".into()));
    })
    .await;
}

// covers(c360): OP-12, S4.8, X-13, X-28, X-29
#[tokio::test]
async fn a_score_shows_every_field_of_the_contract() {
    both(async |world| {
        put_people(&world).await;
        world
            .put::<Scorecard>(json!({
                "id": "c_scorecard", "name": "C", "scheme": "OneToThree",
                "questions": [{ "id": "Q1C", "text": "Q1", "skills": ["hunting", "trapping", "charring"] }],
            }))
            .await;
        world.put_call(json!({ "id": "scorecard_mb1", "agent_id": "agent" })).await;
        world.now("2026-03-02T17:09:11.794403Z");
        let result = json!({
            "id": "CR23", "contact_id": "scorecard_mb1", "scorecard_id": "c_scorecard", "reviewer_id": "tim",
            "scored_at": "2018-11-09T13:09:11.794403-05:00",
            "answers": [{ "question_id": "Q1C", "answer": 3, "comment": "good" }],
        });
        world.put::<Evaluation>(result).await;
        let expected = json!({
            "reviewer": "tim.smith@example.com",
            "reviewerTeam": "My Team",
            "caller": "inttest4@bah.com",
            "callerTeam": "My Team",
            "callId": "scorecard_mb1",
            "resultId": "CR23",
            "scoreTime": "2018-11-09T18:09:11.794403Z",
            "modified": "2026-03-02T17:09:11.794403Z",
            "scorecardId": "c_scorecard",
            "scorecardName": "C",
            "questionId": "Q1C",
            "question": "Q1",
            "skill1": "hunting",
            "skill2": "trapping",
            "skill3": "charring",
            "scheme": "OneToThree",
            "answer": 3.0,
            "rawAnswer": 5,
            "percentage": 100,
            "reason": null,
            "comment": "good",
        });
        assert_eq!(world.json(&format!("/scores?since={EVER}")).await, json!([expected]));
    })
    .await;
}

// covers(c360): S4.8, X-28
#[tokio::test]
async fn people_who_are_not_in_the_directory_are_shown_by_id() {
    both(async |world| {
        put_card(&world, "s", "YesNo", 1).await;
        put_result(&world, "e", "s", &[(1, 0)]).await;
        let score = &world.list(&format!("/scores?since={EVER}")).await[0];
        assert_eq!((&score["reviewer"], &score["reviewerTeam"]), (&json!("tim"), &Value::Null));
        assert_eq!((&score["caller"], &score["callerTeam"]), (&json!(""), &Value::Null));
        assert_eq!((&score["skill1"], &score["skill3"]), (&Value::Null, &Value::Null));
    })
    .await;
}

// covers(c360): S4.9, X-13
#[tokio::test]
async fn answers_have_the_raw_values_and_percentages_of_the_table() {
    both(async |world| {
        let table: [(&str, &[(u8, u8)]); 5] = [
            ("OneToFive", &[(0, 0), (1, 20), (2, 40), (3, 60), (4, 80), (5, 100)]),
            ("OneToThree", &[(0, 0), (1, 33), (3, 66), (5, 100)]),
            ("OneTwo", &[(0, 0), (3, 50), (5, 100)]),
            ("YesNo", &[(0, 0), (5, 100)]),
            ("PassFail", &[(0, 0), (5, 100)]),
        ];
        for (scheme, rows) in table {
            put_card(&world, scheme, scheme, rows.len()).await;
            let answers: Vec<(usize, u8)> = (0..rows.len()).map(|n| (n + 1, n as u8)).collect();
            put_result(&world, scheme, scheme, &answers).await;
        }
        let scores = world.list(&format!("/scores?since={EVER}")).await;
        let mut found = scores.iter();
        for (scheme, rows) in table {
            for (answer, (raw, percentage)) in rows.iter().enumerate() {
                let score = found.next().unwrap();
                assert_eq!(score["scheme"], scheme);
                assert_eq!(
                    (score["answer"].as_f64(), &score["rawAnswer"], &score["percentage"]),
                    (Some(answer as f64), &json!(raw), &json!(percentage)),
                    "{scheme} {answer}"
                );
            }
        }
        assert!(found.next().is_none());
    })
    .await;
}

// covers(c360): V-8, B-8, X-20, OP-12, S5
#[tokio::test]
async fn the_limit_counts_results_and_never_splits_one() {
    both(async |world| {
        put_card(&world, "s", "OneToFive", 7).await;
        let all: Vec<(usize, u8)> = (1..=7).rev().map(|n| (n, 2)).collect();
        put_result(&world, "r1", "s", &all).await;
        put_result(&world, "r2", "s", &[(5, 1), (2, 0)]).await;
        put_result(&world, "empty", "s", &[]).await;
        world.clock.advance_secs(60);
        put_result(&world, "r3", "s", &[(3, 4)]).await;

        let one = world.list(&format!("/scores?since={EVER}&limit=1")).await;
        assert_eq!(column(&one, "resultId"), ["r1"; 7]);
        let order: Vec<String> = (1..=7).map(|n| format!("q{n}")).collect();
        assert_eq!(column(&one, "questionId"), order, "as on the scorecard");
        assert!(one.iter().all(|row| row["modified"] == one[0]["modified"]));
        let two = world.list(&format!("/scores?since={EVER}&limit=2")).await;
        assert_eq!(column(&two[7..], "questionId"), ["q2", "q5"]);
        let three = column(&world.list(&format!("/scores?since={EVER}&limit=3")).await, "resultId");
        assert_eq!(three[9..], ["r3"], "a result without answers does not count");
        let rest = column(&world.list("/scores?since=2026-03-02T17:00:30Z&limit=1").await, "resultId");
        assert_eq!(rest.len(), 10, "the minute of since is completed, and one result more");

        world.clock.advance_secs(60);
        put_result(&world, "r1", "s", &[(1, 5), (2, 2)]).await;
        let changed = world.list("/scores?since=2026-03-02T17:02Z").await;
        assert_eq!(column(&changed, "resultId"), ["r1", "r1"]);
        assert_eq!(column(&changed, "modified"), ["2026-03-02T17:02:00Z"; 2], "one time for all its answers");
    })
    .await;
}

// covers(c360)
#[tokio::test]
async fn without_extensions_scores_have_no_percentage() {
    let config = C360Config { extensions: false, ..C360Config::default() };
    both_with(&config, async |world| {
        put_card(&world, "s", "YesNo", 1).await;
        put_result(&world, "e", "s", &[(1, 1)]).await;
        let scores = world.list(&format!("/scores?since={EVER}")).await;
        assert!(!keys(&scores[0]).contains(&"percentage") && keys(&scores[0]).contains(&"modified"));
    })
    .await;
}
