//! Whatever is done to a server, it answers everybody once and forgets what has ended.

use crate::world::*;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use touchline_bayeux::*;

/// Anything that somebody may do to a server.
#[derive(Clone, Debug)]
enum Deed {
    Handshake { user: usize, ack: bool },
    Say { client: usize, peer: usize, messages: Vec<usize> },
    Frame { socket: usize, client: usize, messages: Vec<usize> },
    Open { user: usize },
    CloseSocket { socket: usize },
    Garbage { socket: usize },
    Publish { user: usize, lazily: bool, to_all: bool },
    Cut,
    Disconnect { client: usize },
    Logout { user: usize },
    ExpireHttp { user: usize },
    WriteAll,
    Sent { socket: usize },
    Wait(u64),
}

const KINDS: usize = 9;

fn message(kind: usize, client: &str) -> Value {
    let mut message = match kind % KINDS {
        0 | 1 => json!({"channel": "/meta/connect", "ext": {"ack": kind}}),
        2 => json!({"channel": "/meta/connect", "advice": {"timeout": 0, "interval": 900}}),
        3 => json!({"channel": "/meta/subscribe", "subscription": ["/v2/**", "/test/*"]}),
        4 => json!({"channel": "/meta/unsubscribe", "subscription": "/v2/**"}),
        5 => json!({"channel": "/test/a", "data": {"n": kind}}),
        6 => json!({"channel": "/meta/disconnect", "id": "1"}),
        7 => json!({"channel": "/service/x", "data": null, "ext": {"timesync": {"tc": 1, "l": 0}}}),
        _ => json!({"channel": "nonsense", "id": {}, "subscription": 5}),
    };
    message["clientId"] = json!(client);
    message
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let few = 0..4_usize;
    let kinds = vec(0..4 * KINDS, 0..4);
    let deed = prop_oneof![
        2 => (few.clone(), any::<bool>()).prop_map(|(user, ack)| Deed::Handshake { user, ack }),
        9 => (0..8_usize, few.clone(), kinds.clone())
            .prop_map(|(client, peer, messages)| Deed::Say { client, peer, messages }),
        6 => (few.clone(), 0..8_usize, kinds)
            .prop_map(|(socket, client, messages)| Deed::Frame { socket, client, messages }),
        2 => few.clone().prop_map(|user| Deed::Open { user }),
        1 => few.clone().prop_map(|socket| Deed::CloseSocket { socket }),
        1 => few.clone().prop_map(|socket| Deed::Garbage { socket }),
        6 => (few.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(user, lazily, to_all)| Deed::Publish { user, lazily, to_all }),
        1 => Just(Deed::Cut),
        1 => (0..8_usize).prop_map(|client| Deed::Disconnect { client }),
        1 => few.clone().prop_map(|user| Deed::Logout { user }),
        1 => few.clone().prop_map(|user| Deed::ExpireHttp { user }),
        2 => Just(Deed::WriteAll),
        2 => few.prop_map(|socket| Deed::Sent { socket }),
        3 => (0..20_000_u64).prop_map(Deed::Wait),
    ];
    vec(deed, 0..120)
}

