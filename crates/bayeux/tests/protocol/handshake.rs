//! Shaking hands.

use crate::world::*;
use serde_json::json;
use touchline_bayeux::*;

// covers(bayeux): S3, B07, B08, B27, R-4
#[test]
fn the_answer_to_a_handshake_is_the_one_of_the_contract_letter_by_letter() {
    let mut world = World::new();
    let messages = parse_http(hello().to_string().as_bytes(), world.server.settings()).unwrap();
    let Outcome::Reply(reply) = world.server.handle(world.now(), &Peer::new(anna()), &messages) else {
        panic!()
    };
    let body = std::str::from_utf8(&reply.body).unwrap();
    let (before, rest) = body.split_once("\"clientId\":\"").unwrap();
    let (client, after) = rest.split_at(32);
    assert_eq!(before, r#"[{"id":"1","channel":"/meta/handshake","successful":true,"#);
    assert!(client.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()), "{client}");
    assert_eq!(
        after,
        "\",\"version\":\"1.0\",\"minimumVersion\":\"1.0\",\
         \"supportedConnectionTypes\":[\"websocket\",\"long-polling\"],\
         \"advice\":{\"reconnect\":\"retry\",\"interval\":0,\"timeout\":30000}}]"
    );
}

// covers(bayeux): S5.1
#[test]
fn the_first_handshake_of_a_browser_sets_a_cookie_and_the_next_keeps_it() {
    let mut world = World::new();
    let mut peer = Peer::new(anna());
    let (_, cookie) = world.post_raw(&peer, hello().to_string().as_bytes());
    assert_eq!(cookie.as_ref().unwrap().as_str().len(), 32);
    peer.browser = cookie;
    let (sent, cookie) = world.post_raw(&peer, hello().to_string().as_bytes());
    assert_eq!((sent.only()["successful"].clone(), cookie), (json!(true), None));
}

// covers(bayeux): B13, T-MessagesAfterFailedHandshakeTest
#[test]
fn messages_beside_a_handshake_are_ignored_whether_it_succeeds_or_not() {
    let mut world = World::new();
    let client = world.connected(&anna());
    let subscribe = client.message("/meta/subscribe", json!({"subscription": "/v2/a"}));
    let replies = world.post(&client.peer, json!([subscribe, hello(), subscribe])).answered();
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0]["channel"], "/meta/handshake");
    let mut failing = hello();
    failing["supportedConnectionTypes"] = json!(["flash"]);
    let replies = world.post(&client.peer, json!([failing, subscribe])).answered();
    assert_eq!((replies.len(), &replies[0]["successful"]), (1, &json!(false)));
    assert_eq!(world.server.stats().subscriptions, 0);
}

// covers(bayeux): B10, S6.4, R-5, T-CometDTransportNegotiationFailureTest
#[test]
fn without_a_common_transport_there_is_no_session_and_no_retry() {
    let mut world = World::new();
    for list in [json!(["callback-polling"]), json!([]), json!([7])] {
        let mut hello = hello();
        hello["supportedConnectionTypes"] = list;
        let reply = world.post(&Peer::new(anna()), json!([hello])).only();
        assert_eq!(
            reply,
            json!({"id": "1", "channel": "/meta/handshake", "successful": false,
                   "error": "412::no_common_connection_type", "advice": {"reconnect": "none", "interval": 0}})
        );
    }
    assert_eq!(world.server.stats().sessions, 0);
}

// covers(bayeux): S6.4
#[test]
fn transports_that_nobody_knows_are_ignored() {
    let mut world = World::new();
    let mut hello = hello();
    hello["supportedConnectionTypes"] = json!(["in-process", "websocket", "eventsource", "long-polling"]);
    let reply = world.post(&Peer::new(anna()), json!([hello])).only();
    assert_eq!(reply["successful"], true);
}

// covers(bayeux): S6.2, S6.3, B01, B20
#[test]
fn a_server_without_web_sockets_says_so() {
    let settings = Settings { transports: vec![Transport::LongPolling], ..Settings::default() };
    let mut world = World::with(settings);
    let reply = world.post(&Peer::new(anna()), json!([hello()])).only();
    assert_eq!(reply["supportedConnectionTypes"], json!(["long-polling"]));
    assert_eq!(world.server.open_socket(world.at(), Peer::new(anna())), None);
}

// covers(bayeux): R-5
#[test]
fn version_and_transports_may_be_missing() {
    let mut world = World::new();
    let reply = world.post(&Peer::new(anna()), json!({"channel": "/meta/handshake"})).only();
    assert_eq!(reply["successful"], true);
    assert_eq!(reply.get("id"), None, "there was none to echo");
}

// covers(bayeux): S5, T-DuplicateHandshakeTest
#[test]
fn another_handshake_makes_another_session_and_the_old_one_lives_on() {
    let mut world = World::new();
    let old = world.listening(&anna());
    let new = world.client_of(old.peer.clone(), json!({"clientId": old.id}));
    assert_ne!(old.id, new.id);
    assert_eq!(world.tell(&anna(), "/v2/a", json!(1)), 1);
    assert_eq!(data(&old.connect(&mut world).answered()), [1]);
}

struct Closed;
impl Policy for Closed {
    fn may_handshake(&self, _: &Identity) -> bool {
        false
    }
    fn may_subscribe(&self, _: &Identity, _: &Pattern) -> Verdict {
        Verdict::NotCreated
    }
    fn may_publish(&self, _: &Identity, _: &Channel) -> bool {
        false
    }
}

// covers(bayeux): S3, S10, S4, R-4
#[test]
fn a_policy_can_refuse_a_handshake_for_good() {
    let mut world = World::new();
    world.server = Server::new(Settings::default(), Closed, entropy());
    let reply = world.post(&Peer::new(anna()), json!([hello()])).only();
    assert_eq!(reply["error"], "403::handshake_denied");
    assert_eq!(reply["advice"], json!({"reconnect": "none", "interval": 0}));
}

// covers(bayeux): S3, S10
#[test]
fn an_id_is_never_given_twice() {
    let constant = |bytes: &mut [u8]| bytes.fill(7);
    let mut world = World::new();
    world.server = Server::new(Settings::default(), Standard::default(), constant);
    world.client(&anna());
    let reply = world.post(&Peer::new(anna()), json!([hello()])).only();
    assert_eq!(reply["error"], "403::handshake_failed");
    assert_eq!(reply["advice"]["reconnect"], "none");
    assert_eq!(world.server.stats().sessions, 1);
}

#[test]
fn a_server_can_be_moved_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&World::new().server);
}
