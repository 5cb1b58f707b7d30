//! Contacts: from words to results, changed in part, erased for good.

use crate::world::{World, contact, words};
use serde_json::{Value, json};

on_both_engines!(
    words_become_results,
    parts_are_changed_on_their_own,
    changes_of_many_at_once_all_count,
    the_erased_cannot_come_back,
    changed_topics_are_matched_anew_while_old_results_stay,
);

async fn words_become_results(world: World) {
    let mut call = contact("c1");
    let mut said = words(0, 0, "thank you for calling how can I help");
    said.extend(words(1, 10, "I want my money back"));
    call["transcript"] = json!({ "speakers": [{ "number": 0, "type": "INTERNAL" }, { "number": 1, "type": "EXTERNAL" }],
        "words": said });
    world.put("/contacts/c1", &call).await.is(201);
    let waiting = world.get("/contacts/c1").await.is(200).json();
    assert_eq!((&waiting["state"], &waiting["stats"]), (&json!("ANALYZING"), &Value::Null));
    assert_eq!(waiting["duration"], 14.5, "as long as its words");
    world.work().await;
    let done = world.get("/contacts/c1").await.is(200).json();
    assert_eq!(done["state"], "COMPLETE");
    // From the first word of a segment to its last.
    assert_eq!(done["stats"]["internal_talk_time"], 7.5);
    assert_eq!(done["stats"]["external_talk_time"], 4.5);
    assert!(done["seq"].as_i64() > waiting["seq"].as_i64(), "a new state is a change");
    let transcript = world.get("/contacts/c1/transcript").await.is(200).json();
    assert_eq!(transcript["words"], call["transcript"]["words"]);

    // Utterances get words with times.
    world.put("/contacts/c2", &contact("c2")).await.is(201);
    world.get("/contacts/c2/transcript").await.problem(404);
    let said = json!({ "utterances": [{ "start": 0, "end": 10, "text": "Good morning.", "speaker": 3 }] });
    assert_eq!(world.put("/contacts/c2/transcript", &said).await.is(200).json()["status"], "updated");
    assert_eq!(world.put("/contacts/c2/transcript", &said).await.is(200).json()["status"], "unchanged");
    let transcript = world.get("/contacts/c2/transcript").await.is(200).json();
    assert_eq!(transcript["words"][1]["text"], "morning");
    assert_eq!(transcript["words"][1]["punctuation"], ".");
    assert_eq!(transcript["words"][1]["speaker"], 3);
    world.put("/contacts/none/transcript", &said).await.problem(404);
    world.get("/contacts/none").await.problem(404);

    // A reader without the right to hear does not get the summary either.
    let token = world.token_of("acme", [touchline_model::Ability::ReadContacts]).await;
    let request = world.request_as(&token, reqwest::Method::GET, "/contacts/c1");
    let seen = crate::world::Answer::of(request).await.is(200).json();
    assert_eq!((&seen["summary"], &seen["stats"]), (&Value::Null, &done["stats"]));
    assert!(done["summary"].is_object());
}

async fn parts_are_changed_on_their_own(world: World) {
    let mut call = contact("c1");
    call["metadata"] = json!({ "queue": "sales", "tags": ["a", "b"], "vip": true });
    call["transcript"] = json!({ "speakers": [{ "number": 1, "email": "kim@customer.example" }],
        "words": words(1, 0, "hello there") });
    world.put("/contacts/c1", &call).await.is(201);
    world.work().await;
    assert_eq!(
        world.get("/contacts/c1").await.json()["stats"]["external_talk_time"],
        0.0,
        "nobody knows Kim yet"
    );

    let patch = json!({ "vip": null, "queue": "support", "score": 4.5, "none": null });
    assert_eq!(world.patch("/contacts/c1/metadata", &patch).await.is(200).json()["status"], "updated");
    let metadata = async || world.get("/contacts/c1").await.json()["metadata"].clone();
    assert_eq!(metadata().await, json!({ "queue": "support", "tags": ["a", "b"], "score": 4.5 }));
    assert_eq!(world.patch("/contacts/c1/metadata", &json!({})).await.is(200).json()["status"], "unchanged");
    world.put("/contacts/c1/metadata", &json!({ "only": 1 })).await.is(200);
    assert_eq!(metadata().await, json!({ "only": 1 }));
    let problem = world.patch("/contacts/c1/metadata", &json!({ "only": { "x": 1 } })).await.problem(422);
    assert_eq!(problem["field"], "metadata.only");
    assert_eq!(metadata().await, json!({ "only": 1 }));
    world.patch("/contacts/c1/metadata", &json!([1])).await.problem(400);
    world.patch("/contacts/none/metadata", &json!({})).await.problem(404);

    let crm = json!([{ "crm_name": "Salesforce", "activity_crm_id": "a1", "account": null, "engagement": null,
        "contacts": [{ "crm_id": "p1", "name": "Kim van Dam", "email": "kim@customer.example" }] }]);
    world.put("/contacts/c1/crm-matches", &crm).await.is(200);
    assert_eq!(world.get("/contacts/c1").await.json()["crm_matches"], crm);
    world.work().await;
    // The speaker is a customer now, so whose time it was is worked out again (contract c360 R-14).
    assert_eq!(world.get("/contacts/c1").await.json()["stats"]["external_talk_time"], 1.5);
    let words = world.get("/contacts/c1/transcript").await.json()["words"].as_array().unwrap().len();
    assert_eq!(words, 2, "the words stay");
    let bad = json!([{ "crm_name": "x", "activity_crm_id": "a", "shoe": 1 }]);
    assert_eq!(world.put("/contacts/c1/crm-matches", &bad).await.problem(400)["field"], "[0].shoe");
}

