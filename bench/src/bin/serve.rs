//! The two dialects that the measurements of reports need, on the program's own listener, over the same store and app as
//! in the program, with the same worker: for when only these are to be built. `serve DATA`, without pages and the rest.

use std::{path::PathBuf, sync::Arc};
use tokio::net::TcpListener;
use touchline_api_gladly::GladlyConfig;
use touchline_app::{
    App, Limits, SystemEntropy,
    reports::{HandleTimeSource, ReportSettings},
};
use touchline_model::SystemClock;
use touchline_store::{Blobs, Store};

#[tokio::main]
async fn main() {
    let data = PathBuf::from(std::env::args().nth(1).expect("a data folder"));
    let clock = Arc::new(SystemClock);
    let store = Store::open_sqlite(&data.join("touchline.db"), clock.clone()).await.unwrap();
    let blobs = Blobs::open(&data.join("recordings")).unwrap();
    let reports = ReportSettings { handle_time_source: HandleTimeSource::Views, ..ReportSettings::default() };
    let app = App::new(store, blobs, clock, Arc::new(SystemEntropy), Limits::default()).with_reports(reports);
    let config = GladlyConfig { report_row_cap: 0, ..GladlyConfig::default() };
    let router =
        touchline_api_native::router(app.clone()).merge(touchline_api_gladly::router(app.clone(), config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("ready at http://{} ", listener.local_addr().unwrap());
    let stopping = tokio_util::sync::CancellationToken::new();
    if std::env::var_os("NOWORK").is_none() { tokio::spawn(app.work(stopping.cancelled_owned())); }
    touchline_http::serve_with(touchline_http::Limits::default(), listener, router, std::future::pending())
        .await;
}
