//! The OpenAPI 3.1 document of a dialect, made from the operations that are routed.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::gate::Policy;
use crate::operation::{AnswerDoc, Content, Operation, Param, Place, SchemaOf};

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// HTTP Basic.
    Basic,
    /// A bearer token.
    Bearer,
}

/// The one error body of a dialect.
#[derive(Clone, Copy, Debug)]
pub struct ErrorDoc {
    /// Its content type.
    pub content_type: &'static str,
    /// Its schema.
    pub schema: SchemaOf,
}

impl ErrorDoc {
    /// The error body `T` with this content type.
    pub fn of<T: JsonSchema>(content_type: &'static str) -> Self {
        Self { content_type, schema: SchemaGenerator::subschema_for::<T> }
    }
}

/// What the document says about the dialect as a whole.
#[derive(Clone, Debug)]
pub struct DocInfo {
    /// Title.
    pub title: &'static str,
    /// Version of the API, not of the program.
    pub version: &'static str,
    /// Description, CommonMark.
    pub description: &'static str,
    /// How callers prove who they are.
    pub security: Security,
    /// The error body.
    pub error: ErrorDoc,
    /// Answers that the gate gives on every operation that is not public, such as 429 or 504.
    pub always: Vec<AnswerDoc>,
}

impl DocInfo {
    /// Without answers of the gate; add them with [`DocInfo::always_error`].
    pub fn new(
        title: &'static str,
        version: &'static str,
        description: &'static str,
        security: Security,
        error: ErrorDoc,
    ) -> Self {
        Self { title, version, description, security, error, always: Vec::new() }
    }
    /// An error that the gate can give on every operation that is not public.
    pub fn always_error(mut self, status: u16, description: &'static str) -> Self {
        self.always.push(AnswerDoc { status, content: Content::Error, description });
        self
    }
}

const SECURITY_NAME: &str = "credential";

pub(crate) fn build(prefix: &str, info: &DocInfo, operations: &[Operation]) -> Value {
    let settings =
        || SchemaSettings::draft2020_12().with(|it| it.definitions_path = "/components/schemas".into());
    let mut writer = Writer {
        info,
        incoming: settings().for_deserialize().into_generator(),
        outgoing: settings().for_serialize().into_generator(),
        responses: BTreeMap::new(),
    };

    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = format!("{prefix}{}", operation.path).replace("{*", "{");
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        entry[operation.method.as_str().to_ascii_lowercase()] = writer.operation(operation);
    }
    // No operation answers 405 (it belongs to the methods that are not listed), but clients meet it.
    writer.error_response(405, "");

    let mut incoming = writer.incoming.take_definitions(true);
    let mut outgoing = writer.outgoing.take_definitions(true);
    let mut paths = Value::Object(paths);
    separate(&mut incoming, &mut outgoing, &mut paths);
    outgoing.extend(incoming);

    let scheme = match info.security {
        Security::Basic => json!({ "type": "http", "scheme": "basic" }),
        Security::Bearer => json!({ "type": "http", "scheme": "bearer" }),
    };
    json!({
        "openapi": "3.1.0",
        "info": { "title": info.title, "version": info.version, "description": info.description },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{ SECURITY_NAME: [] }],
        "paths": paths,
        "components": {
            "schemas": outgoing,
            "responses": writer.responses,
            "securitySchemes": { SECURITY_NAME: scheme },
        },
    })
}

struct Writer<'a> {
    info: &'a DocInfo,
    incoming: SchemaGenerator,
    outgoing: SchemaGenerator,
    responses: BTreeMap<String, Value>,
}

impl Writer<'_> {
    fn operation(&mut self, operation: &Operation) -> Value {
        let mut out = json!({
            "operationId": operation.id,
            "summary": operation.summary,
            "responses": self.responses_of(operation),
        });
        if !operation.tag.is_empty() {
            out["tags"] = json!([operation.tag]);
        }
        if !operation.description.is_empty() {
            out["description"] = operation.description.into();
        }
        match operation.policy {
            Policy::Public => out["security"] = json!([]),
            Policy::Anyone => {}
            Policy::Needs(abilities) => {
                out["x-abilities"] = abilities.iter().map(|ability| ability.name()).collect();
            }
        }
        let params: Vec<Value> = operation
            .params
            .iter()
            .filter(|param| param.place != Place::Part)
            .map(|param| self.param(param))
            .collect();
        if !params.is_empty() {
            out["parameters"] = params.into();
        }
        if let Some(body) = &operation.body {
            let mut content = content(&mut self.incoming, self.info, body.content, &operation.params);
            if let (Some(max), Some(kinds)) = (body.max_bytes, content.as_object_mut()) {
                kinds.values_mut().for_each(|kind| kind["x-max-bytes"] = max.into());
            }
            let mut request = json!({ "required": true, "content": content });
            if !body.description.is_empty() {
                request["description"] = body.description.into();
            }
            out["requestBody"] = request;
        }
        out
    }

    fn param(&mut self, param: &Param) -> Value {
        json!({
            "name": param.name,
            "in": match param.place {
                Place::Path => "path",
                Place::Header => "header",
                Place::Query | Place::Part => "query",
            },
            "required": param.required,
            "description": param.description,
            "schema": param.shape.schema(&mut self.incoming),
        })
    }

    /// The answers given by hand, and those that follow from policy, parameters and body.
    fn responses_of(&mut self, operation: &Operation) -> Value {
        let mut answers: BTreeMap<u16, AnswerDoc> = BTreeMap::new();
        for status in implied(operation) {
            answers.insert(status, AnswerDoc { status, content: Content::Error, description: "" });
        }
        if operation.policy != Policy::Public {
            answers.extend(self.info.always.iter().map(|answer| (answer.status, answer.clone())));
        }
        answers.extend(operation.answers.iter().map(|answer| (answer.status, answer.clone())));
        let out: Map<String, Value> =
            answers.into_values().map(|answer| (answer.status.to_string(), self.response(&answer))).collect();
        Value::Object(out)
    }

    fn response(&mut self, answer: &AnswerDoc) -> Value {
        if let Content::Error = answer.content {
            return self.error_response(answer.status, answer.description);
        }
        let mut out = json!({ "description": described(answer.status, answer.description) });
        let content = content(&mut self.outgoing, self.info, answer.content, &[]);
        if content.as_object().is_some_and(|kinds| !kinds.is_empty()) {
            out["content"] = content;
        }
        out
    }

    /// Errors described by their status alone are shared under `components/responses`.
    fn error_response(&mut self, status: u16, description: &'static str) -> Value {
        let content = content(&mut self.outgoing, self.info, Content::Error, &[]);
        let full = json!({ "description": described(status, description), "content": content });
        if !description.is_empty() {
            return full;
        }
        let name = format!("Error{status}");
        let link = json!({ "$ref": format!("#/components/responses/{name}") });
        self.responses.insert(name, full);
        link
    }
}

