//! The Bayeux 1.0 protocol as CometD servers speak it, as a state machine without sockets, threads or clocks.
//!
//! Bytes, messages and the time go in; bodies, frames and the next deadline come out. What to do with them is the
//! business of whoever owns the connections:
//!
//! ```
//! use touchline_bayeux::{
//!     parse_http, Audience, Channel, Event, Identity, Instant, Now, Outcome, Peer, Server, Settings, Standard,
//! };
//!
//! let settings = Settings::default();
//! let policy = Standard::new(&settings);
//! let mut seed = 0_u8;
//! // A real server passes the randomness of the operating system.
//! let entropy = move |bytes: &mut [u8]| bytes.iter_mut().for_each(|byte| { seed = seed.wrapping_add(97); *byte = seed });
//! let mut server = Server::new(settings, policy, entropy);
//!
//! let anna = Identity::new("acme", "anna");
//! let peer = Peer::new(anna.clone());
//! let now = Now { at: Instant::from_millis(5), unix_ms: 1_767_225_600_000 };
//! let body = br#"[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]"#;
//! let messages = parse_http(body, server.settings())?;
//! let Outcome::Reply(reply) = server.handle(now, &peer, &messages) else { unreachable!("a handshake is never held") };
//! assert!(reply.body.starts_with(br#"[{"id":"1","channel":"/meta/handshake","successful":true,"clientId":""#));
//! // Set the cookie, write the body, and say when that is done: the expiry clock starts then.
//! assert!(reply.browser.is_some());
//! reply.receipt.into_iter().for_each(|receipt| server.written(now.at, receipt));
//!
//! let event = Event::new(Channel::parse("/v2/me/devices")?, &serde_json::json!({"devices": []}))?;
//! server.publish(now.at, &Audience::User(&anna), &event);
//! while let Some(effect) = server.next_effect() {
//!     // Answer a held request, send a frame, close a socket ...
//!     # let _ = effect;
//! }
//! let wake_me_at = server.next_deadline(); // then call `server.poll(now)`
//! # assert!(wake_me_at.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the caller owes the engine
//!
//! - After every call, [`Server::next_effect`] until it is empty, and [`Server::poll`] at [`Server::next_deadline`].
//! - [`Server::written`] for every [`Receipt`], when the bytes have left or can no longer leave; and
//!   [`Server::connection_lost`] when the connection of a held request breaks.
//! - [`Server::socket_sent`] for every frame that was written: what a slow reader has not taken stays here, in a queue
//!   with limits, and not in the buffers of the transport.
//! - What comes before Bayeux: authentication (401), CSRF (403), origin, cookies, CORS, cache headers, charset.
//!
//! # Where the contract leaves room
//!
//! - R-4 says what an advice holds, S10 where one stands: a 402 carries advice for connects only. A handshake that fails
//!   for whatever reason is told `none`, because clients would otherwise repeat it for ever.
//! - R-5, "400 with the field named": `400:subscription:subscription_invalid`, `400::channel_missing`, and for a
//!   publication without data `400::data_missing`. A `subscription` that is absent stays `403::subscription_missing`, one
//!   that is no channel `403::subscription_invalid`.
//! - An `interval` that a client asks for is also advised with the reply of that cycle. Both numbers have an upper limit.
//! - A session that the server ends while no connect is held waits, for as long as it would live anyway, for a connect
//!   that can be told (S5).
//! - R-1 wins over the sentence of S5 that a client which only publishes is dropped in the end.
//! - With acknowledgements, the events of a web socket come in one frame with their connect reply: they must arrive
//!   together or not at all, as in a response over HTTP.
//!
//! The comments name the rows of the contract: `B05` is OUR CHOICE 5 of section 14, `R-3` a ruling, `S5.1` a section.

mod channel;
mod engine;
mod event;
mod ids;
mod message;
mod policy;
mod session;
mod settings;
mod time;
mod wire;

pub use channel::{Channel, ChannelError, Kind, Pattern};
pub use engine::{
    Answer, Audience, CLOSE_BINARY, CLOSE_FAILED, CLOSE_IDLE, CLOSE_NORMAL, CLOSE_OVERLOADED, CLOSE_TOO_BIG,
    Effect, EndReason, Outcome, Reply, Server, Stats,
};
pub use event::Event;
pub use ids::{BROWSER_COOKIE, BrowserId, ClientId, Entropy, Identity, Peer, Receipt, SocketId, Ticket};
pub use message::{
    Message, ParseError, is_endpoint_suffix, is_heartbeat, parse_form, parse_frame, parse_http,
};
pub use policy::{Policy, Standard, Verdict};
pub use settings::{Settings, SettingsError, Transport};
pub use time::{Instant, Millis, Now};
