//! Oneself, tenants, credentials, the audit trail and jobs.

use crate::{
    Problem, input,
    mount::Mount,
    params::{Page, Params, limited, paged},
    problem,
};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use touchline_app::{
    App,
    credentials::{CreatedCredential, CredentialView, NewCredential},
    pipeline::TopicProgress,
    store::{AuditEntry, AuditFault, Job},
    tenants::NewTenant,
};
use touchline_http::{CallerOf, Gate, Operation, Shape};
use touchline_model::{Ability, Tenant, TenantId};

/// Who the token belongs to.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    /// The tenant that everything is confined to.
    tenant: TenantId,
    /// Name in the audit trail.
    actor: String,
    /// What it may do.
    abilities: BTreeSet<Ability>,
}

/// A page of the audit trail.
#[derive(Debug, Serialize, JsonSchema)]
struct AuditPage {
    /// In the order of their numbers.
    items: Vec<AuditEntry>,
    /// Give it as `after` to read on.
    last_n: i64,
}

/// Whether the audit trail is whole.
#[derive(Debug, Serialize, JsonSchema)]
struct Verdict {
    /// Whether every entry is there and unaltered.
    intact: bool,
    /// The first fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
}

/// A fault of the audit trail.
#[derive(Debug, Serialize, JsonSchema)]
struct Fault {
    /// What is wrong.
    kind: FaultKind,
    /// Number of the entry.
    n: i64,
}

/// What may be wrong with an audit trail.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum FaultKind {
    /// The entry is not there.
    Missing,
    /// The entry was altered.
    Altered,
    /// Entries at the end are gone; it should end with this one.
    CutShort,
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        Operation::get("get_me", "/me")
            .tag("me")
            .summary("Who this token belongs to")
            .answer_json::<Me>(200, "Tenant, name and abilities."),
        me,
    );
    tenants(mount);
    credentials(mount);
    settings(mount);
    mount.add(
        limited(Operation::get("list_audit", "/audit"))
            .tag("audit")
            .summary("Read the audit trail")
            .needs(&[Ability::Administer])
            .query(
                "after",
                Shape::Integer { min: Some(0), max: None },
                false,
                "Number of the last entry known.",
            )
            .answer_json::<AuditPage>(200, "Entries in order."),
        audit,
    );
    mount.add(
        Operation::get("verify_audit", "/audit/verify")
            .tag("audit")
            .summary("Check that the audit trail is whole")
            .needs(&[Ability::Administer])
            .answer_json::<Verdict>(200, "The verdict."),
        verify,
    );
    mount.add(
        paged(Operation::get("list_jobs", "/jobs"))
            .tag("jobs")
            .summary("List jobs that wait, run, or were put aside")
            .needs(&[Ability::Administer])
            .answer_json::<Page<Job>>(200, "A page."),
        jobs,
    );
    mount.add(
        Operation::post("retry_job", "/jobs/{id}/retry")
            .tag("jobs")
            .summary("Try a job again that was put aside")
            .needs(&[Ability::Administer])
            .path_param("id", "Id of the job.")
            .answer_empty(204, "It will run soon."),
        retry,
    );
    mount.add(
        Operation::get("get_topic_progress", "/topics/progress")
            .tag("topics")
            .summary("How far the matching of changed topics has come")
            .needs(&[Ability::ReadQuality])
            .answer_json::<TopicProgress>(200, "Older results are visible until it is done."),
        progress,
    );
}

fn tenants<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        paged(Operation::get("list_tenants", "/tenants"))
            .tag("tenants")
            .summary("List tenants")
            .needs(&[Ability::Operate])
            .answer_json::<Page<Tenant>>(200, "A page."),
        list_tenants,
    );
    mount.add(
        Operation::post("create_tenant", "/tenants")
            .tag("tenants")
            .summary("Make a tenant")
            .needs(&[Ability::Operate])
            .body_json::<NewTenant>()
            .answer_json::<Tenant>(201, "It is there.")
            .answer_error(409)
            .answer_error(422),
        create_tenant,
    );
    mount.add(
        Operation::post("create_tenant_credential", "/tenants/{id}/credentials")
            .tag("tenants")
            .summary("Make a credential inside a tenant")
            .needs(&[Ability::Operate])
            .path_param("id", "Id of the tenant.")
            .body_json::<NewCredential>()
            .answer_json::<CreatedCredential>(201, "The secret is shown this once.")
            .answer_error(409)
            .answer_error(422),
        create_tenant_credential,
    );
}

