//! The operations of one dialect, and the router made of them.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, any};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use crate::document::{self, DocInfo};
use crate::envelope::envelope;
use crate::gate::{Gate, Policy, Refusal};
use crate::operation::Operation;

/// What a dialect accepts beyond the plain routes. Both are on by default (contract X-30).
#[derive(Clone, Copy, Debug)]
pub struct RouteOptions {
    /// `HEAD` is answered like `GET`, without the body; otherwise 405.
    pub head: bool,
    /// A slash after the path is accepted; otherwise 404.
    pub trailing_slash: bool,
}

impl Default for RouteOptions {
    fn default() -> Self {
        Self { head: true, trailing_slash: true }
    }
}

/// A handler with its extractors resolved.
type Endpoint<S> = Arc<dyn Fn(Request, S) -> BoxFuture<'static, Response> + Send + Sync>;

/// The operations of one path.
type Endpoints<S> = Vec<(Operation, Endpoint<S>)>;

/// Collects the operations of one dialect. `S` is the axum state of its handlers.
pub struct Routes<G: Gate, S = ()> {
    gate: G,
    prefix: &'static str,
    info: DocInfo,
    options: RouteOptions,
    operations: Vec<Operation>,
    endpoints: Vec<Endpoint<S>>,
}

impl<G: Gate, S: Clone + Send + Sync + 'static> Routes<G, S> {
    /// No operations yet. `prefix` starts with a slash and does not end with one, for example `/api/ev/2`.
    pub fn new(gate: G, prefix: &'static str, info: DocInfo) -> Self {
        Self {
            gate,
            prefix,
            info,
            options: RouteOptions::default(),
            operations: Vec::new(),
            endpoints: Vec::new(),
        }
    }

    /// Replaces the options.
    pub fn options(&mut self, options: RouteOptions) -> &mut Self {
        self.options = options;
        self
    }

    /// Adds an operation with any axum handler. The same method and path twice panics in `into_router`.
    pub fn add<H, T>(&mut self, operation: Operation, handler: H) -> &mut Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.operations.push(operation);
        self.endpoints.push(Arc::new(move |request, state| Box::pin(handler.clone().call(request, state))));
        self
    }

    /// Every operation, in the order added; the isolation test walks this.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What stands before every path.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// The OpenAPI 3.1 document.
    pub fn document(&self) -> serde_json::Value {
        document::build(self.prefix, &self.info, &self.operations)
    }

    /// The router, for handlers with the state `S`.
    pub fn into_router_with(self, state: S) -> Router {
        let gate = self.gate;
        let mut paths: Vec<(&'static str, Endpoints<S>)> = Vec::new();
        for (operation, endpoint) in self.operations.into_iter().zip(self.endpoints) {
            match paths.iter_mut().find(|(path, _)| *path == operation.path) {
                Some((_, operations)) => operations.push((operation, endpoint)),
                None => paths.push((operation.path, vec![(operation, endpoint)])),
            }
        }

        let mut routes: Vec<(String, MethodRouter<S>)> = Vec::new();
        for (path, operations) in paths {
            let methods = method_router(&gate, self.options, operations);
            let full = format!("{}{path}", self.prefix);
            // A wildcard takes the slash itself.
            if self.options.trailing_slash && !full.ends_with('/') && !full.contains("{*") {
                routes.push((format!("{full}/"), methods.clone()));
            }
            routes.push((full, methods));
        }
        // Not the router's own fallback: several dialects are merged into one router, each with its own wording.
        let unknown = unknown_path(&gate);
        for rest in ["", "/", "/{*unknown}"] {
            let full = format!("{}{rest}", self.prefix);
            if !full.is_empty() && !routes.iter().any(|(path, _)| *path == full) {
                routes.push((full, unknown.clone()));
            }
        }
        let router = routes
            .into_iter()
            .fold(Router::<S>::new(), |router, (path, methods)| router.route(&path, methods));
        envelope(router.with_state(state))
    }
}

impl<G: Gate> Routes<G, ()> {
    /// The router, for handlers without state.
    pub fn into_router(self) -> Router {
        self.into_router_with(())
    }
}

