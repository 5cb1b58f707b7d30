//! `touchline doctor`: checks a store from end to end and changes nothing.

use crate::{config::Settings, server};
use std::fmt;
use touchline_app::{App, AppError};
use touchline_model::{Recording, Tenant, TenantId};
use touchline_store::StoreError;

/// What was looked at and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What was looked at, for people.
    pub checked: Vec<String>,
    /// What is wrong: each a sentence.
    pub faults: Vec<String>,
    /// What a person should look at, though nothing is broken.
    pub remarks: Vec<String>,
}

impl Findings {
    /// Whether nothing is wrong.
    pub fn is_healthy(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.checked {
            writeln!(f, "checked  {line}")?;
        }
        for line in &self.remarks {
            writeln!(f, "remark   {line}")?;
        }
        for line in &self.faults {
            writeln!(f, "FAULT    {line}")?;
        }
        match self.faults.len() {
            0 => f.write_str("Nothing is wrong."),
            1 => f.write_str("1 fault."),
            n => write!(f, "{n} faults."),
        }
    }
}

/// Checks the store that the settings name.
pub async fn check(settings: &Settings) -> Result<Findings, String> {
    let config = &settings.config;
    let app = server::open_existing(config).await?;
    let found = check_app(&app).await;
    app.store().close().await;
    found
}

/// Checks an open store.
pub async fn check_app(app: &App) -> Result<Findings, String> {
    let mut found = Findings::default();
    found.faults.extend(app.store().engine_check().await.map_err(|e| e.to_string())?);
    found.checked.push("database files".to_owned());
    for tenant in app.store().tenants().await.map_err(|e| e.to_string())? {
        check_tenant(app, &tenant, &mut found).await.map_err(|e| e.to_string())?;
    }
    Ok(found)
}

/// Whether a recording that a contact names is not there. A running server may have replaced it since we read of it.
async fn is_missing(
    app: &App,
    tenant: &TenantId,
    contact: &str,
    recording: &Recording,
) -> Result<bool, StoreError> {
    if app.blobs().exists(tenant, &recording.sha256, recording.bytes).await {
        return Ok(false);
    }
    let now = app.store().contact_row(tenant, contact).await?;
    let is_named = now.is_some_and(|row| row.recording.as_ref() == Some(recording));
    // Named a moment ago, so what is missing now is missed.
    Ok(is_named && !app.blobs().exists(tenant, &recording.sha256, recording.bytes).await)
}

async fn check_tenant(app: &App, tenant: &Tenant, found: &mut Findings) -> Result<(), AppError> {
    let (store, id) = (app.store(), &tenant.id);
    let mut fault = |text: String| found.faults.push(format!("tenant `{id}`: {text}"));
    if let Some(broken) = store.audit_verify(id).await? {
        fault(format!("the audit trail is broken: {broken:?}"));
    }
    for line in store.inconsistencies(id).await? {
        fault(line);
    }
    let mut recordings = 0;
    let mut after = String::new();
    loop {
        let ids = store.contact_ids(id, &after, 500).await?;
        let Some(last) = ids.last() else { break };
        after.clone_from(last);
        for row in store.contact_rows(id, &ids).await? {
            if let Some(recording) = &row.recording {
                recordings += 1;
                if is_missing(app, id, row.contact.value.id.as_str(), recording).await? {
                    fault(format!("the recording of contact `{}` is missing or cut", row.contact.value.id));
                }
            }
        }
    }
    let litter = app.litter(id).await?;
    if litter.files > 0 {
        found.remarks.push(format!(
            "tenant `{id}`: {} files ({} bytes) among the recordings that no contact names; a running server removes \
             them when they are a day old",
            litter.files, litter.bytes
        ));
    }
    let dead = store.jobs_page(id, None, usize::MAX >> 1).await?;
    for job in dead.iter().filter(|job| job.state == touchline_store::JobState::Dead) {
        let why = job.error.as_deref().unwrap_or("no reason noted");
        found.remarks.push(format!("tenant `{id}`: job {} ({}) was put aside: {why}", job.id, job.kind));
    }
    let contacts = store.contact_count(id).await?;
    found.checked.push(format!(
        "tenant `{id}`: {contacts} contacts, {recordings} recordings, audit trail, jobs, references"
    ));
    Ok(())
}
