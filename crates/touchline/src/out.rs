//! What commands print on standard output.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
};

/// Prints a line. Whoever reads it may have seen enough and gone (`touchline export --list | head -1`): that is no error,
/// and the command does what it was to do.
///
/// # Errors
/// A sentence when nothing can be written for another reason, such as a full disk.
pub fn say(line: impl Display) -> Result<(), String> {
    tell(&mut std::io::stdout().lock(), line)
}

fn tell(out: &mut impl Write, line: impl Display) -> Result<(), String> {
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone(ErrorKind);
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_has_gone_is_no_error_and_a_full_disk_is() {
        assert_eq!(tell(&mut Gone(ErrorKind::BrokenPipe), "x"), Ok(()));
        assert!(tell(&mut Gone(ErrorKind::StorageFull), "x").unwrap_err().starts_with("standard output: "));
        let mut out = Vec::new();
        tell(&mut out, "x").unwrap();
        assert_eq!(out, b"x\n");
    }
}
