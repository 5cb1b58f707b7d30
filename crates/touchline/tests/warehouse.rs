//! Data teams load a server into DuckDB: with clients that nobody here wrote, and with the connectors that ship with
//! Touchline. The stories are told in Python, where those clients live; they are installed by `cargo xtask test`, which
//! tells where by `TOUCHLINE_TEST_WAREHOUSE_PYTHON`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn python() -> PathBuf {
    let given = std::env::var("TOUCHLINE_TEST_WAREHOUSE_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|_| root().join(".venv-warehouse/bin/python"));
    assert!(python.exists(), "the warehouse clients are not installed: run `cargo xtask test` once");
    python
}

/// Tells a story with the real program and returns the counts that it ends with.
fn tell(script: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python());
    command.arg(root().join("clients/tests").join(script)).arg(env!("CARGO_BIN_EXE_touchline"));
    let done = command.arg(folder.path().join("story")).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}\n{errors}");
    let counts = said.lines().last().unwrap_or_default();
    println!("{script}: {counts}");
    serde_json::from_str(counts).unwrap()
}

#[test]
fn a_month_of_daily_runs_with_failures_in_between_leaves_warehouses_that_equal_the_truth() {
    let counts = tell("warehouse_month.py");
    assert_eq!(
        counts["runs"],
        serde_json::json!([31, 31]),
        "two clients, each on most days and several times on some"
    );
    assert_eq!(counts["failed"], serde_json::json!([3, 3]));
    assert!(counts["work_sessions"].as_u64().unwrap() > 1_500, "{counts}");
    assert!(counts["open"].as_u64().unwrap() > 50, "{counts}");
    assert!(counts["values"].as_u64().unwrap() > 100_000, "{counts}");
    assert_eq!(counts["erased"], 3);
}

#[test]
fn the_connectors_that_ship_with_touchline_load_what_the_server_says_and_dbt_answers_from_it() {
    let counts = tell("connectors.py");
    assert!(counts["records"].as_u64().unwrap() > 3 * 1_000, "three warehouses: {counts}");
    assert!(counts["contacts"].as_u64().unwrap() > 150, "{counts}");
}
