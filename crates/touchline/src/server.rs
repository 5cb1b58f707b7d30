//! Wiring: store, app, dialects, listener, workers, and an orderly stop.

use crate::{
    config::{Config, Settings},
    lock,
    simulate::{Simulate, Simulation},
    telephones::{Telephones, last_words},
    voice::Voice,
};
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde_json::json;
use std::{fmt::Display, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use touchline_app::{
    App, Limits, SystemEntropy, imports,
    people::Oidc,
    webhooks::{HttpSender, Webhooks},
};
use touchline_intake::desk::Desk;
use touchline_model::{Clock, SystemClock};
use touchline_store::{Blobs, Store};
use touchline_web::Web;

/// Opens what was made before, by `serve`, `demo`, `tenant create` or an operator's key: anything else that is asked of a folder without data
/// was asked of the wrong folder.
///
/// # Errors
/// A sentence that names the folder; nothing is made.
pub async fn open_existing(config: &Config) -> Result<App, String> {
    let file = config.data.join("touchline.db");
    // Opening would make a new, empty and perfectly healthy store of a misspelt folder.
    if config.database.is_empty() && !file.exists() {
        return Err(format!("there is no Touchline database in {}", config.data.display()));
    }
    open(config).await
}

/// Opens the store and blobs that the settings name, and makes them if there are none.
pub async fn open(config: &Config) -> Result<App, String> {
    open_with(config, Arc::new(SystemClock)).await
}

/// The same, with a clock of the caller's.
pub async fn open_with(config: &Config, clock: Arc<dyn Clock>) -> Result<App, String> {
    make_private(&config.data).map_err(|e| format!("data folder {}: {e}", config.data.display()))?;
    let store = if config.database.is_empty() {
        Store::open_sqlite(&config.data.join("touchline.db"), clock.clone()).await
    } else {
        Store::open_postgres(&config.database, clock.clone()).await
    };
    let store = store.map_err(|e| format!("could not open the database: {e}"))?;
    let blobs =
        Blobs::open(&config.data.join("recordings")).map_err(|e| format!("recordings folder: {e}"))?;
    let limits = Limits { recording_bytes: config.recording_mib << 20, ..Limits::default() };
    let app = App::new(store, blobs, clock, Arc::new(SystemEntropy), limits);
    let exports = config.exports.destination(&config.s3, &config.data)?;
    Ok(app.with_reports(config.reports.settings()).with_exports(exports).with_live(config.telephony.live()))
}

/// What sends webhooks.
pub fn webhooks(config: &Config) -> Result<Webhooks, String> {
    let settings = config.webhooks.settings()?;
    let sender = HttpSender::new(&settings)?;
    Ok(Webhooks::new(settings, Arc::new(sender), Arc::new(touchline_api_native::address_of)))
}

/// Makes a folder that only its owner may look into: it holds what customers said.
pub(crate) fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The pages over an app. The key opens the set-up of the first administrator.
pub fn web(app: &App, settings: &Settings, setup_key: &str, oidc: Option<Arc<Oidc>>) -> Web {
    Web::new(app.clone(), settings.config.web.clone(), setup_key, settings.list()).with_oidc(oidc)
}

/// The pages and all dialects on one port.
pub fn router(app: &App, config: &Config, web: Web) -> Router {
    const NATIVE: &str = "/api/touchline/v1/openapi.json";
    const C360: &str = "/api/docs/c360/openapi.json";
    const GLADLY: &str = "/api/docs/gladly/openapi.json";
    const GENESYS: &str = "/api/docs/genesys/openapi.json";
    Router::new()
        .merge(touchline_api_native::router(app.clone()))
        .merge(touchline_api_c360::router(app.clone(), config.c360.clone()))
        .merge(touchline_http::document_route(
            C360,
            &touchline_api_c360::document(app.clone(), config.c360.clone()),
        ))
        .merge(touchline_api_gladly::router(app.clone(), config.gladly.clone()))
        .merge(touchline_http::document_route(
            GLADLY,
            &touchline_api_gladly::document(app.clone(), &config.gladly),
        ))
        .merge(touchline_http::document_route(GENESYS, &touchline_api_genesys::document(&config.genesys)))
        .merge(touchline_http::docs_routes(vec![
            ("Native API", NATIVE),
            ("Coach360", C360),
            ("Gladly reporting", GLADLY),
            ("Genesys voice", GENESYS),
        ]))
        .merge(health(app.clone()))
        .merge(touchline_web::router(web))
}

fn health(app: App) -> Router {
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Health { app, one_at_a_time: Arc::default() });
    touchline_http::envelope(router)
}

/// Anybody may ask these, so they never take more than one reader of the database.
#[derive(Clone)]
struct Health {
    app: App,
    one_at_a_time: Arc<tokio::sync::Mutex<()>>,
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<serde_json::Value>) {
    let _turn = health.one_at_a_time.lock().await;
    let database = match health.app.store().ping().await {
        Ok(()) => json!("ok"),
        Err(error) => {
            tracing::warn!(%error, "The database does not answer");
            json!("does not answer")
        }
    };
    let well = database == "ok";
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": well, "database": database })))
}

