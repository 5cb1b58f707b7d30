//! Shared HTTP furniture: one dialect is a [`Gate`] (who is it, how are refusals worded) plus a list of
//! [`Operation`]s with their handlers, put together by [`Routes`]. The same list makes the router, the OpenAPI
//! 3.1 document and the walk of the isolation tests, so they cannot disagree.
//!
//! Order per request: request id, identify (unless public), admit, policy, body limits, handler. Unknown paths
//! and wrong methods are answered only after identify and admit, so a stranger sees 401 and nothing else.

mod body;
mod credentials;
mod docs;
mod document;
mod envelope;
mod gate;
mod json_stream;
mod keeping;
mod operation;
mod patience;
pub mod push;
mod query;
mod range;
mod routes;
mod serve;

pub use body::{Line, LineError, NdjsonLines, read_json};
pub use credentials::{basic_credentials, bearer_token};
pub use docs::{docs_page, docs_routes, document_route};
pub use document::{DocInfo, ErrorDoc, Security};
pub use envelope::{Live, RequestId, envelope};
pub use gate::{CallerOf, Gate, Policy, Refusal};
pub use json_stream::{JSON, NDJSON, stream_array, stream_ndjson};
pub use keeping::keeping;
pub use operation::{AnswerDoc, BodyDoc, Content, Operation, Param, Place, SchemaOf, Shape};
pub use query::{Query, QueryError};
pub use range::{Wanted, wanted};
pub use routes::{RouteOptions, Routes};
pub use serve::{Limits, serve, serve_with};
