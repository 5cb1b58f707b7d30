//! The OpenAPI 3.1 document, and the operation that serves it.

use crate::{Problem, mount::Mount, problem::PROBLEM_JSON, resources::ReportLine};
use axum::{
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::LazyLock;
use touchline_http::{DocInfo, ErrorDoc, Gate, Operation, Security};

const ABOUT: &str = "Everything that Touchline keeps, to write and to read, and a feed of every change.\n\n\
     Show a bearer token. Errors are RFC 9457 problems. Lists are pages: give `next_cursor` back as `cursor`. Unknown \
     query parameters and unknown fields are refused. Times are RFC 3339 with a zone; lengths are seconds.";

pub(crate) fn info() -> DocInfo {
    let error = ErrorDoc::of::<Problem>(PROBLEM_JSON);
    DocInfo::new("Touchline native API", "1", ABOUT, Security::Bearer, error)
        .always_error(400, "The request is malformed; `field` says where, if it is one field or parameter.")
        .always_error(507, "The disk is full: nothing was changed. Reading what was said needs room too, for the audit trail.")
        .always_error(503, "The database is not available at the moment.")
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    mount.add(
        Operation::get("get_openapi", "/openapi.json")
            .tag("document")
            .summary("This document")
            .public()
            .answer_error(400)
            // Mentioned here, so that its schema is among the components.
            .answer_ndjson::<ReportLine>(200, "OpenAPI 3.1."),
        serve,
    );
}

async fn serve() -> Response {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(crate::document().to_string()));
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    (headers, TEXT.clone()).into_response()
}

/// Adds what the list of operations cannot say: bodies and answers with several content types.
pub(crate) fn complete(mut document: Value) -> Value {
    let own = &mut document["paths"][format!("{}/openapi.json", crate::PREFIX)]["get"]["responses"]["200"];
    let report = own["content"]["application/x-ndjson"].take();
    own["content"] = json!({ "application/json": { "schema": { "type": "object" } } });
    let lines = |item: &Value| {
        let schema = json!({ "type": "string", "description": "JSON values, one per line" });
        json!({ "schema": schema, "x-item-schema": item })
    };
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.filter_map(|(_, methods)| methods.as_object_mut()).flat_map(|it| it.values_mut()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        match id.as_str() {
            "create_tenant"
            | "create_credential"
            | "create_tenant_credential"
            | "create_webhook"
            | "create_export_schedule" => {}
            "upload_audio" => {
                let content = &mut operation["requestBody"]["content"];
                content["audio/*"] = json!({});
                content["application/octet-stream"] = json!({});
            }
            "list_changes" => {
                let content = &mut operation["responses"]["200"]["content"];
                content["application/x-ndjson"] = lines(&json!({ "$ref": "#/components/schemas/ChangeRow" }));
            }
            id if id.starts_with("report_") => {
                let answer = &mut operation["responses"]["200"];
                answer["content"]["text/csv"] = json!({ "schema": { "type": "string" } });
                let horizon = json!({ "type": "string", "format": "date-time" });
                answer["headers"] = json!({ "Touchline-Horizon": {
                    "description": "As of when the rows show the world.", "schema": horizon } });
            }
            "patch_metadata" => {
                let content = &mut operation["requestBody"]["content"];
                content["application/merge-patch+json"] = content["application/json"].clone();
            }
            id if id.starts_with("create_") => {
                let content = &mut operation["requestBody"]["content"];
                content["application/x-ndjson"] = lines(&content["application/json"]["schema"]);
                operation["responses"]["200"]["content"]["application/x-ndjson"] = report.clone();
            }
            _ => {}
        }
    }
    document
}
