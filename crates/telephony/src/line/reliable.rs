//! Answers that are not the last one: ringing, and sound before somebody has answered. Who asks for it gets them
//! reliably (RFC 3262): numbered, one at a time, said again until they are acknowledged.

use super::UNACKNOWLEDGED;
use std::time::Duration;
use tokio::time::Instant;

/// The first of the repetitions (RFC 3262 §3).
const T1: Duration = Duration::from_millis(500);

/// What is to be said next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Say {
    pub(super) progress: Progress,
    /// RSeq, if it has to be acknowledged.
    pub(super) number: Option<u32>,
}

/// How far a call is that nobody has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// 180.
    Rings,
    /// 183, with a description.
    Speaks,
}

/// What a caller was told.
#[derive(Debug, Default)]
pub(super) struct Told {
    reliable: bool,
    /// The furthest that was said, or waits to be.
    furthest: Option<Progress>,
    /// The number of what was said last.
    number: u32,
    /// Said and not acknowledged: when to say it again, and after how long once more.
    open: Option<(Progress, Instant, Duration)>,
    /// Waits until what was said before is acknowledged.
    next: Option<Progress>,
    /// A description was said and acknowledged: the last answer has none any more (RFC 3262 §5).
    described: bool,
}

impl Told {
    pub(super) fn new(reliable: bool) -> Self {
        Self { reliable, ..Self::default() }
    }

    /// Something is to be told; what to say now, if anything. Who hears already is not told again that it rings.
    pub(super) fn tell(&mut self, progress: Progress, now: Instant) -> Option<Say> {
        if self.furthest.is_some_and(|said| said > progress || self.reliable && said == progress) {
            return None;
        }
        self.furthest = Some(progress);
        if !self.reliable {
            return Some(Say { progress, number: None });
        }
        if self.open.is_some() {
            self.next = Some(progress);
            return None;
        }
        Some(self.say(progress, now))
    }

    fn say(&mut self, progress: Progress, now: Instant) -> Say {
        self.number += 1;
        self.open = Some((progress, now + T1, T1));
        Say { progress, number: Some(self.number) }
    }

    /// PRACK of this number: `None` if nothing of ours has it, else what to say next.
    pub(super) fn acknowledged(&mut self, number: u32, now: Instant) -> Option<Option<Say>> {
        if !self.reliable || number == 0 || number != self.number {
            return None;
        }
        if let Some((progress, ..)) = self.open.take() {
            self.described |= progress == Progress::Speaks;
        }
        Some(self.next.take().map(|next| self.say(next, now)))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.map(|(_, due, _)| due)
    }

    /// Repeats what is not acknowledged.
    ///
    /// # Errors
    /// It is time to give up.
    pub(super) fn time(&mut self, now: Instant) -> Result<Option<Say>, ()> {
        match self.open {
            Some((_, due, after)) if due <= now && after > UNACKNOWLEDGED => Err(()),
            Some((progress, due, after)) if due <= now => {
                self.open = Some((progress, now + after * 2, after * 2));
                Ok(Some(Say { progress, number: Some(self.number) }))
            }
            _ => Ok(None),
        }
    }

    /// A description is on its way reliably and not acknowledged: the last answer has to wait for that (RFC 3262 §3).
    pub(super) fn must_wait(&self) -> bool {
        let speaks = |it: Progress| it == Progress::Speaks;
        self.open.is_some_and(|(progress, ..)| speaks(progress)) || self.next.is_some_and(speaks)
    }

    pub(super) fn described(&self) -> bool {
        self.described
    }
}

#[cfg(test)]
mod tests {
    use super::{Progress::*, *};

    fn say(progress: Progress, number: u32) -> Say {
        Say { progress, number: Some(number) }
    }

    #[test]
    fn one_after_another_and_each_until_it_is_acknowledged() {
        let begin = Instant::now();
        let mut told = Told::new(true);
        assert_eq!(told.tell(Rings, begin), Some(say(Rings, 1)));
        assert_eq!(told.tell(Rings, begin), None, "once is enough");
        assert_eq!(told.tell(Speaks, begin), None, "the first is not acknowledged");
        assert!(told.must_wait());
        assert_eq!(told.time(begin + T1), Ok(Some(say(Rings, 1))));
        assert_eq!(told.time(begin + T1 * 2), Ok(None), "the next one comes after twice the time");
        assert_eq!(told.time(begin + T1 * 3), Ok(Some(say(Rings, 1))));
        assert_eq!(told.acknowledged(2, begin), None);
        assert_eq!(told.acknowledged(1, begin), Some(Some(say(Speaks, 2))));
        assert!(told.must_wait() && !told.described());
        assert_eq!(told.acknowledged(2, begin), Some(None));
        assert!(told.described() && !told.must_wait());
        assert_eq!((told.deadline(), told.time(begin + UNACKNOWLEDGED * 9)), (None, Ok(None)));
        assert_eq!(told.tell(Rings, begin), None, "who hears is not told that it rings");
    }

    #[test]
    fn what_is_never_acknowledged_is_given_up() {
        let mut now = Instant::now();
        let mut told = Told::new(true);
        told.tell(Speaks, now);
        let mut times = 0;
        while told.time(now).is_ok() {
            now = told.deadline().unwrap();
            times += 1;
        }
        assert_eq!(times, 8, "0.5, 1, 2, 4, 8, 16 and 32 seconds, and the end");
    }

    #[test]
    fn without_the_extension_nothing_is_numbered() {
        let (mut told, now) = (Told::new(false), Instant::now());
        let plain = |progress| Some(Say { progress, number: None });
        assert_eq!(told.tell(Rings, now), plain(Rings));
        assert_eq!(told.tell(Rings, now), plain(Rings), "the next telephone of a group rings");
        assert_eq!(told.tell(Speaks, now), plain(Speaks));
        assert_eq!(told.tell(Rings, now), None);
        assert_eq!((told.acknowledged(1, now), told.must_wait(), told.deadline()), (None, false, None));
    }
}
