use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{AudioFormat, DecodeError};

/// Runs a piece of a decoder that is not ours; its panic is one more way of being damaged.
///
/// The decoders assert what a valid file guarantees: our tests with spoilt files found such places
/// (the arithmetic of Microsoft ADPCM overflows, for one). A recording from outside must not take
/// down the task that looks at it. After a panic the decoder is dropped, so that its state,
/// whatever became of it, is never used again; this is what makes asserting unwind safety right.
pub(crate) fn guarded<T>(
    format: AudioFormat,
    run: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(DecodeError::corrupt(format, "its content contradicts itself")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_damage() {
        let caught = guarded::<()>(AudioFormat::Wav, || panic!("as a decoder would"));
        assert!(matches!(caught, Err(DecodeError::Corrupt { .. })));
        assert!(matches!(guarded(AudioFormat::Wav, || Ok(7)), Ok(7)));
    }
}
