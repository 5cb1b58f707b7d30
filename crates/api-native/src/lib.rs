//! The native API, `/api/touchline/v1` (design §4): what no vendor's dialect can write, and what none offers.
//!
//! It translates and decides nothing: every operation is one use case of [`touchline_app`].
//!
//! Conventions: bearer token; errors are RFC 9457 problems; lists are pages with an opaque `next_cursor`; unknown
//! query parameters and unknown JSON fields are refused; `Idempotency-Key` makes a `POST` of one record safe to send
//! again; NDJSON bodies get a report line for every line, so that a bad line never loses the good ones.

mod admin;
mod changes;
mod document;
mod export_schedules;
mod gate;
mod input;
mod mount;
mod params;
mod problem;
mod reports;
mod resources;
mod telephony;
mod webhooks;

pub use gate::NativeGate;
pub use problem::Problem;

use axum::{Router, middleware};
use mount::Mount;
use touchline_app::App;
use touchline_http::{Gate, Routes};
use touchline_model::Kind;

/// What stands before every path.
pub const PREFIX: &str = "/api/touchline/v1";

/// Every operation with its handler; the isolation test walks it.
pub fn routes(app: App) -> Routes<NativeGate, App> {
    mounted(NativeGate::new(app))
}

/// The router of the native API.
pub fn router(app: App) -> Router {
    routes(app.clone()).into_router_with(app).layer(middleware::map_response(problem::with_request_id))
}

/// Where a record is read, as a path; `None` for kinds that have no such place.
pub fn address_of(kind: Kind, id: &str) -> Option<String> {
    resources::address_of(kind, id)
}

/// The OpenAPI 3.1 document, as served at `/api/touchline/v1/openapi.json`.
pub fn document() -> serde_json::Value {
    document::complete(mounted(gate::Closed).document())
}

fn mounted<G: Gate>(gate: G) -> Routes<G, App> {
    let mut mount = Mount::new(Routes::new(gate, PREFIX, document::info()));
    document::mount(&mut mount);
    admin::mount(&mut mount);
    resources::mount(&mut mount);
    reports::mount(&mut mount);
    changes::mount(&mut mount);
    webhooks::mount(&mut mount);
    export_schedules::mount(&mut mount);
    telephony::mount(&mut mount);
    mount.done()
}
