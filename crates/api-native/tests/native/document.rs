//! The OpenAPI document says what the server does.

use crate::world::World;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_is_served_and_whole() {
    let world = World::sqlite().await;
    let served = reqwest::get(world.url("/openapi.json")).await.unwrap();
    assert_eq!(served.headers()["content-type"], "application/json");
    let served: Value = served.json().await.unwrap();
    assert_eq!(served, touchline_api_native::document());
    assert_eq!(served["openapi"], "3.1.0");
    assert_eq!(served["components"]["securitySchemes"]["credential"]["scheme"], "bearer");

    // Every operation that is routed is described, and nothing else is.
    let routes = touchline_api_native::routes(world.app.clone());
    let mut described = 0;
    for methods in served["paths"].as_object().unwrap().values() {
        described += methods.as_object().unwrap().len();
    }
    assert_eq!(described, routes.operations().len());
    for operation in routes.operations() {
        let path = format!("{}{}", touchline_api_native::PREFIX, operation.path);
        let it = &served["paths"][&path][operation.method.as_str().to_ascii_lowercase()];
        assert_eq!(it["operationId"], operation.id);
        assert!(it["summary"].as_str().is_some_and(|text| !text.is_empty()), "{}", operation.id);
    }
    let mut links = vec![];
    collect(&served, &mut links);
    assert!(links.len() > 100);
    for link in links {
        let at = link.strip_prefix('#').unwrap();
        assert!(served.pointer(at).is_some(), "{link} leads nowhere");
    }
    // Several content types of one body.
    let create = &served["paths"]["/api/touchline/v1/contacts"]["post"];
    for content_type in ["application/json", "application/x-ndjson"] {
        assert!(create["requestBody"]["content"][content_type].is_object(), "{content_type}");
        assert!(create["responses"]["200"]["content"][content_type].is_object(), "{content_type}");
    }
    let report = &create["responses"]["200"]["content"]["application/x-ndjson"]["x-item-schema"];
    assert!(report["$ref"].as_str().unwrap().ends_with("/ReportLine"), "{report}");
    let changes = &served["paths"]["/api/touchline/v1/changes"]["get"]["responses"]["200"]["content"];
    assert!(changes["application/x-ndjson"]["x-item-schema"]["$ref"].is_string());
}

fn collect(value: &Value, links: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(link)) = map.get("$ref") {
                links.push(link.clone());
            }
            map.values().for_each(|value| collect(value, links));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, links)),
        _ => {}
    }
}
