//! Which packets were there already (RFC 3711, section 3.3.2).

/// Remembers the last 128 numbers of a stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    highest: Option<u64>,
    /// Bit n: the number n below the highest one was there.
    seen: u128,
}

impl Window {
    /// The highest number so far.
    pub(super) fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Whether a number is new, and not too old to tell.
    pub(super) fn is_new(&self, number: u64) -> bool {
        match self.highest {
            Some(highest) if number <= highest => {
                let back = highest - number;
                back < 128 && self.seen >> back & 1 == 0
            }
            _ => true,
        }
    }

    /// A number was there and authentic.
    pub(super) fn note(&mut self, number: u64) {
        match self.highest {
            Some(highest) if number <= highest => {
                if highest - number < 128 {
                    self.seen |= 1 << (highest - number);
                }
            }
            last => {
                let forward = last.map_or(128, |last| number - last);
                self.seen = if forward < 128 { self.seen << forward | 1 } else { 1 };
                self.highest = Some(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_new_once_and_old_ones_never() {
        let mut window = Window::default();
        for number in [1000, 1002, 1001, 1100, 1120] {
            assert!(window.is_new(number), "{number}");
            window.note(number);
            assert!(!window.is_new(number), "{number}");
        }
        assert!(window.is_new(1003));
        assert!(!window.is_new(1120 - 128));
        assert!(window.is_new(1120 - 127));
        window.note(5000);
        assert!(!window.is_new(1120));
        assert!(window.is_new(4999));
    }
}
