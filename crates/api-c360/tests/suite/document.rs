//! The OpenAPI document says what the routes are.

use crate::world::both;
use serde_json::Value;
use touchline_api_c360::{C360Config, document, routes};

const OPERATIONS: [(&str, &str); 21] = [
    ("get", "/check"),
    ("get", "/users"),
    ("get", "/teams"),
    ("get", "/departments"),
    ("get", "/calls"),
    ("get", "/calls/deleted"),
    ("get", "/calls/search"),
    ("get", "/call/{id}"),
    ("delete", "/call/{id}"),
    ("get", "/call_topics"),
    ("get", "/listens"),
    ("get", "/scores"),
    ("get", "/scorecard/{id}"),
    ("get", "/topics"),
    ("get", "/feedback"),
    ("get", "/shares"),
    ("get", "/meetings"),
    ("get", "/plans"),
    ("get", "/kpis"),
    ("get", "/kpi/{id}"),
    ("get", "/transcript/{id}"),
];

// covers(c360): S1.4, S3
#[tokio::test]
async fn the_document_has_the_21_operations_with_their_parameters() {
    both(async |world| {
        let document = document(world.app.clone(), C360Config::default());
        let paths = document["paths"].as_object().unwrap();
        let count: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
        assert_eq!(count, 21);
        for (method, path) in OPERATIONS {
            let operation = &document["paths"][format!("/api/ev/2{path}")][method];
            assert!(operation["responses"]["401"].is_object(), "{method} {path}");
            let good = if method == "delete" { "204" } else { "200" };
            assert!(operation["responses"][good].is_object(), "{method} {path}");
        }
        let parameters = |path: &str| -> Vec<String> {
            let list = document["paths"][format!("/api/ev/2{path}")]["get"]["parameters"].as_array().cloned();
            list.unwrap_or_default().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            parameters("/calls"),
            ["since", "limit", "last_id", "include_transcripts", "include_crm_matches", "render_templates"]
        );
        assert_eq!(
            parameters("/call_topics"),
            ["since", "limit", "last_id", "window_length", "minimum_matches"]
        );
        assert_eq!(parameters("/kpis"), ["since", "limit"]);
        let fields = |schema: &str| -> Vec<String> {
            let schema: &Value = &document["components"]["schemas"][schema]["properties"];
            schema.as_object().unwrap_or_else(|| panic!("{document}")).keys().cloned().collect()
        };
        assert!(fields("Call").contains(&"callSummary".to_owned()));
        assert!(
            fields("CallStats").contains(&"longestSegmentDurations".to_owned()),
            "{:?}",
            fields("CallStats")
        );

        let config = C360Config { transcript_endpoint: false, ..C360Config::default() };
        assert_eq!(routes(world.app.clone(), config).operations().len(), 20);
    })
    .await;
}
