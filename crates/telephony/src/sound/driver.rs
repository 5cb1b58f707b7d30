//! The thread that mixes: its clock and its sockets.

use super::{
    CallKey, LineKey, Order,
    leg::{LONGEST, Leg},
    recording::Archive,
    stage::Stage,
};
use mio::{Events, Interest, Poll, Token};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use touchline_live::Seat;
use touchline_media::{TICK, rtcp::NtpTime};
use touchline_model::Clock;

/// Sockets are read so often in a tick: what has come waits for 5 ms at most, which the jitter buffers hardly notice.
const MOMENTS: u32 = 4;
/// Later than this, ticks are left out instead of made up for: the machine was asleep.
const ASLEEP: Duration = Duration::from_millis(400);
/// A call that was to be recorded and never had two parties is forgotten after a day.
const FORGET: Duration = Duration::from_secs(86_400);

pub(super) struct Driver {
    orders: mpsc::Receiver<Order>,
    archive: Archive,
    clock: Arc<dyn Clock>,
    poll: Poll,
    legs: HashMap<LineKey, Leg>,
    stages: HashMap<CallKey, Stage>,
    /// Which line a socket belongs to; an odd token is for reports.
    sockets: HashMap<usize, LineKey>,
    next_token: usize,
    started: Instant,
}

impl Driver {
    pub(super) fn new(
        orders: mpsc::Receiver<Order>,
        archive: Archive,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        Ok(Self {
            orders,
            archive,
            clock,
            poll: Poll::new()?,
            legs: HashMap::new(),
            stages: HashMap::new(),
            sockets: HashMap::new(),
            next_token: 0,
            started: Instant::now(),
        })
    }

    /// Runs until told to stop, or until nobody can tell any more.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut bytes = [0; LONGEST];
        let mut tick = Instant::now();
        loop {
            if self.legs.is_empty() {
                // Nothing to mix: wait for the first line, and let its tick begin now.
                match self.orders.recv() {
                    Ok(order) => {
                        if !self.obey(order) {
                            break;
                        }
                    }
                    Err(mpsc::RecvError) => break,
                }
                tick = Instant::now();
            }
            for moment in 0..MOMENTS {
                let due = tick + TICK * moment / MOMENTS;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if !self.obey_all() {
                    self.finish();
                    return;
                }
                self.read(&mut events, &mut bytes);
            }
            self.mix();
            tick += TICK;
            if tick.elapsed() > ASLEEP {
                tick = Instant::now();
            }
        }
        self.finish();
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn obey_all(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(order) => {
                    if !self.obey(order) {
                        return false;
                    }
                }
                Err(mpsc::TryRecvError::Empty) => return true,
                Err(mpsc::TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// False when it is time to stop.
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Open(line, pair, dice, level) => {
                let mut leg = Leg::new(*pair, dice, self.now(), level);
                let token = self.next_token;
                self.next_token += 2;
                let registered =
                    self.poll.registry().register(&mut leg.rtp, Token(token), Interest::READABLE).and_then(
                        |()| {
                            self.poll.registry().register(&mut leg.rtcp, Token(token + 1), Interest::READABLE)
                        },
                    );
                if let Err(error) = registered {
                    tracing::error!(%error, "a line cannot be heard");
                }
                self.sockets.insert(token, line.clone());
                self.sockets.insert(token + 1, line.clone());
                self.legs.insert(line, leg);
            }
            Order::Describe(line, agreed, signalling) => {
                if let Some(leg) = self.legs.get_mut(&line) {
                    leg.describe(*agreed, signalling);
                }
            }
            Order::WhenHeard(line, heard) => {
                if let Some(leg) = self.legs.get_mut(&line) {
                    leg.when_heard = Some(heard);
                }
            }
            Order::Close(line) => {
                let now = self.now();
                let ntp = ntp(self.clock.as_ref());
                if let Some(mut leg) = self.legs.remove(&line) {
                    leg.send_report(now, ntp, true);
                    tracing::debug!(line = line.line.0, refused = leg.refused, "a line's sound has ended");
                    let registry = self.poll.registry();
                    let _closed_anyway = registry.deregister(&mut leg.rtp);
                    let _closed_anyway = registry.deregister(&mut leg.rtcp);
                }
                self.sockets.retain(|_, key| *key != line);
            }
            Order::Dial(line, digits) => {
                if let Some(leg) = self.legs.get_mut(&line) {
                    leg.dial(&digits);
                }
            }
            Order::Pressed(line, digit) => {
                if let Some(leg) = self.legs.get_mut(&line) {
                    leg.pressed.push(digit);
                }
            }
            Order::Seats(call, seats, waiting) => self.seat(call, seats, waiting),
            Order::Record(call, recording) => self.stage(&call).record(recording),
            Order::Stop => return false,
        }
        true
    }

    fn seat(&mut self, call: CallKey, seats: Vec<Seat>, waiting: bool) {
        if seats.is_empty() {
            if let Some(take) = self.stages.remove(&call).and_then(|stage| stage.take) {
                take.finish();
            }
            return;
        }
        let tenant = call.0.clone();
        self.stage(&call).seat(&tenant, seats, waiting);
    }

    fn stage(&mut self, call: &CallKey) -> &mut Stage {
        let now = self.started.elapsed();
        if !self.stages.contains_key(call) {
            self.stages.retain(|_, stage| stage.begun() || now.saturating_sub(stage.born) < FORGET);
        }
        // Any number will do for the noise; the call's own is as good as any.
        let seed = (call.1.0 & 0xFFFF_FFFF) as u32;
        self.stages.entry(call.clone()).or_insert_with(|| Stage::new(seed, now))
    }

    fn read(&mut self, events: &mut Events, bytes: &mut [u8; LONGEST]) {
        if let Err(error) = self.poll.poll(events, Some(Duration::ZERO)) {
            if error.kind() != io::ErrorKind::Interrupted {
                tracing::error!(%error, "nobody knows which lines have sound");
            }
            return;
        }
        let now = self.now();
        for event in events.iter() {
            let Token(token) = event.token();
            let Some(leg) = self.sockets.get(&token).and_then(|line| self.legs.get_mut(line)) else {
                continue;
            };
            if token % 2 == 0 {
                leg.read_sound(now, bytes);
            } else {
                leg.read_reports(now, bytes);
            }
        }
    }

    fn mix(&mut self) {
        let now = self.now();
        for leg in self.legs.values_mut() {
            leg.pull(now);
        }
        for (call, stage) in &mut self.stages {
            if stage.records() && stage.take.is_none() {
                stage.take = Some(self.archive.take(&call.0, call.1));
            }
            stage.tick(&mut self.legs);
        }
        let clock = self.clock.as_ref();
        for leg in self.legs.values_mut() {
            leg.send(now, || ntp(clock));
        }
    }

    /// Closes all recordings, in order.
    fn finish(self) {
        for (_, stage) in self.stages {
            if let Some(take) = stage.take {
                take.finish();
            }
        }
    }
}

fn ntp(clock: &dyn Clock) -> NtpTime {
    let micros = clock.now().micros().max(0).cast_unsigned();
    NtpTime::from_unix(micros / 1_000_000, u32::try_from(micros % 1_000_000).unwrap_or(0))
}
