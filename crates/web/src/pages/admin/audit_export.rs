//! The audit trail as a file: JSON lines that keep every byte, or CSV for a spreadsheet.

use super::audit::Asked;
use crate::{
    Web, csv,
    error::{Answer, PageError},
    texts,
    visit::Visit,
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use touchline_app::{App, AppError, audit::AuditSearch, store::AuditEntry};
use touchline_http::{NDJSON, Query, stream_ndjson};
use touchline_model::Caller;

/// Entries read at once.
const CHUNK: usize = 1_000;
const HEAD: &str = "n,at,actor,source,action,object,detail,hash\r\n";

/// Every entry that a search finds, in chunks, by number.
fn entries(
    app: App,
    caller: Caller,
    search: AuditSearch,
) -> impl Stream<Item = Result<Vec<AuditEntry>, AppError>> + Send + 'static {
    stream::try_unfold(Some(search), move |search| {
        let (app, caller) = (app.clone(), caller.clone());
        async move {
            let Some(search) = search else { return Ok(None) };
            let found = app.audit_find(&caller, &search, CHUNK).await?;
            let next = found.next.map(|n| AuditSearch { beyond: Some(n), ..search });
            Ok(Some((found.entries, next)))
        }
    })
}

pub(super) async fn export(State(web): State<Web>, visit: Visit, RawQuery(raw): RawQuery) -> Answer {
    let query = Query::parse(raw.as_deref())?;
    let format = query.one("format")?.unwrap_or("ndjson").to_owned();
    if !["csv", "ndjson"].contains(&format.as_str()) {
        return Err(PageError::new(StatusCode::BAD_REQUEST, texts::t("admin_audit.no_format")));
    }
    let asked = Asked::read(&query)?;
    let search = AuditSearch { oldest_first: true, ..asked.search(&web, &visit).await? };
    web.app.audit_export(&visit.caller, &asked.address(&format, ("", ""))).await?;
    let rows = entries(web.app.clone(), visit.caller.clone(), search);
    if format == "csv" {
        return Ok(as_csv(rows));
    }
    let mut response = stream_ndjson(NDJSON, rows).await?;
    let headers = response.headers_mut();
    let name = HeaderValue::from_static("attachment; filename=\"audit.ndjson\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn as_csv(rows: impl Stream<Item = Result<Vec<AuditEntry>, AppError>> + Send + 'static) -> Response {
    let lines = rows.map_ok(|entries| entries.iter().map(line).collect::<String>());
    let text = stream::once(async { Ok(HEAD.to_owned()) }).chain(lines);
    csv::attached("audit.csv", Body::from_stream(text))
}

/// An entry as a line of CSV (RFC 4180).
fn line(it: &AuditEntry) -> String {
    let (n, at) = (it.n.to_string(), it.at.to_string());
    let cells = [&n, &at, &it.actor, &it.source, &it.action, &it.object, &it.detail, &it.hash];
    let cells: Vec<String> = cells.into_iter().map(|it| csv::cell(it)).collect();
    format!("{}\r\n", cells.join(","))
}