/// All methods of one path, and 405 for the others.
fn method_router<G: Gate, S: Clone + Send + Sync + 'static>(
    gate: &G,
    options: RouteOptions,
    operations: Endpoints<S>,
) -> MethodRouter<S> {
    let allow = allow_header(options, &operations);
    let wildcard_free = operations.iter().all(|(operation, _)| !operation.path.contains("{*"));
    let other = (gate.clone(), allow.clone());
    // `any` keeps the router from adding `Allow` by itself, also to a 401.
    let mut methods = any(move |request: Request| {
        let (gate, allow) = other.clone();
        async move {
            let odd = wildcard_free && has_empty_segment(&request);
            let refusal = if odd { Refusal::NotFound } else { Refusal::MethodNotAllowed };
            with_allow(shielded(&gate, refused(&gate, refusal, request)).await, &allow)
        }
    });
    for (operation, endpoint) in operations {
        let Ok(filter) = MethodFilter::try_from(operation.method.clone()) else {
            tracing::error!(id = operation.id, "the router cannot route this method");
            continue;
        };
        let (gate, allow) = (gate.clone(), allow.clone());
        let (policy, max_bytes) = (operation.policy, operation.body.and_then(|body| body.max_bytes));
        methods = methods.on(filter, move |State(state): State<S>, mut request: Request| {
            let (gate, allow, endpoint) = (gate.clone(), allow.clone(), endpoint.clone());
            async move {
                let answer = async {
                    if wildcard_free && has_empty_segment(&request) {
                        return refused(&gate, Refusal::NotFound, request).await;
                    }
                    if request.method() == Method::HEAD && !options.head {
                        return with_allow(refused(&gate, Refusal::MethodNotAllowed, request).await, &allow);
                    }
                    if let Err(refusal) = enter(&gate, policy, &mut request).await {
                        return gate.refuse(refusal);
                    }
                    if let Err(refusal) = check_shape(&mut request, max_bytes) {
                        return gate.refuse(refusal);
                    }
                    endpoint(request, state).await
                };
                shielded(&gate, answer).await
            }
        });
    }
    methods
}

/// 404, but 401 for strangers: they learn nothing about what exists.
fn unknown_path<G: Gate, S: Clone + Send + Sync + 'static>(gate: &G) -> MethodRouter<S> {
    let gate = gate.clone();
    any(move |request: Request| {
        let gate = gate.clone();
        async move { shielded(&gate, refused(&gate, Refusal::NotFound, request)).await }
    })
}

/// The refusal, for callers who are known and whose turn it is; the others hear that first.
async fn refused<G: Gate>(gate: &G, refusal: Refusal, mut request: Request) -> Response {
    let entered = enter(gate, Policy::Anyone, &mut request).await;
    gate.refuse(entered.err().unwrap_or(refusal))
}

/// The router lets `{id}` be empty before a trailing slash; ids never are.
fn has_empty_segment(request: &Request) -> bool {
    request.uri().path().contains("//")
}

/// Identify, admit, policy; puts the caller into the extensions.
async fn enter<G: Gate>(gate: &G, policy: Policy, request: &mut Request) -> Result<(), Refusal> {
    if policy == Policy::Public {
        return Ok(());
    }
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)), |info| info.0);
    let caller = gate.identify_request(request.headers(), peer, request.extensions()).await?;
    gate.admit_request(&caller, request.method(), request.uri().path(), request.extensions()).await?;
    if let Some(ability) = policy.missing(&caller) {
        return Err(Refusal::Forbidden(ability));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

/// What extractors would refuse in their own words, refused in the dialect's.
fn check_shape(request: &mut Request, max_bytes: Option<u64>) -> Result<(), Refusal> {
    let path = request.uri().path();
    if path.contains('%') && percent_decode_str(path).decode_utf8().is_err() {
        return Err(Refusal::NotFound);
    }
    match max_bytes {
        Some(max) if declared_length(request.headers()).is_some_and(|length| length > max) => {
            return Err(Refusal::TooLarge(max));
        }
        Some(max) => {
            DefaultBodyLimit::max(usize::try_from(max).unwrap_or(usize::MAX)).apply(request);
        }
        None => DefaultBodyLimit::disable().apply(request),
    }
    Ok(())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A panic costs one request, not the connection, and looks like any other internal error.
async fn shielded<G: Gate>(gate: &G, answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        tracing::error!(message, "a handler panicked");
        gate.refuse(Refusal::Internal)
    })
}

fn allow_header<S>(options: RouteOptions, operations: &[(Operation, Endpoint<S>)]) -> HeaderValue {
    let mut methods: Vec<&str> = operations.iter().map(|(operation, _)| operation.method.as_str()).collect();
    if options.head && methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    methods.sort_unstable();
    HeaderValue::from_str(&methods.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Names the methods that exist, if the answer says that this one does not.
fn with_allow(mut response: Response, allow: &HeaderValue) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}