fn credentials<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        paged(Operation::get("list_credentials", "/credentials"))
            .tag("credentials")
            .summary("List credentials, without secrets")
            .needs(&[Ability::ManageCredentials])
            .answer_json::<Page<CredentialView>>(200, "A page."),
        list_credentials,
    );
    mount.add(
        Operation::post("create_credential", "/credentials")
            .tag("credentials")
            .summary("Make a credential of any dialect")
            .needs(&[Ability::ManageCredentials])
            .body_json::<NewCredential>()
            .answer_json::<CreatedCredential>(201, "The secret is shown this once.")
            .answer_error(409)
            .answer_error(422),
        create_credential,
    );
    mount.add(
        Operation::delete("revoke_credential", "/credentials/{id}")
            .tag("credentials")
            .summary("Revoke a credential for good")
            .needs(&[Ability::ManageCredentials])
            .path_param("id", "Its id.")
            .answer_empty(204, "It opens nothing any more."),
        revoke_credential,
    );
}

async fn me(CallerOf(caller): CallerOf) -> Json<Me> {
    Json(Me { tenant: caller.tenant, actor: caller.actor, abilities: caller.abilities })
}

async fn list_tenants(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<Tenant>>, Problem> {
    let page = params.page("tenants")?;
    let mut tenants = app.tenants(&caller).await?;
    tenants.sort_by(|a, b| a.id.cmp(&b.id));
    tenants.retain(|tenant| page.after.as_deref().is_none_or(|after| tenant.id.as_str() > after));
    Ok(Json(page.of(tenants, |tenant| tenant.id.0.clone())))
}

async fn create_tenant(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Tenant>), Problem> {
    let new: NewTenant = input::json(&app, &headers, body).await?;
    Ok((StatusCode::CREATED, Json(app.create_tenant(&caller, new).await?)))
}

async fn create_tenant_credential(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<CreatedCredential>), Problem> {
    let new: NewCredential = input::json(&app, &headers, body).await?;
    let made = app.create_tenant_credential(&caller, &tenant, new).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn list_credentials(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<CredentialView>>, Problem> {
    let page = params.page("credentials")?;
    let found = app.credentials(&caller, page.after.as_deref(), page.fetch()).await?;
    Ok(Json(page.of(found, |it| it.id.0.clone())))
}

async fn create_credential(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<CreatedCredential>), Problem> {
    let new: NewCredential = input::json(&app, &headers, body).await?;
    Ok((StatusCode::CREATED, Json(app.create_credential(&caller, new).await?)))
}

async fn revoke_credential(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.revoke_credential(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn audit(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<AuditPage>, Problem> {
    let after = params.number("after", 0, 0..=i64::MAX)?;
    let items = app.audit_page(&caller, after, params.limit()?).await?;
    let last_n = items.last().map_or(after, |last| last.n);
    Ok(Json(AuditPage { items, last_n }))
}

async fn verify(State(app): State<App>, CallerOf(caller): CallerOf) -> Result<Json<Verdict>, Problem> {
    let fault = app.audit_verify(&caller).await?.map(|fault| match fault {
        AuditFault::Missing(n) => Fault { kind: FaultKind::Missing, n },
        AuditFault::Altered(n) => Fault { kind: FaultKind::Altered, n },
        AuditFault::CutShort(n) => Fault { kind: FaultKind::CutShort, n },
    });
    Ok(Json(Verdict { intact: fault.is_none(), fault }))
}

async fn jobs(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<Job>>, Problem> {
    let page = params.page("jobs")?;
    let found = app.jobs(&caller, page.after.as_deref(), page.fetch()).await?;
    Ok(Json(page.of(found, |job| job.id.clone())))
}

async fn retry(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if id.contains('\0') || !app.retry_job(&caller, &id).await? {
        let detail = format!("no job `{}` was put aside", id.replace('\0', "\u{fffd}"));
        return Err(Problem::new(problem::NOT_FOUND, detail));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn progress(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
) -> Result<Json<TopicProgress>, Problem> {
    Ok(Json(app.topic_progress(&caller).await?))
}

/// What an organisation has chosen for itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Settings")]
struct SettingsBody {
    /// The time zone of reports, an IANA name such as `Europe/Berlin`; `UTC` at first.
    time_zone: String,
}

fn settings<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        Operation::get("get_settings", "/settings")
            .tag("settings")
            .summary("What the organisation has chosen for itself")
            .needs(&[Ability::ReadDirectory])
            .answer_json::<SettingsBody>(200, "The settings."),
        get_settings,
    );
    mount.add(
        input::bounded_by_us(Operation::put("put_settings", "/settings"))
            .tag("settings")
            .summary("Choose something for the organisation")
            .needs(&[Ability::Administer])
            .body_json::<SettingsBody>()
            .answer_json::<SettingsBody>(200, "The settings as they are now.")
            .answer_error(422),
        put_settings,
    );
}

async fn get_settings(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
) -> Result<Json<SettingsBody>, Problem> {
    Ok(Json(SettingsBody { time_zone: app.time_zone(&caller).await? }))
}

async fn put_settings(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SettingsBody>, Problem> {
    let settings: SettingsBody = input::json(&app, &headers, body).await?;
    app.set_time_zone(&caller, &settings.time_zone).await?;
    Ok(Json(settings))
}
