//! Bodies, fields and errors.

use crate::world::*;
use serde_json::{Value, json};
use touchline_bayeux::*;

fn parse(body: &str) -> Result<usize, ParseError> {
    parse_http(body.as_bytes(), &Settings::default()).map(|messages| messages.len())
}

// covers(bayeux): S1, B02, T-BadJSONTest
#[test]
fn what_is_no_json_array_of_objects_is_refused() {
    assert_eq!(parse(r#"[{"channel":"/a"}]"#), Ok(1));
    assert_eq!(parse(r#" {"channel":"/a"} "#), Ok(1), "a single object is accepted");
    for bad in
        ["", "{", "[{]", "[1]", "[[]]", "\"a\"", "null", "[{}] x", "[{},]", "{'a':1}", "[{\"a\":\u{1}}]"]
    {
        assert_eq!(parse(bad), Err(ParseError::Malformed), "{bad}");
    }
    assert_eq!(parse("[]"), Err(ParseError::Empty));
    assert_eq!(ParseError::Malformed.status(), 400);
    assert_eq!(ParseError::Empty.status(), 400);
    let latin1 = [b"[{\"channel\":\"/a\",\"data\":\"".as_slice(), &[0xE4], b"\"}]"].concat();
    assert_eq!(parse_http(&latin1, &Settings::default()).map(|_| ()), Err(ParseError::Malformed));
}

// covers(bayeux): B04, R-7
#[test]
fn a_body_has_a_size_a_depth_and_a_number_of_messages() {
    let long = format!(r#"[{{"channel":"/a","data":"{}"}}]"#, "x".repeat(1 << 20));
    assert_eq!(parse(&long), Err(ParseError::TooLarge));
    assert_eq!((ParseError::TooLarge.status(), ParseError::TooLarge.close_code()), (413, 1009));
    let deep = format!(r#"{{"channel":"/a","data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(parse(&deep), Err(ParseError::TooDeep));
    assert_eq!(parse(r#"{"channel":"/a","data":"[[[[[\"[[[["}"#), Ok(1));
    let many = format!("[{}]", vec!["{}"; 1_001].join(","));
    assert_eq!(parse(&many), Err(ParseError::TooMany));
    assert_eq!((ParseError::TooMany.status(), ParseError::TooMany.close_code()), (400, 1011));
}

// covers(bayeux): S1
#[test]
fn a_form_carries_messages_in_one_or_more_parameters() {
    let form = |body: &str| parse_form(body.as_bytes(), &Settings::default()).map(|messages| messages.len());
    assert_eq!(form("message=%7B%22channel%22%3A%22%2Fa%22%7D"), Ok(1));
    assert_eq!(form("x=1&message=%5B%7B%22a%22:+1%7D,%7B%7D%5D&y&message=%7B%7D"), Ok(3));
    assert_eq!(form("jsonp=callback"), Err(ParseError::Empty));
    assert_eq!(form("message=%7B"), Err(ParseError::Malformed));
}

// covers(bayeux): S1, T-CometDURLPathTest, T-URLMappingTest
#[test]
fn suffixes_of_the_address_carry_no_meaning() {
    for fine in ["", "/", "/handshake", "/handshake/", "/connect", "/connect/", "/disconnect", "/disconnect/"]
    {
        assert!(is_endpoint_suffix(fine), "{fine}");
    }
    for other in ["/x", "/connect/x", "//", "handshake"] {
        assert!(!is_endpoint_suffix(other), "{other}");
    }
}

// covers(bayeux): S2, B06, S10, T-BadJSONTest
#[test]
fn an_id_is_echoed_as_it_came_or_refused() {
    let mut world = World::new();
    let client = world.connected(&anna());
    for good in [json!("1z"), json!(12), json!("AZaz09")] {
        let reply = client.send(&mut world, "/service/a", json!({"data": 1, "id": good})).only();
        assert_eq!((&reply["id"], &reply["successful"]), (&good, &json!(true)));
    }
    for bad in [json!("<script>"), json!(""), json!("a b"), json!(true), json!({"a": 1})] {
        let reply = client.send(&mut world, "/service/a", json!({"data": 1, "id": bad})).only();
        assert_eq!(
            (&reply["error"], &reply["successful"]),
            (&json!("405::message_id_invalid"), &json!(false))
        );
    }
    let reply = client.send(&mut world, "/service/a", json!({"data": 1, "id": null})).only();
    assert_eq!(reply, json!({"channel": "/service/a", "successful": true}));
}

// covers(bayeux): S2.1, S10, R-5, T-BadJSONTest
#[test]
fn a_bad_channel_is_answered_within_a_good_response() {
    let mut world = World::new();
    let client = world.connected(&anna());
    for (channel, error) in [
        (json!("/a<b"), "405::channel_invalid"),
        (json!("a"), "405::channel_invalid"),
        (json!("/"), "405::channel_invalid"),
        (json!(5), "405::channel_invalid"),
        (json!("/a/*"), "405::channel_invalid"),
        (json!(""), "400::channel_missing"),
        (json!(null), "400::channel_missing"),
    ] {
        let reply = client.send(&mut world, "/x", json!({"channel": channel, "data": 1})).only();
        assert_eq!((&reply["successful"], &reply["error"]), (&json!(false), &json!(error)), "{channel}");
        if channel.as_str().is_some_and(|name| !name.is_empty()) {
            assert_eq!(reply["channel"], channel, "the channel is echoed");
        }
    }
    let reply = world.post(&client.peer, json!([{"id": "1"}])).only();
    assert_eq!(reply, json!({"id": "1", "successful": false, "error": "400::channel_missing"}));
}

// covers(bayeux): S2, S9.4, B28
#[test]
fn unknown_fields_and_extensions_are_ignored_and_not_echoed() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let extra = json!({"data": 1, "timestamp": "12:00", "foo": [1], "ext": {"binary": true, "activity": {}, "ack": "x"}});
    let reply = client.send(&mut world, "/service/a", extra).only();
    assert_eq!(reply, json!({"id": "7", "channel": "/service/a", "successful": true}));
    for ext in [json!(1), json!([]), json!({"ack": {}, "timesync": 1}), json!({"timesync": {"tc": "a"}})] {
        let reply = client.connect_with(&mut world, json!({"ext": ext, "advice": {"timeout": 0}})).only();
        assert_eq!((&reply["successful"], reply.get("ext")), (&json!(true), None));
    }
}

// covers(bayeux): S3, S10, S5.1
#[test]
fn a_message_without_a_session_gets_402_and_only_a_connect_gets_advice() {
    let mut world = World::new();
    let peer = Peer::new(anna());
    for client in [json!(null), json!("nobody"), json!("0123456789abcdef0123456789abcdef"), json!(5)] {
        let ask = |world: &mut World, channel: &str| {
            let message = json!({"id": "9", "channel": channel, "clientId": client, "subscription": "/v2/a", "data": 1});
            world.post(&peer, json!([message])).only()
        };
        assert_eq!(
            ask(&mut world, "/meta/connect"),
            json!({"id": "9", "channel": "/meta/connect", "successful": false, "error": "402::session_unknown",
                   "advice": {"reconnect": "handshake", "interval": 0}})
        );
        for channel in ["/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect", "/v2/a"] {
            assert_eq!(
                ask(&mut world, channel),
                json!({"id": "9", "channel": channel, "successful": false, "error": "402::session_unknown"})
            );
        }
    }
}

// covers(bayeux): S5.1, B17, T-SessionHijackingTest, T-BrowserMappingTest
#[test]
fn a_session_is_found_only_by_its_own_user_in_its_own_browser() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let mut thief = Client { peer: client.peer.clone(), id: client.id.clone() };
    thief.peer.browser = None;
    assert_eq!(thief.connect(&mut world).only()["error"], "402::session_unknown", "no cookie");
    thief.peer.browser = BrowserId::parse("0123456789abcdef0123456789abcdef");
    assert_eq!(thief.connect(&mut world).only()["error"], "402::session_unknown", "another cookie");
    thief.peer = Peer { identity: Identity::new("acme", "berta"), ..client.peer.clone() };
    assert_eq!(thief.connect(&mut world).only()["error"], "402::session_unknown", "another user");
    thief.peer = Peer { identity: Identity::new("other", "anna"), ..client.peer.clone() };
    assert_eq!(thief.connect(&mut world).only()["error"], "402::session_unknown", "another customer");
    client.connect(&mut world).held();
}

// covers(bayeux): S5.1, T-OrphanedSessionTest
#[test]
fn a_trusting_server_does_not_ask_for_the_cookie_but_for_the_user() {
    let mut world = World::with(Settings { trust_client_session: true, ..Settings::default() });
    let mut client = world.connected(&anna());
    client.peer.browser = None;
    let ticket = client.connect(&mut world).held();
    assert!(world.is_held(ticket));
    client.peer.identity = Identity::new("acme", "berta");
    assert_eq!(client.connect(&mut world).only()["error"], "402::session_unknown");
}

// covers(bayeux): B32
#[test]
fn a_request_of_connects_only_is_a_heartbeat() {
    let parse = |body: Value| parse_http(body.to_string().as_bytes(), &Settings::default()).unwrap();
    assert!(is_heartbeat(&parse(json!([connect("x")]))));
    assert!(!is_heartbeat(&parse(json!([connect("x"), {"channel": "/meta/subscribe"}]))));
    assert!(!is_heartbeat(&parse(json!([hello()]))));
}
