//! The layer around the dialect: what every answer says about the limits, and how long a report counts as under way.

use crate::limiter::{Counted, LIMIT, OverLimit, Slot};
use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::sync::{Arc, Mutex, PoisonError};

static RATELIMIT_LIMIT_SECOND: HeaderName = HeaderName::from_static("ratelimit-limit-second");
static RATELIMIT_REMAINING_SECOND: HeaderName = HeaderName::from_static("ratelimit-remaining-second");

/// What the gate has found out about a request; stands in its extensions, for the layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn(Arc<Mutex<Found>>);

#[derive(Debug, Default)]
struct Found {
    left: Option<u32>,
    slot: Option<Slot>,
}

impl Turn {
    /// Takes down what came of counting.
    pub(crate) fn take_down(&self, counted: Counted) -> Result<(), OverLimit> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.left = Some(counted.left);
        found.slot = counted.admitted?;
        Ok(())
    }

    fn end(self) -> Found {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Puts the headers of contract §2.2 on every answer, also where nothing is counted. A report keeps its slot
/// until its body was sent or the client is gone.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let turn = Turn::default();
    request.extensions_mut().insert(turn.clone());
    let mut response = next.run(request).await;
    let Found { left, slot } = turn.end();
    let headers = response.headers_mut();
    headers.insert(RATELIMIT_LIMIT_SECOND.clone(), HeaderValue::from(LIMIT));
    headers.insert(RATELIMIT_REMAINING_SECOND.clone(), HeaderValue::from(left.unwrap_or(LIMIT)));
    match slot {
        None => response,
        Some(slot) => response.map(|body| touchline_http::keeping(body, slot)),
    }
}
