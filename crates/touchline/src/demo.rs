//! The sample organisation: generated, loaded through the same use cases as everybody's data, and its log-ins.

mod voice;

pub use voice::{Genesys, Sip};

use crate::{config::Settings, lock, server};
use bytes::Bytes;
use futures::stream;
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, fmt, path::PathBuf};
use touchline_app::people::NewLogin;
use touchline_app::{
    App,
    contacts::ContactUpload,
    credentials::NewCredential,
    records::{PutResults, Ruled},
    tenants::NewTenant,
};
use touchline_demo::{COMPANY, DemoContact, Options, Organisation, cast, organisation, recording};
use touchline_model::{Caller, Role, TenantId, Timestamp, User};

/// The tenant that the sample is loaded into.
pub const TENANT: &str = "demo";
/// Contacts that are written together.
const STEP: usize = 250;

/// The log-ins, as `demo-credentials.json` holds them. Later dialects add theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    /// The tenant.
    pub tenant: String,
    /// The pages: one person of each role.
    #[serde(default)]
    pub web: Vec<WebLogin>,
    /// The native API.
    pub native: Native,
    /// The Coach360 dialect.
    pub c360: C360,
    /// The Gladly dialect.
    #[serde(default)]
    pub gladly: Gladly,
    /// The Genesys voice dialect: a supervisor and two agents.
    #[serde(default)]
    pub genesys: Vec<Genesys>,
    /// Telephones: those three, and a customer's.
    #[serde(default)]
    pub sip: Vec<Sip>,
}

/// Log-in of the pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebLogin {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Role.
    pub role: Role,
}

/// Log-in of the native API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Native {
    /// Bearer token.
    pub token: String,
}

/// Log-in of the Coach360 dialect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct C360 {
    /// User id.
    pub user_id: String,
    /// Password.
    pub password: String,
    /// Whether it may delete calls.
    pub can_delete: bool,
}

/// Log-in of the Gladly dialect.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Gladly {
    /// E-mail address.
    pub email: String,
    /// API token.
    pub token: String,
}

/// What was loaded, and how to log in.
#[derive(Clone, Debug)]
pub struct Loaded {
    file: PathBuf,
    credentials: Credentials,
    contacts: i64,
    seconds: Option<f64>,
    listen: std::net::SocketAddr,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Credentials { tenant, web, native, c360, gladly, genesys, sip } = &self.credentials;
        match self.seconds {
            Some(seconds) => writeln!(f, "{COMPANY}: {} contacts loaded in {seconds:.1} s.", self.contacts)?,
            None => writeln!(f, "{COMPANY}: {} contacts, loaded earlier.", self.contacts)?,
        }
        let at = self.listen;
        writeln!(f, "\nOpen http://{at}/ and sign in as")?;
        for login in web {
            writeln!(f, "  {:<17} {} : {}", login.role.name(), login.email, login.password)?;
        }
        writeln!(f, "\n  tenant            {tenant}")?;
        writeln!(f, "  native API        Authorization: Bearer {}", native.token)?;
        writeln!(f, "  Coach360          {} : {}", c360.user_id, c360.password)?;
        writeln!(f, "  Gladly            {} : {}", gladly.email, gladly.token)?;
        for it in genesys {
            writeln!(
                f,
                "  Genesys voice     {} : {} ({}, {})",
                it.user_name, it.password, it.role, it.phone_number
            )?;
        }
        for it in sip {
            writeln!(f, "  telephone {}    {} : {} ({})", it.number, it.user, it.password, it.role)?;
        }
        writeln!(f, "  all log-ins       {}", self.file.display())?;
        writeln!(
            f,
            "\nTry:\n  curl -u '{}:{}' 'http://{at}/api/ev/2/calls?since=2020-01-01T00:00Z&limit=2'",
            c360.user_id, c360.password
        )?;
        writeln!(
            f,
            "  curl -u '{}:{}' -d '{{\"metricSet\":\"AgentSummary\",\"startAt\":\"2020-01-01\",\"endAt\":\"2030-01-01\",\"aggregationLevel\":\"monthly\"}}' http://{at}/api/v1/reports",
            gladly.email, gladly.token
        )?;
        writeln!(
            f,
            "  curl -H 'Authorization: Bearer {}' 'http://{at}/api/touchline/v1/users?limit=2'",
            native.token
        )?;
        write!(f, "  open http://{at}/api/docs")
    }
}

