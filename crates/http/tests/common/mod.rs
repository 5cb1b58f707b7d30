//! A tiny dialect to try the furniture on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::Serialize;
use touchline_http::{DocInfo, ErrorDoc, Gate, Refusal, Security, bearer_token};
use touchline_model::{Ability, Caller, TenantId};

/// `reader` may read contacts, `nobody` nothing, `late` waits too long; others are strangers.
#[derive(Clone, Default)]
pub(crate) struct TestGate {
    pub(crate) admitted: Arc<AtomicUsize>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Oops {
    pub(crate) error: String,
}

impl Gate for TestGate {
    async fn identify(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Caller, Refusal> {
        let token = bearer_token(headers).ok_or(Refusal::Unauthenticated)?;
        let mut caller = Caller::system(TenantId::from("t1".to_owned()), token);
        caller.source = peer.to_string();
        match token {
            "reader" => caller.abilities = [Ability::ReadContacts].into(),
            "nobody" | "late" => caller.abilities.clear(),
            "broken" => panic!("the gate fell"),
            _ => return Err(Refusal::Unauthenticated),
        }
        Ok(caller)
    }
    async fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        self.admitted.fetch_add(1, Ordering::SeqCst);
        if caller.actor == "late" { Err(Refusal::QueueTimeout) } else { Ok(()) }
    }
    fn refuse(&self, refusal: Refusal) -> Response {
        (refusal.status(), axum::Json(Oops { error: refusal.to_string() })).into_response()
    }
}

pub(crate) fn info() -> DocInfo {
    let error = ErrorDoc::of::<Oops>("application/json");
    DocInfo::new("Test", "1", "A test.", Security::Bearer, error).always_error(504, "Waited too long.")
}

pub(crate) fn request(method: &str, path: &str, token: Option<&str>) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    builder.body(Body::empty()).unwrap()
}

pub(crate) async fn bytes(response: Response) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}
