//! The hub of the program on the program's own listener, with everybody let in: what `push` measures.

use std::sync::Arc;
use tokio::net::TcpListener;
use touchline_http::{
    Limits,
    push::{Entrance, Hub, Identity, Knock, PushLimits, Settings, Standard, Turned, Visitor, routes},
};
use touchline_model::SystemClock;

/// Everybody is who they say.
#[derive(Clone)]
struct Open;

impl Entrance for Open {
    async fn enter(&self, knock: Knock<'_>) -> Result<Visitor, Turned> {
        let name = knock.headers.get("x-user").and_then(|it| it.to_str().ok());
        let name = name.ok_or(Turned::Forbidden("no name"))?;
        Ok(Visitor::new(Identity::new("acme", name)))
    }
}

#[tokio::main]
async fn main() {
    let settings = Settings { test_channels: true, ..Settings::default() };
    let policy = Standard::new(&settings);
    let hub =
        Hub::new(settings, PushLimits::default(), policy, Arc::new(SystemClock), |bytes| rand::fill(bytes));
    let router = routes(&hub, "/bayeux", Open);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { hub.run().await });
    let limits = Limits { max_connections: 20_000, ..Limits::default() };
    touchline_http::serve_with(limits, listener, router, std::future::pending()).await;
}