/// Loads the sample organisation into the data folder, unless it is there already.
pub async fn load(settings: &Settings, seed: u64, contacts: usize) -> Result<Loaded, String> {
    let config = &settings.config;
    let _lock = lock::take(config)?;
    let app = server::open(config).await?;
    let file = config.data.join("demo-credentials.json");
    let caller = Caller::system(TenantId(TENANT.to_owned()), "demo");
    let tenants = app.store().tenants().await.map_err(text)?;
    let tenant = tenants.iter().find(|tenant| tenant.id.as_str() == TENANT);
    if tenant.is_some_and(|tenant| tenant.name != COMPANY) {
        let data = config.data.display();
        return Err(format!(
            "{data} holds a tenant `{TENANT}` that is not the sample; choose another --data"
        ));
    }
    let loaded = |credentials, contacts, seconds| Loaded {
        file: file.clone(),
        credentials,
        contacts,
        seconds,
        listen: config.listen,
    };
    if tenant.is_some() && file.exists() {
        let known = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let credentials = serde_json::from_str(&known).map_err(|e| format!("{}: {e}", file.display()))?;
        let count = app.store().contact_count(&caller.tenant).await.map_err(text)?;
        app.store().close().await;
        return Ok(loaded(credentials, count, None));
    }
    let started = std::time::Instant::now();
    eprintln!(
        "Loading the sample organisation {COMPANY} ({contacts} contacts) into {} ...",
        config.data.display()
    );
    let now = app.clock().now();
    // Midnight, so that the same seed gives the same sample all day.
    let today = Timestamp::from_micros(now.micros() - now.micros().rem_euclid(86_400_000_000));
    let sample = organisation(&Options { contacts, audio: contacts.min(60), ..Options::new(seed, today) });
    // A load that was broken off goes on: the same records put again change nothing.
    if tenant.is_none() {
        let new = NewTenant { id: TENANT.to_owned(), name: COMPANY.to_owned() };
        app.create_tenant(&caller, new).await.map_err(text)?;
    }
    fill(&app, &caller, sample, seed).await?;
    app.count_listens_now(&caller).await.map_err(text)?;
    app.work_until_idle().await.map_err(text)?;
    let credentials = log_ins(&app, &caller, &domain(config)).await?;
    // Last: its presence says that the sample is complete.
    write_private(&file, &serde_json::to_string_pretty(&credentials).map_err(text)?)?;
    let count = app.store().contact_count(&caller.tenant).await.map_err(text)?;
    app.store().close().await;
    Ok(loaded(credentials, count, Some(started.elapsed().as_secs_f64())))
}

async fn fill(app: &App, caller: &Caller, sample: Organisation, seed: u64) -> Result<(), String> {
    put(app, caller, sample.groups).await?;
    put(app, caller, sample.users).await?;
    put(app, caller, sample.inboxes).await?;
    for step in sample.events.chunks(1_000) {
        accepted(app.put_events(caller, step.to_vec()).await.map_err(text)?)?;
    }
    put(app, caller, sample.topics).await?;
    put(app, caller, sample.scorecards).await?;
    // Calls that another system has given up on come last, so that a first look at the feed shows whole ones.
    let (whole, given_up): (Vec<_>, Vec<_>) =
        sample.contacts.into_iter().partition(|it| it.contact.state.is_none());
    put_contacts(app, caller, whole, seed).await?;
    app.work_until_idle().await.map_err(text)?;
    put_contacts(app, caller, given_up, seed).await?;
    put(app, caller, sample.evaluations).await?;
    put(app, caller, sample.feedback).await?;
    put(app, caller, sample.shares).await?;
    put(app, caller, sample.listens).await?;
    put(app, caller, sample.kpis).await?;
    put(app, caller, sample.observations).await?;
    put(app, caller, sample.plans).await?;
    put(app, caller, sample.sessions).await
}