const QUEUE: usize = 5;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    // covers(bayeux): S5, S7, B15
    #[test]
    fn whatever_clients_do_every_request_is_answered_once_and_nothing_is_left_behind(deeds in deeds()) {
        let settings = Settings {
            test_channels: true, max_queue: QUEUE, send_window: 200, max_sessions_per_user: 5,
            timeout: Millis(7_000), ..Settings::default()
        };
        let mut world = World::with(settings);
        world.writes = false;
        let users: Vec<_> = (0..4).map(|n| Identity::new("acme", &format!("user{n}"))).collect();
        let mut clients: Vec<Client> = Vec::new();
        let mut sockets: Vec<SocketId> = Vec::new();
        let mut held: BTreeSet<Ticket> = BTreeSet::new();
        for deed in &deeds {
            match deed {
                Deed::Handshake { user, ack } => {
                    let browser = clients.iter().rev().find(|client| client.peer.identity == users[*user]);
                    let mut peer = named(&users[*user], &format!("H{user}"));
                    peer.browser = browser.and_then(|client| client.peer.browser.clone());
                    let mut hello = hello();
                    hello["ext"] = json!({"ack": ack});
                    let (sent, browser) = world.post_raw(&peer, hello.to_string().as_bytes());
                    peer.browser = browser.or(peer.browser);
                    if let Some(id) = sent.only()["clientId"].as_str() {
                        clients.push(Client { peer, id: id.to_owned() });
                    }
                }
                Deed::Say { client, peer, messages } => {
                    let Some(client) = clients.get(*client) else { continue };
                    let peer = match clients.get(*peer) {
                        Some(other) if *peer == 3 => &other.peer,
                        _ => &client.peer,
                    };
                    let list: Vec<_> = messages.iter().map(|kind| message(*kind, &client.id)).collect();
                    if let Ok(messages) = parse_http(json!(list).to_string().as_bytes(), world.server.settings()) {
                        match world.server.handle(world.now(), peer, &messages) {
                            Outcome::Held(ticket) => prop_assert!(held.insert(ticket)),
                            Outcome::Reply(reply) => {
                                let got = array(&reply.body);
                                prop_assert_eq!(replies(&got), messages.len(), "{:?}", got);
                                world.receipts.extend(reply.receipt);
                            }
                        }
                    }
                }
                Deed::Frame { socket, client, messages } => {
                    let (Some(socket), Some(client)) = (sockets.get(*socket), clients.get(*client)) else { continue };
                    let list: Vec<_> = messages.iter().map(|kind| message(*kind, &client.id)).collect();
                    world.server.socket_text(world.now(), *socket, json!(list).to_string().as_bytes());
                }
                Deed::Open { user } => {
                    let peer = named(&users[*user], &format!("H{user}"));
                    sockets.extend(world.server.open_socket(world.at(), peer));
                }
                Deed::CloseSocket { socket } => {
                    if let Some(socket) = sockets.get(*socket) {
                        world.server.socket_closed(world.at(), *socket);
                    }
                }
                Deed::Garbage { socket } => {
                    if let Some(socket) = sockets.get(*socket) {
                        world.server.socket_text(world.now(), *socket, b"{\"channel");
                    }
                }
                Deed::Publish { user, lazily, to_all } => {
                    let channel = Channel::parse("/v2/me/calls").unwrap();
                    let event = if *lazily { Event::lazy(channel, &1) } else { Event::new(channel, &1) }.unwrap();
                    let audience = if *to_all { Audience::Realm("acme") } else { Audience::User(&users[*user]) };
                    world.server.publish(world.at(), &audience, &event);
                }
                Deed::Cut => {
                    if let Some(ticket) = held.iter().find(|ticket| world.is_held(**ticket)).copied() {
                        held.remove(&ticket);
                        world.server.connection_lost(world.at(), ticket);
                    }
                }
                Deed::Disconnect { client } => {
                    if let Some(client) = clients.get(*client) {
                        world.server.disconnect(world.at(), &client.client_id());
                    }
                }
                Deed::Logout { user } => world.server.logout(world.at(), &format!("H{user}")),
                Deed::ExpireHttp { user } => world.server.expire_http_session(world.at(), &format!("H{user}")),
                Deed::WriteAll => world.write_all(),
                Deed::Sent { socket } => {
                    if let Some(socket) = sockets.get(*socket) {
                        world.server.socket_sent(*socket, 150);
                    }
                }
                Deed::Wait(ms) => world.wait(*ms),
            }
            world.settle();
            for ticket in world.answers.keys() {
                prop_assert!(held.contains(ticket), "an answer to nothing");
            }
            for client in &clients {
                let waiting = world.server.waiting_for(&client.client_id()).map_or(0, |(events, _)| events);
                prop_assert!(waiting <= QUEUE);
            }
            prop_assert!(world.server.stats().sessions <= 20);
            let waiting = held.iter().filter(|ticket| world.is_held(**ticket)).count();
            prop_assert!(world.server.stats().held >= waiting);
        }
        // A session that is left alone ends by itself, with everything that belongs to it.
        world.write_all();
        world.wait(200_000);
        world.write_all();
        world.wait(200_000);
        prop_assert_eq!(world.server.stats(), Stats::default());
        prop_assert_eq!(world.server.next_deadline(), None);
        prop_assert!(held.iter().all(|ticket| !world.is_held(*ticket)), "a request was never answered");
    }
}

/// How many replies there are. The news that the server has ended a session has no more than two fields.
fn replies(messages: &[Value]) -> usize {
    let is_news = |reply: &&Value| reply["channel"] == "/meta/disconnect" && reply["id"].is_null();
    let replies: Vec<_> = messages.iter().filter(|message| message.get("successful").is_some()).collect();
    replies.len() - replies.iter().filter(|reply| is_news(reply)).count()
}
