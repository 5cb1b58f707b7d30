//! The OpenAPI document says what the routes are.

use crate::world::both;
use touchline_api_gladly::{GladlyConfig, document};

const OPERATIONS: [(&str, &str); 10] = [
    ("post", "/reports/work-session-events"),
    ("post", "/reports"),
    ("get", "/conversations/{conversationId}"),
    ("get", "/customers/{customerId}/conversations"),
    ("get", "/agents"),
    ("get", "/agents/{agentId}"),
    ("get", "/inboxes"),
    ("get", "/inboxes/{inboxId}"),
    ("get", "/teams"),
    ("get", "/teams/{teamId}"),
];

// covers(gladly): S2.2, S3.1, S3.3, S7.1
#[tokio::test]
async fn the_document_has_the_ten_operations_with_their_bodies() {
    both(async |world| {
        let document = document(world.app.clone(), &GladlyConfig::default());
        let paths = document["paths"].as_object().unwrap();
        let count: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
        assert_eq!(count, OPERATIONS.len());
        for (method, path) in OPERATIONS {
            let operation = &document["paths"][format!("/api/v1{path}")][method];
            for status in ["200", "401", "403", "429"] {
                assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
            }
        }
        let fields = |schema: &str| -> Vec<String> {
            let schema = &document["components"]["schemas"][schema]["properties"];
            schema.as_object().unwrap_or_else(|| panic!("{document}")).keys().cloned().collect()
        };
        let mut report = fields("ReportRequest");
        report.sort();
        let expected = [
            "aggregationLevel",
            "endAt",
            "endAtTime",
            "filters",
            "metricSet",
            "startAt",
            "startAtTime",
            "timezone",
        ];
        assert_eq!(report, expected);
        assert_eq!(fields("WorkSessionEventsRequest").len(), 2);
        assert!(fields("Conversation").contains(&"customAttributes".to_owned()));
        assert_eq!(document["components"]["securitySchemes"]["credential"]["scheme"], "basic");
    })
    .await;
}
