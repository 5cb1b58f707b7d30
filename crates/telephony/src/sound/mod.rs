//! The sound of live calls: sockets, one clock for all of them, mixing, recordings.
//!
//! All arithmetic is in `touchline_media`. Here is what touches the world. One thread serves many calls: it sleeps to
//! the next of four moments of a tick, asks the system once which sockets have something, reads those, and every 20 ms
//! mixes all calls and sends all lines their sound in one go. System calls and wake-ups cost more than the mixing, so
//! there is neither a task nor a timer for a single call.

mod driver;
mod leg;
mod level;
mod ports;
mod recording;
mod source;
mod stage;
mod tape;

pub use ports::{Pair, Ports};
pub use recording::{Recorded, left_behind};
pub use source::Source;

use driver::Driver;
use leg::Dice;
use level::Level;
use recording::Archive;
use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    ops::RangeInclusive,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
};
use touchline_app::Entropy;
use touchline_live::{CallId, LineId, Recording, Seat};
use touchline_media::sdp::Agreed;
use touchline_model::{Clock, TenantId};

/// A line, across all organisations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// Whose.
    pub tenant: TenantId,
    /// Its number there.
    pub line: LineId,
}

/// A call, across all organisations.
type CallKey = (TenantId, CallId);

/// Told once, on the thread that mixes: it must not wait for anything.
type Heard = Box<dyn FnOnce() + Send>;

/// What the thread is told.
enum Order {
    Open(LineKey, Box<Pair>, Dice, Level),
    Describe(LineKey, Box<Agreed>, Option<IpAddr>),
    WhenHeard(LineKey, Heard),
    Close(LineKey),
    Dial(LineKey, String),
    Pressed(LineKey, char),
    Seats(CallKey, Vec<Seat>, bool),
    Record(CallKey, Recording),
    Stop,
}

/// What sound needs from outside.
pub struct SoundRules {
    /// Ports for sound, in pairs.
    pub ports: RangeInclusive<u16>,
    /// Where recordings are written while calls go on.
    pub recordings: PathBuf,
    /// The time of day, for reports.
    pub clock: Arc<dyn Clock>,
    /// Sources, sequence numbers, seeds.
    pub entropy: Arc<dyn Entropy>,
}

/// The way to the thread that mixes. Nothing here waits for it.
#[derive(Clone)]
pub struct Studio {
    orders: mpsc::Sender<Order>,
    ports: Arc<Mutex<Ports>>,
    entropy: Arc<dyn Entropy>,
    levels: Arc<Mutex<HashMap<LineKey, Level>>>,
}

impl std::fmt::Debug for Studio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Studio")
    }
}

impl Studio {
    /// Starts the thread. `finished` is told, from a thread that may wait, of each recording that is complete.
    ///
    /// # Errors
    /// No threads, no event queue, or a folder that cannot be made.
    pub fn start(rules: SoundRules, finished: impl Fn(Recorded) + Send + 'static) -> io::Result<Self> {
        let archive = Archive::open(rules.recordings, finished)?;
        let (orders, todo) = mpsc::channel();
        let driver = Driver::new(todo, archive, rules.clock)?;
        std::thread::Builder::new().name("sound".into()).spawn(move || driver.run())?;
        let ports = Arc::new(Mutex::new(Ports::new(&rules.ports)));
        Ok(Self { orders, ports, entropy: rules.entropy, levels: Arc::default() })
    }

    /// Opens ports for a line that is about to begin. They are given back by [`Studio::close`], or with the pair.
    ///
    /// # Errors
    /// All are in use.
    pub fn ports(&self, ipv6: bool) -> io::Result<Pair> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).open(ipv6)
    }

    /// A line begins.
    pub fn open(&self, line: &LineKey, pair: Pair) {
        let mut bytes = [0; 14];
        self.entropy.fill(&mut bytes);
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = bytes;
        let dice = Dice {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            sequence: u16::from_be_bytes([e, f]),
            timestamp: u32::from_be_bytes([g, h, i, j]),
            seed: u32::from_be_bytes([k, l, m, n]),
        };
        let level = Level::default();
        self.levels().insert(line.clone(), level.clone());
        self.order(Order::Open(line.clone(), Box::new(pair), dice, level));
    }

    /// Both sides of a line have agreed on its sound; `signalling` is where the other side's messages come from.
    pub fn describe(&self, line: &LineKey, agreed: Agreed, signalling: Option<IpAddr>) {
        self.order(Order::Describe(line.clone(), Box::new(agreed), signalling));
    }

    /// Tells `heard` once of the first sound from a line; it is called on the thread that mixes, and must not wait.
    pub fn when_heard(&self, line: &LineKey, heard: impl FnOnce() + Send + 'static) {
        self.order(Order::WhenHeard(line.clone(), Box::new(heard)));
    }

    /// A line is over.
    pub fn close(&self, line: &LineKey) {
        self.levels().remove(line);
        self.order(Order::Close(line.clone()));
    }

    /// How loud a line is at this moment, 0 to 100; nothing, if there is no such line.
    pub fn level(&self, line: &LineKey) -> Option<u8> {
        self.levels().get(line).map(Level::get)
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<LineKey, Level>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends digits down a line.
    pub fn dial(&self, line: &LineKey, digits: &str) {
        self.order(Order::Dial(line.clone(), digits.to_owned()));
    }

    /// A digit came from a line beside its sound.
    pub fn pressed(&self, line: &LineKey, digit: char) {
        self.order(Order::Pressed(line.clone(), digit));
    }

    /// Who sits in a call, whole; nobody when it is over. `waiting`: somebody is waited for.
    pub fn seats(&self, tenant: &TenantId, call: CallId, seats: Vec<Seat>, waiting: bool) {
        self.order(Order::Seats((tenant.clone(), call), seats, waiting));
    }

    /// How a call is recorded from now on.
    pub fn record(&self, tenant: &TenantId, call: CallId, recording: Recording) {
        self.order(Order::Record((tenant.clone(), call), recording));
    }

    /// Ends all calls' sound and closes their recordings.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::error!("the thread that mixes calls has ended");
        }
    }
}
