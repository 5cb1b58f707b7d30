//! The document says what the router does, and every link in it leads somewhere.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use axum::extract::Path;
use common::{TestGate, info};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use touchline_http::{Operation, Routes, Shape};
use touchline_model::Ability;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    name: String,
    /// Optional going in, always there coming out.
    #[serde(default)]
    size: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Basket {
    items: Vec<Item>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Same {
    text: String,
}

fn document() -> Value {
    let mut routes: Routes<_> = Routes::new(TestGate::default(), "/api/t", info());
    routes
        .add(Operation::get("check", "/check").public().answer_empty(200, "Alive."), async || ())
        .add(
            Operation::get("baskets", "/baskets")
                .tag("baskets")
                .needs(&[Ability::ReadContacts])
                .query("limit", Shape::integer(0, 1000), false, "How many.")
                .query("since", Shape::Timestamp, true, "From when.")
                .answer_json::<Vec<Basket>>(200, "The baskets."),
            async || (),
        )
        .add(
            Operation::put("put_basket", "/baskets/{id}")
                .needs(&[Ability::WriteContacts])
                .path_param("id", "Which.")
                .body_json::<Basket>()
                .answer_json::<Basket>(200, "As stored.")
                .answer_error_when(409, "Somebody else was faster."),
            async |_: Path<String>| (),
        )
        .add(
            Operation::get("raw", "/raw/{*path}")
                .path_param("path", "")
                .answer_binary(200, "audio/*", "Sound."),
            async || (),
        )
        .add(
            Operation::post("lines", "/lines").body_ndjson::<Same>().answer_ndjson::<Same>(200, "Reports."),
            async || (),
        )
        .add(
            Operation::post("upload", "/upload")
                .body_multipart("A file.")
                .part("file", Shape::Binary, true, "The file.")
                .part("meta", Shape::of::<Same>(), false, "About it.")
                .answer_empty(204, "Stored."),
            async || (),
        );
    assert_eq!(routes.operations().len(), 6);
    routes.document()
}

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn links<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(link)) = map.get("$ref") {
                out.push(link);
            }
            map.values().for_each(|value| links(value, out));
        }
        Value::Array(list) => list.iter().for_each(|value| links(value, out)),
        _ => {}
    }
}

#[test]
fn every_link_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    links(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for link in found {
        let pointer = link.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{link} leads nowhere");
    }
    assert!(!document.to_string().contains("$defs"));
}

#[test]
fn statuses_follow_from_policy_parameters_and_body() {
    let document = document();
    let paths = &document["paths"];
    assert_eq!(statuses(&paths["/api/t/check"]["get"]), ["200", "500"]);
    assert_eq!(statuses(&paths["/api/t/baskets"]["get"]), ["200", "400", "401", "403", "500", "504"]);
    assert_eq!(
        statuses(&paths["/api/t/baskets/{id}"]["put"]),
        ["200", "400", "401", "403", "404", "409", "413", "415", "500", "504"]
    );
    assert_eq!(statuses(&paths["/api/t/raw/{path}"]["get"]), ["200", "401", "404", "500", "504"]);
    assert_eq!(
        document["components"]["responses"]["Error405"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Oops"
    );
}

#[test]
fn security_and_abilities_follow_from_policy() {
    let document = document();
    let paths = &document["paths"];
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["security"], json!([{ "credential": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["credential"]["scheme"], "bearer");
    assert_eq!(paths["/api/t/check"]["get"]["security"], json!([]));
    assert_eq!(paths["/api/t/baskets"]["get"].get("security"), None);
    assert_eq!(paths["/api/t/baskets"]["get"]["x-abilities"], json!(["read_contacts"]));
}

#[test]
fn parameters_are_described() {
    let document = document();
    let list = &document["paths"]["/api/t/baskets"]["get"]["parameters"];
    assert_eq!(
        list[0],
        json!({ "name": "limit", "in": "query", "required": false, "description": "How many.",
                "schema": { "type": "integer", "minimum": 0, "maximum": 1000 } })
    );
    assert_eq!(list[1]["required"], true);
    let multipart =
        &document["paths"]["/api/t/upload"]["post"]["requestBody"]["content"]["multipart/form-data"];
    assert_eq!(multipart["schema"]["required"], json!(["file"]));
    assert_eq!(multipart["schema"]["properties"]["meta"]["$ref"], "#/components/schemas/Same");
}

/// `Item` differs by direction, so `Basket`, which holds it, does too; `Same` is shared.
#[test]
fn shapes_that_differ_by_direction_have_two_names() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let names: Vec<_> = schemas.keys().map(String::as_str).collect();
    assert_eq!(names, ["Basket", "BasketInput", "Item", "ItemInput", "Oops", "Same"]);
    assert_eq!(schemas["Item"]["required"], json!(["name", "size"]));
    assert_eq!(schemas["ItemInput"]["required"], json!(["name"]));
    assert_eq!(
        schemas["BasketInput"]["properties"]["items"]["items"]["$ref"],
        "#/components/schemas/ItemInput"
    );
    assert_eq!(schemas["Basket"]["properties"]["items"]["items"]["$ref"], "#/components/schemas/Item");
    let put = &document["paths"]["/api/t/baskets/{id}"]["put"];
    let body = &put["requestBody"]["content"]["application/json"];
    assert_eq!(body["schema"]["$ref"], "#/components/schemas/BasketInput");
    assert_eq!(body["x-max-bytes"], 2 * 1024 * 1024);
    let answer = &put["responses"]["200"]["content"]["application/json"];
    assert_eq!(answer["schema"]["$ref"], "#/components/schemas/Basket");
}
