//! Whatever bytes come, they are messages or an error, and every message has an answer.

use crate::world::*;
use proptest::{collection::vec, prelude::*};
use serde_json::json;
use touchline_bayeux::*;

proptest! {
    // covers(bayeux): S1, S2, S10
    #[test]
    fn any_bytes_are_messages_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let settings = Settings::default();
        let _ = parse_form(&bytes, &settings);
        if let Ok(messages) = parse_http(&bytes, &settings) {
            answer_is_sound(&messages);
        }
    }

    // covers(bayeux): S1, S2, S10
    #[test]
    fn any_fields_get_an_answer_that_is_sound(
        messages in vec(vec((field(), value()), 0..6), 1..4), known in any::<bool>(),
    ) {
        let list: Vec<_> = messages.iter().map(|fields| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        }).collect();
        let text = format!("[{}]", list.join(","));
        let messages = parse_http(text.as_bytes(), &Settings::default());
        prop_assert!(messages.is_ok(), "{}", text);
        answer_is_sound(&messages.unwrap());
        if known {
            let mut world = World::open();
            let client = world.connected(&anna());
            let text = text.replace("CLIENT", &client.id);
            let messages = parse_http(text.as_bytes(), world.server.settings()).unwrap();
            check(&world.server.handle(world.now(), &client.peer, &messages));
        }
    }
}

fn field() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("channel"),
        Just("channel"),
        Just("clientId"),
        Just("id"),
        Just("data"),
        Just("subscription"),
        Just("advice"),
        Just("ext"),
        Just("supportedConnectionTypes"),
        Just("version"),
        Just("other"),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let known = [
        "null",
        "true",
        "0",
        "-1",
        "1e300",
        "\"\"",
        "[]",
        "{}",
        "\"CLIENT\"",
        "\"\\ud800\"",
        "\"/meta/handshake\"",
        "\"/meta/connect\"",
        "\"/meta/subscribe\"",
        "\"/meta/unsubscribe\"",
        "\"/meta/disconnect\"",
        "\"/test/a\"",
        "\"/service/a\"",
        "\"/v2/**\"",
        "[\"/v2/a\",\"/test/*\"]",
        "{\"timeout\":0}",
        "{\"ack\":true}",
        "{\"ack\":7,\"timesync\":{\"tc\":1,\"l\":0,\"o\":-9e99}}",
        "[\"long-polling\"]",
        "[[[[[[]]]]]]",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| json!(text).to_string()),
        1 => any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()).prop_map(|n| json!(n).to_string()),
    ]
}

fn answer_is_sound(messages: &[Message]) {
    let mut world = World::open();
    check(&world.server.handle(world.now(), &Peer::new(anna()), messages));
}

fn check(outcome: &Outcome) {
    if let Outcome::Reply(reply) = outcome {
        for message in array(&reply.body) {
            let is_reply = message["successful"].is_boolean();
            let is_event = message.get("data").is_some() && message.get("clientId").is_none();
            assert!(is_reply || is_event, "{message}");
            assert!(message["successful"] != false || message["error"].is_string(), "{message}");
        }
    }
}