fn described(status: u16, description: &str) -> String {
    if !description.is_empty() {
        return description.to_owned();
    }
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.unwrap_or("See the status").to_owned()
}

/// Statuses that an operation can answer although nobody wrote them down.
fn implied(operation: &Operation) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::from([500]);
    match operation.policy {
        Policy::Public => {}
        Policy::Anyone => statuses.extend([401]),
        Policy::Needs(_) => statuses.extend([401, 403]),
    }
    if operation.params.iter().any(|param| param.place == Place::Path) {
        statuses.insert(404);
    }
    if operation.params.iter().any(|param| param.place == Place::Query) {
        statuses.insert(400);
    }
    if let Some(body) = &operation.body {
        statuses.extend([400, 415]);
        if body.max_bytes.is_some() {
            statuses.insert(413);
        }
    }
    statuses
}

fn content(generator: &mut SchemaGenerator, info: &DocInfo, content: Content, params: &[Param]) -> Value {
    match content {
        Content::Empty => json!({}),
        Content::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
        Content::Error => json!({ info.error.content_type: { "schema": (info.error.schema)(generator) } }),
        Content::Binary(content_type) => json!({ content_type: {} }),
        // OpenAPI 3.1 cannot describe a sequence of lines; 3.2's `itemSchema` travels as an extension.
        Content::Ndjson(schema) => json!({ "application/x-ndjson": {
            "schema": { "type": "string", "description": "JSON values, one per line" },
            "x-item-schema": schema(generator),
        } }),
        Content::Multipart => {
            let parts = params.iter().filter(|param| param.place == Place::Part);
            let mut properties = Map::new();
            let mut required: Vec<&str> = Vec::new();
            for part in parts {
                let mut schema: Schema = part.shape.schema(generator);
                schema.insert("description".into(), part.description.into());
                properties.insert(part.name.into(), schema.to_value());
                if part.required {
                    required.push(part.name);
                }
            }
            let mut schema = json!({ "type": "object", "properties": properties });
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            json!({ "multipart/form-data": { "schema": schema } })
        }
    }
}

const SCHEMAS: &str = "#/components/schemas/";

/// One type may look different going in (defaults make fields optional) and coming out. Where it does, the
/// incoming shape gets a name of its own; a shape that holds a differing one differs too.
fn separate(incoming: &mut Map<String, Value>, outgoing: &mut Map<String, Value>, paths: &mut Value) {
    let mut differing: BTreeSet<String> = incoming
        .iter()
        .filter(|(name, schema)| outgoing.get(*name).is_some_and(|other| other != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let more: Vec<String> = incoming
            .iter()
            .filter(|(name, schema)| {
                !differing.contains(*name)
                    && outgoing.contains_key(*name)
                    && differing.iter().any(|other| refers_to(schema, other))
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        differing.extend(more);
    }
    let renamed: BTreeMap<String, String> = differing
        .into_iter()
        .map(|name| {
            let mut new = format!("{name}Input");
            while incoming.contains_key(&new) || outgoing.contains_key(&new) {
                new.push('_');
            }
            (format!("{SCHEMAS}{name}"), format!("{SCHEMAS}{new}"))
        })
        .collect();
    for schema in incoming.values_mut() {
        rename(schema, &renamed);
    }
    for (old, new) in &renamed {
        if let Some(schema) = incoming.remove(&old[SCHEMAS.len()..]) {
            incoming.insert(new[SCHEMAS.len()..].to_owned(), schema);
        }
    }
    let operations = paths.as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in operations.filter_map(Value::as_object_mut).flat_map(|methods| methods.values_mut()) {
        for part in ["parameters", "requestBody"] {
            if let Some(part) = operation.get_mut(part) {
                rename(part, &renamed);
            }
        }
    }
}

fn refers_to(schema: &Value, name: &str) -> bool {
    match schema {
        Value::Object(map) => {
            map.get("$ref").and_then(Value::as_str).and_then(|link| link.strip_prefix(SCHEMAS)) == Some(name)
                || map.values().any(|value| refers_to(value, name))
        }
        Value::Array(list) => list.iter().any(|value| refers_to(value, name)),
        _ => false,
    }
}

fn rename(schema: &mut Value, renamed: &BTreeMap<String, String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(link)) = map.get_mut("$ref")
                && let Some(new) = renamed.get(link)
            {
                link.clone_from(new);
            }
            map.values_mut().for_each(|value| rename(value, renamed));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, renamed)),
        _ => {}
    }
}
