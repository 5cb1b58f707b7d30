//! The program as it is shipped.

use crate::shell;
use std::{env, fs, path::Path};

/// Builds the `dist` profile and says where the program is and how big.
pub(crate) fn build(root: &Path) -> Result<(), String> {
    shell::run(shell::cargo(root).args([
        "build",
        "--profile",
        "dist",
        "-p",
        "touchline",
        "--bin",
        "touchline",
    ]))?;
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let program = target.join("dist").join(format!("touchline{}", env::consts::EXE_SUFFIX));
    let size = fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
    println!("{} {}.{} MB", program.display(), size / 1_000_000, size / 100_000 % 10);
    Ok(())
}
