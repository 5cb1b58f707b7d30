//! What holds whatever clients and networks do.

use crate::world::*;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use touchline_bayeux::*;

/// What a client and the network between may do.
#[derive(Clone, Debug)]
enum Step {
    Publish {
        lazily: bool,
    },
    /// Connects, with the last batch that was seen; a connect that is under way is given up.
    Connect {
        at_once: bool,
    },
    /// Sends something else.
    Speak,
    /// The answer to the held connect, if there is one by now, arrives or is lost.
    Receive {
        lost: bool,
    },
    /// The connection breaks while the connect is held, and the server notices.
    Break,
    /// Goes on over another web socket.
    Socket,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<bool>().prop_map(|lazily| Step::Publish { lazily }),
        4 => any::<bool>().prop_map(|at_once| Step::Connect { at_once }),
        1 => Just(Step::Speak),
        4 => any::<bool>().prop_map(|lost| Step::Receive { lost }),
        1 => Just(Step::Break),
        1 => Just(Step::Socket),
        2 => (0..3_000_u64).prop_map(Step::Wait),
    ];
    vec(step, 0..80)
}

/// A client with a bad network, that counts what it hears.
struct Listener {
    client: Client,
    socket: Option<SocketId>,
    ticket: Option<Ticket>,
    seen: u64,
    heard: Vec<Value>,
    published: u64,
    /// What is under way when a connection breaks does not arrive.
    loses: bool,
}

impl Listener {
    fn new(world: &mut World, with_ack: bool, loses: bool) -> Self {
        let client = if with_ack { world.acknowledging(&anna()) } else { world.client(&anna()) };
        client.subscribe(world, "/v2/**");
        let mut listener =
            Self { client, socket: None, ticket: None, seen: 0, heard: vec![], published: 0, loses };
        listener.connect(world, true, false);
        listener
    }

    fn hear(&mut self, messages: &[Value], lost: bool) {
        if lost {
            return;
        }
        self.heard.extend(data(messages));
        for reply in messages.iter().filter(|message| message["channel"] == "/meta/connect") {
            assert_eq!(reply["successful"], true, "{reply}");
            self.seen = reply["ext"]["ack"].as_u64().unwrap_or(self.seen);
        }
    }

    fn connect(&mut self, world: &mut World, at_once: bool, lost: bool) {
        // A client has read what is on its socket before it sends.
        if self.socket.is_some() {
            self.receive(world, false);
        }
        let mut message = connect(&self.client.id);
        message["ext"] = json!({"ack": self.seen});
        if at_once {
            message["advice"] = json!({"timeout": 0});
        }
        // Whatever has come for the older request is not looked at any more.
        if let Some(old) = self.ticket.take() {
            world.answers.remove(&old);
        }
        match self.socket {
            Some(socket) => {
                let frames = world.frame(socket, json!([message]));
                frames.iter().for_each(|frame| self.hear(frame.as_array().unwrap(), lost));
            }
            None => match world.post(&self.client.peer, json!([message])) {
                Sent::Answered(messages) => self.hear(&messages, lost),
                Sent::Held(ticket) => self.ticket = Some(ticket),
            },
        }
    }

    fn receive(&mut self, world: &mut World, lost: bool) {
        if let Some(socket) = self.socket {
            let frames = world.received(socket);
            if lost && !frames.is_empty() {
                // On a socket, nothing is lost but with all that follows.
                return self.move_to_socket(world);
            }
            frames.iter().for_each(|frame| self.hear(frame.as_array().unwrap(), false));
        } else if self.ticket.is_some_and(|ticket| !world.is_held(ticket)) {
            let messages = world.answer(self.ticket.take().unwrap());
            self.hear(&messages, lost);
        }
    }

    fn move_to_socket(&mut self, world: &mut World) {
        if let Some(old) = self.socket.take() {
            let frames = world.received(old);
            frames.iter().for_each(|frame| self.hear(frame.as_array().unwrap(), self.loses));
            world.server.socket_closed(world.at(), old);
        }
        if !self.loses {
            self.receive(world, false);
        }
        if let Some(ticket) = self.ticket.take() {
            world.answers.remove(&ticket);
        }
        self.socket = Some(world.socket(&anna()));
        self.connect(world, true, false);
    }
}

/// Plays the steps; then the network is good and the client hears the rest.
fn play(with_ack: bool, may_lose: bool, may_move: bool, steps: &[Step]) -> Listener {
    let mut world = World::new();
    let mut listener = Listener::new(&mut world, with_ack, may_lose);
    let mut silent = 0;
    for step in steps {
        match step {
            Step::Publish { lazily } => {
                listener.published += 1;
                let n = json!(listener.published);
                if *lazily {
                    world.tell_lazily(&anna(), "/v2/a", n);
                } else {
                    world.tell(&anna(), "/v2/a", n);
                }
            }
            Step::Connect { at_once } => {
                if !may_lose {
                    listener.receive(&mut world, false);
                }
                listener.connect(&mut world, *at_once, false);
                silent = 0;
            }
            Step::Speak => {
                // Two responses that are under way may overtake each other (S8); these do not.
                listener.receive(&mut world, false);
                let message = listener.client.message("/service/x", json!({"data": 1}));
                match listener.socket {
                    Some(socket) => {
                        let frames = world.frame(socket, json!([message]));
                        frames.iter().for_each(|frame| listener.hear(frame.as_array().unwrap(), false));
                    }
                    None => {
                        let messages = world.post(&listener.client.peer, json!([message])).answered();
                        listener.hear(&messages, false);
                    }
                }
            }
            Step::Receive { lost } => listener.receive(&mut world, *lost && may_lose),
            Step::Break => {
                if let Some(ticket) = listener.ticket.filter(|ticket| world.is_held(*ticket)) {
                    listener.ticket = None;
                    world.cut(ticket);
                }
            }
            Step::Socket if may_move => {
                listener.move_to_socket(&mut world);
                silent = 0;
            }
            Step::Socket => {}
            Step::Wait(ms) if silent + ms < 9_000 => {
                silent += ms;
                world.wait(*ms);
            }
            Step::Wait(_) => {}
        }
    }
    listener.receive(&mut world, false);
    for _ in 0..4 {
        listener.connect(&mut world, true, false);
    }
    listener.receive(&mut world, false);
    assert!(world.ended.is_empty(), "{:?}", world.ended);
    listener
}

fn all(count: u64) -> Vec<Value> {
    (1..=count).map(|n| json!(n)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    // covers(bayeux): S9.1, T-AckExtensionTest
    #[test]
    fn with_acknowledgements_nothing_is_lost_doubled_or_reordered_whatever_is_cut(steps in steps()) {
        let listener = play(true, true, true, &steps);
        prop_assert_eq!(listener.heard, all(listener.published));
    }

    // covers(bayeux): S8, B25, B16
    #[test]
    fn without_them_the_order_is_kept_and_only_lost_responses_are_lost(steps in steps()) {
        let careful = play(false, false, true, &steps);
        prop_assert_eq!(&careful.heard, &all(careful.published));
        let lossy = play(false, true, false, &steps);
        let heard: Vec<_> = lossy.heard.iter().map(|n| n.as_u64().unwrap()).collect();
        prop_assert!(heard.is_sorted_by(|a, b| a < b), "{:?}", heard);
    }
}