async fn put_contacts(
    app: &App,
    caller: &Caller,
    contacts: Vec<DemoContact>,
    seed: u64,
) -> Result<(), String> {
    let mut contacts = contacts.into_iter().peekable();
    while contacts.peek().is_some() {
        let step: Vec<DemoContact> = contacts.by_ref().take(STEP).collect();
        let recorded: Vec<DemoContact> = step.iter().filter(|it| it.has_audio).cloned().collect();
        let uploads = step.into_iter().map(|it| {
            let words = (!it.transcript.words.is_empty()).then_some(it.transcript);
            ContactUpload::new(it.contact, words)
        });
        accepted(app.put_contacts(caller, uploads.collect()).await.map_err(text)?)?;
        for it in recorded {
            let wav = recording(&it.transcript, it.contact.duration, seed);
            let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(wav))]);
            let name = it.contact.original_path.clone();
            app.receive_recording(caller, it.contact.id.as_str(), name.as_deref(), bytes)
                .await
                .map_err(text)?;
        }
    }
    Ok(())
}

async fn put<T: Ruled>(app: &App, caller: &Caller, records: Vec<T>) -> Result<(), String> {
    for step in records.chunks(500) {
        accepted(app.put_many(caller, step.to_vec()).await.map_err(text)?)?;
    }
    Ok(())
}

fn accepted(results: PutResults) -> Result<(), String> {
    results
        .into_iter()
        .try_for_each(|result| result.map(|_| ()).map_err(|e| format!("the sample is broken: {e}")))
}

/// Under which address telephones find the server, as far as it is known here.
fn domain(config: &crate::config::Config) -> String {
    let telephony = &config.telephony;
    let sip = telephony.sip.parse::<std::net::SocketAddr>().ok().map(|it| it.ip());
    let told = telephony.advertised_address.parse().ok();
    told.or(sip).filter(|it| !it.is_unspecified()).unwrap_or([127, 0, 0, 1].into()).to_string()
}

async fn log_ins(app: &App, caller: &Caller, domain: &str) -> Result<Credentials, String> {
    // Not an operator's: everything inside the tenant.
    let native = NewCredential {
        dialect: "native".to_owned(),
        name: "Demo, native API".to_owned(),
        login: None,
        secret: None,
        abilities: None,
        can_delete: false,
    };
    let c360 = NewCredential {
        dialect: "c360".to_owned(),
        name: "Demo, Coach360".to_owned(),
        can_delete: true,
        ..native.clone()
    };
    let gladly = NewCredential {
        dialect: "gladly".to_owned(),
        name: "Demo, Gladly".to_owned(),
        login: Some("reports@larkmoor.example.com".to_owned()),
        ..native.clone()
    };
    let gladly = app.create_credential(caller, gladly).await.map_err(text)?;
    let native = app.create_credential(caller, native).await.map_err(text)?;
    let c360 = app.create_credential(caller, c360).await.map_err(text)?;
    let web = people(app, caller).await?;
    let known: Vec<voice::Known<'_>> =
        web.iter().map(|it| voice::Known { email: &it.email, password: &it.password }).collect();
    let (genesys, sip) = voice::telephones(app, caller, &known, domain).await?;
    Ok(Credentials {
        tenant: TENANT.to_owned(),
        web,
        native: Native { token: native.secret },
        c360: C360 { user_id: c360.credential.login, password: c360.secret, can_delete: true },
        gladly: Gladly { email: gladly.credential.login, token: gladly.secret },
        genesys,
        sip,
    })
}

/// One person of each role who may sign in to the pages.
async fn people(app: &App, caller: &Caller) -> Result<Vec<WebLogin>, String> {
    let cast = cast();
    let people = [
        (cast.head, Role::Administrator),
        (cast.manager, Role::Manager),
        (cast.coach, Role::Coach),
        (cast.analyst, Role::Analyst),
        (cast.agent, Role::Agent),
    ];
    let mut logins = Vec::new();
    for (user, role) in people {
        let email = app.get::<User>(caller, user.as_str()).await.map_err(text)?.value.email;
        let new = NewLogin { user: user.0, role, password: None, reset: true };
        let password = app.put_login(caller, new).await.map_err(text)?.unwrap_or_default();
        logins.push(WebLogin { email, password, role });
    }
    Ok(logins)
}

/// Writes a file that only its owner may read.
fn write_private(path: &std::path::Path, content: &str) -> Result<(), String> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|e| format!("{}: {e}", path.display()))
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