async fn changes_of_many_at_once_all_count(world: World) {
    world.put("/contacts/c1", &contact("c1")).await.is(201);
    let patches = (0..12).map(|n| {
        let world = &world;
        async move { world.patch("/contacts/c1/metadata", &json!({ format!("f{n:02}"): n })).await.status }
    });
    let status = futures::future::join_all(patches).await;
    assert!(status.iter().all(|status| *status == 200), "{status:?}");
    let metadata = world.get("/contacts/c1").await.json()["metadata"].clone();
    assert_eq!(metadata.as_object().unwrap().len(), 12, "{metadata}");
}

async fn the_erased_cannot_come_back(world: World) {
    let mut call = contact("c1");
    call["transcript"] = json!({ "words": words(0, 0, "secret words") });
    world.put("/contacts/c1", &call).await.is(201);
    let audio =
        world.request(reqwest::Method::POST, "/contacts/c1/audio").header("content-type", "audio/wav");
    crate::world::Answer::of(audio.body(crate::world::wav(0.5))).await.is(201);
    world.work().await;
    world.delete("/contacts/c1").await.is(204);
    for path in ["/contacts/c1", "/contacts/c1/transcript", "/contacts/c1/audio"] {
        world.get(path).await.problem(404);
    }
    assert!(
        crate::world::files(&world.folder.path().join("blobs")).is_empty(),
        "the recording is gone from the disk"
    );
    assert_eq!(world.put("/contacts/c1", &call).await.problem(410)["type"], "urn:touchline:problem:gone");
    world.post("/contacts", &call).await.problem(410);
    let report = world.bulk("/contacts", format!("{call}\n{}\n", contact("c2"))).await;
    assert_eq!((&report[0]["error"]["status"], &report[1]["status"]), (&json!(410), &json!("created")));
    world.delete("/contacts/c1").await.problem(404);
    assert_eq!(world.ids("/contacts", 10).await, ["c2"]);
    let changes = world.get("/changes").await.json();
    let last = changes["items"].as_array().unwrap().iter().rfind(|it| it["id"] == "c1").unwrap();
    assert_eq!((&last["kind"], &last["op"]), (&json!("contact"), &json!("delete")));
}

/// Hits of the visible topics in a contact.
async fn hits(world: &World, id: &str) -> Vec<i64> {
    let tenant = "acme".into();
    let sets = world.app.store().topic_sets(&tenant).await.unwrap().1;
    let visible = sets.iter().find(|set| set.state == touchline_app::store::TopicSetState::Visible);
    let Some(visible) = visible else { return vec![] };
    let results =
        world.app.store().topic_results(&tenant, visible.generation, &[id.to_owned()]).await.unwrap();
    results.get(id).map(|it| it.hits.iter().map(|hit| hit.topic.0).collect()).unwrap_or_default()
}

async fn changed_topics_are_matched_anew_while_old_results_stay(world: World) {
    let refund = |phrases: Value| json!({ "name": "Refund", "phrases": phrases });
    world.put("/topics/1", &refund(json!(["money back"]))).await.is(201);
    let lines: String = (0..250)
        .map(|n| {
            let mut call = contact(&format!("c{n:03}"));
            call["transcript"] = json!({ "words": words(0, 0, "I want my money back thank you") });
            format!("{call}\n")
        })
        .collect();
    world.bulk("/contacts", lines).await;
    world.work().await;
    assert_eq!(hits(&world, "c007").await, [1]);
    let seq = world.get("/contacts/c007").await.json()["seq"].as_i64().unwrap();

    world.put("/topics/1", &refund(json!(["no such words"]))).await.is(200);
    world.put("/topics/2", &json!({ "name": "Thanks", "phrases": ["thank you"] })).await.is(201);
    assert_eq!(world.get("/topics/progress").await.json()["building"], true);
    assert_eq!(hits(&world, "c007").await, [1], "old results stay until the new ones are complete");
    world.work().await;
    assert_eq!(world.get("/topics/progress").await.json()["building"], false);
    assert_eq!(hits(&world, "c007").await, [2]);
    assert!(world.get("/contacts/c007").await.json()["seq"].as_i64().unwrap() > seq, "readers are told");
}