async fn metrics(State(health): State<Health>) -> Result<String, StatusCode> {
    let _turn = health.one_at_a_time.lock().await;
    let jobs = health.app.store().open_jobs().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "# HELP touchline_build_info The release that runs.\n# TYPE touchline_build_info gauge\n\
         touchline_build_info{{version=\"{version}\"}} 1\n\
         # HELP touchline_jobs_open Jobs that are due, run, or wait to be tried again.\n# TYPE touchline_jobs_open gauge\n\
         touchline_jobs_open {jobs}\n"
    );
    if let Some(bytes) = resident_bytes() {
        text.push_str(
            "# HELP process_resident_memory_bytes Resident memory.\n# TYPE process_resident_memory_bytes gauge\n",
        );
        text.push_str(&format!("process_resident_memory_bytes {bytes}\n"));
    }
    Ok(text)
}

/// Resident memory of this process, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// Serves until `stop` resolves, then finishes requests and jobs under way. `greeting` is printed when ready.
pub async fn serve(
    settings: &Settings,
    greeting: Option<&dyn Display>,
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    serve_with(settings, greeting, None, stop).await
}

/// The same, with people who call and answer in a tenant, if there are to be any.
///
/// # Errors
/// A sentence: what does not work, or what is set wrongly.
pub async fn serve_with(
    settings: &Settings,
    greeting: Option<&dyn Display>,
    simulated: Option<(&str, Simulate)>,
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    let config = &settings.config;
    // First of all: a port that is taken should leave nothing behind.
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.map_err(|e| format!("cannot listen on {}: {e}", config.listen))?;
    let _lock = lock::take(config)?;
    let desk = Arc::new(Desk::new(config.data.join("imports")));
    let app = open(config).await?.with_webhooks(webhooks(config)?).with_worker(imports::JOB, desk.clone());
    let (setup_key, oidc) = (app.new_secret(), Oidc::new(config.oidc.clone())?);
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let stopping = CancellationToken::new();
    let voice = Voice::new(&app, config, address)?;
    let telephones = Telephones::start(&app, config).await?;
    let calls = tokio::spawn(voice.clone().run(stopping.clone()));
    let work = tokio::spawn(app.clone().work(stopping.clone().cancelled_owned()));
    let sweeping = tokio::spawn(stopping.clone().run_until_cancelled_owned(sweep(app.clone(), desk.clone())));
    let engine = if config.database.is_empty() { "SQLite" } else { "PostgreSQL" };
    // Whatever becomes of these lines, the server goes on.
    let say = |line: &dyn Display| {
        crate::out::say(line).unwrap_or_else(|error| tracing::warn!("{error}"));
    };
    say(&format_args!(
        "Touchline is ready at http://{address} (data in {}, {engine})",
        config.data.display()
    ));
    if let Some(sip) = telephones.as_ref().and_then(Telephones::address) {
        say(&format_args!("Telephones are served at {sip} (SIP over UDP and TCP)"));
    }
    if let Some(greeting) = greeting {
        say(&greeting);
    } else if app.is_fresh().await.unwrap_or(false) {
        say(&format_args!("Nobody can sign in yet. Set it up at http://{address}/setup?key={setup_key}"));
    }
    let simulation = match (simulated, telephones.as_ref().and_then(Telephones::address)) {
        (None, _) => None,
        (Some((tenant, what)), Some(sip)) => Some(Simulation::start(&app, tenant, address, sip, what)?),
        (Some(_), None) => return Err("simulated callers need --sip".to_owned()),
    };
    let limits = touchline_http::Limits {
        max_connections: usize::try_from(config.max_connections.get()).unwrap_or(usize::MAX),
        ..touchline_http::Limits::default()
    };
    touchline_http::serve_with(
        limits,
        listener,
        router(
            &app,
            config,
            web(&app, settings, &setup_key, oidc).with_desk(desk).with_news(voice.news().clone()),
        )
        .merge(voice.router()),
        async {
            stop.await;
            if let Some(simulation) = simulation {
                simulation.stop().await;
            }
            // Who waits for news would keep the server waiting.
            voice.say_goodbye();
        },
    )
    .await;
    if let Some(telephones) = telephones {
        telephones.stop().await;
    }
    last_words(&app).await;
    stopping.cancel();
    let _ = tokio::join!(work, sweeping, calls);
    app.store().close().await;
    Ok(())
}

/// Removes files that nobody brought in, once an hour.
async fn sweep(app: App, desk: Arc<Desk>) {
    loop {
        if let Err(error) = desk.sweep(&app).await {
            tracing::warn!(%error, "files of old imports could not be removed");
        }
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}

/// Resolves at Ctrl-C or SIGTERM.
pub async fn stop_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
