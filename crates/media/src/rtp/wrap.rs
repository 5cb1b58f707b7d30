//! Numbers that wrap, made straight.

/// Makes a straight line of 16-bit sequence numbers, by taking each to be the nearest to the highest one so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrapper16 {
    highest: Option<i64>,
}

impl Unwrapper16 {
    /// The straight number of `value`. The first one stands for itself; an older one than the first may be negative.
    pub fn unwrap(&mut self, value: u16) -> i64 {
        let Some(highest) = self.highest else {
            self.highest = Some(i64::from(value));
            return i64::from(value);
        };
        // The low 16 bits are what was sent.
        let step = i64::from(value.wrapping_sub(highest as u16).cast_signed());
        let straight = highest.saturating_add(step);
        self.highest = Some(straight.max(highest));
        straight
    }

    /// The highest straight number so far.
    pub fn highest(&self) -> Option<i64> {
        self.highest
    }
}

/// Makes a straight line of 32-bit timestamps, by taking each to be the nearest to the highest one so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrapper32 {
    highest: Option<i64>,
}

impl Unwrapper32 {
    /// The straight number of `value`. The first one stands for itself; an older one than the first may be negative.
    pub fn unwrap(&mut self, value: u32) -> i64 {
        let Some(highest) = self.highest else {
            self.highest = Some(i64::from(value));
            return i64::from(value);
        };
        // The low 32 bits are what was sent.
        let step = i64::from(value.wrapping_sub(highest as u32).cast_signed());
        let straight = highest.saturating_add(step);
        self.highest = Some(straight.max(highest));
        straight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sequence_numbers_go_on_after_65535() {
        let mut unwrapper = Unwrapper16::default();
        let straight: Vec<i64> =
            [65_534, 65_535, 1, 0, 2, 65_533].into_iter().map(|value| unwrapper.unwrap(value)).collect();
        assert_eq!(straight, [65_534, 65_535, 65_537, 65_536, 65_538, 65_533]);
        assert_eq!(unwrapper.highest(), Some(65_538));
    }

    #[test]
    fn a_packet_from_before_the_first_one_is_before_it() {
        let mut unwrapper = Unwrapper16::default();
        assert_eq!(unwrapper.unwrap(0), 0);
        assert_eq!(unwrapper.unwrap(65_535), -1);
    }

    proptest! {
        #[test]
        fn any_walk_of_small_steps_is_followed(start: u32, steps in proptest::collection::vec(-9_000i64..100_000, 1..200)) {
            let mut unwrapper = Unwrapper32::default();
            let mut truth = i64::from(start);
            unwrapper.unwrap(start);
            for step in steps {
                truth += step;
                let sent = truth as u32;
                prop_assert_eq!(unwrapper.unwrap(sent), truth);
            }
        }
    }
}
