//! One operation of a dialect: where it is, who may use it, what goes in and what comes out.

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use touchline_model::Ability;

use crate::gate::Policy;

/// Makes the JSON Schema of a type; see [`Shape::of`].
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Bytes of a JSON body unless the operation says otherwise: 2 MiB.
const DEFAULT_MAX_BODY: u64 = 2 * 1024 * 1024;

/// What the text of a parameter must look like; for the document only, handlers parse by themselves.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// A whole number, bounds inclusive.
    Integer {
        /// Smallest value.
        min: Option<i64>,
        /// Largest value.
        max: Option<i64>,
    },
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// ISO 8601 time.
    Timestamp,
    /// `YYYY-MM-DD`.
    Date,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Bytes: a file in a multipart body.
    Binary,
    /// The schema of a Rust type.
    Of(SchemaOf),
}

impl Shape {
    /// The schema of a Rust type.
    pub fn of<T: JsonSchema + ?Sized>() -> Self {
        Self::Of(SchemaGenerator::subschema_for::<T>)
    }
    /// A whole number from `min` to `max`, inclusive.
    pub const fn integer(min: i64, max: i64) -> Self {
        Self::Integer { min: Some(min), max: Some(max) }
    }
    pub(crate) fn schema(self, generator: &mut SchemaGenerator) -> Schema {
        match self {
            Self::Text => json_schema!({ "type": "string" }),
            Self::Integer { min, max } => {
                let mut schema = json_schema!({ "type": "integer" });
                if let Some(min) = min {
                    schema.insert("minimum".into(), min.into());
                }
                if let Some(max) = max {
                    schema.insert("maximum".into(), max.into());
                }
                schema
            }
            Self::Number => json_schema!({ "type": "number" }),
            Self::Boolean => json_schema!({ "type": "boolean" }),
            Self::Timestamp => json_schema!({ "type": "string", "format": "date-time" }),
            Self::Date => json_schema!({ "type": "string", "format": "date" }),
            Self::OneOf(words) => json_schema!({ "type": "string", "enum": words }),
            Self::Binary => {
                json_schema!({ "type": "string", "contentMediaType": "application/octet-stream" })
            }
            Self::Of(schema) => schema(generator),
        }
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path, as `{name}`.
    Path,
    /// In the query string.
    Query,
    /// In a header.
    Header,
    /// A part of a multipart body.
    Part,
}

/// A documented parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Exact name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether it must be given.
    pub required: bool,
    /// What it looks like.
    pub shape: Shape,
    /// What it means.
    pub description: &'static str,
}

/// Content of a body or an answer.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// None at all.
    Empty,
    /// `application/json`.
    Json(SchemaOf),
    /// `application/x-ndjson`; the schema is that of one line.
    Ndjson(SchemaOf),
    /// `multipart/form-data`; the parts are parameters with [`Place::Part`].
    Multipart,
    /// Any bytes of this content type, for example `audio/*`.
    Binary(&'static str),
    /// The dialect's error body.
    Error,
}

/// A documented request body.
#[derive(Clone, Debug)]
pub struct BodyDoc {
    /// What it is.
    pub content: Content,
    /// What it means.
    pub description: &'static str,
    /// Largest size in bytes, `None` for no limit; enforced before the handler for declared lengths.
    pub max_bytes: Option<u64>,
}

/// A documented answer.
#[derive(Clone, Debug)]
pub struct AnswerDoc {
    /// HTTP status.
    pub status: u16,
    /// What it is.
    pub content: Content,
    /// What it means; empty for the standard wording of the status.
    pub description: &'static str,
}

/// One operation of a dialect.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Unique within the dialect; the OpenAPI `operationId`.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path without the prefix, parameters as `{id}`.
    pub path: &'static str,
    /// Heading in the reference.
    pub tag: &'static str,
    /// One line.
    pub summary: &'static str,
    /// More than one line; may be empty.
    pub description: &'static str,
    /// Who may use it.
    pub policy: Policy,
    /// Parameters.
    pub params: Vec<Param>,
    /// Request body.
    pub body: Option<BodyDoc>,
    /// Answers; those that follow from policy, parameters and body are added by the document.
    pub answers: Vec<AnswerDoc>,
}

impl Operation {
    /// A new operation that any credential may use.
    pub fn new(method: Method, id: &'static str, path: &'static str) -> Self {
        Self {
            id,
            method,
            path,
            tag: "",
            summary: "",
            description: "",
            policy: Policy::Anyone,
            params: Vec::new(),
            body: None,
            answers: Vec::new(),
        }
    }
    /// `GET`, and `HEAD` with it.
    pub fn get(id: &'static str, path: &'static str) -> Self {
        Self::new(Method::GET, id, path)
    }
    /// `POST`.
    pub fn post(id: &'static str, path: &'static str) -> Self {
        Self::new(Method::POST, id, path)
    }
    /// `PUT`.
    pub fn put(id: &'static str, path: &'static str) -> Self {
        Self::new(Method::PUT, id, path)
    }
    /// `PATCH`.
    pub fn patch(id: &'static str, path: &'static str) -> Self {
        Self::new(Method::PATCH, id, path)
    }
    /// `DELETE`.
    pub fn delete(id: &'static str, path: &'static str) -> Self {
        Self::new(Method::DELETE, id, path)
    }
    /// The heading it stands under.
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }
    /// One line.
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }
    /// More than one line.
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }
    /// Everybody may use it, without credential.
    pub fn public(self) -> Self {
        self.policy(Policy::Public)
    }
    /// Any valid credential may use it (the default).
    pub fn anyone(self) -> Self {
        self.policy(Policy::Anyone)
    }
    /// Only a credential with all of these abilities may use it.
    pub fn needs(self, abilities: &'static [Ability]) -> Self {
        self.policy(Policy::Needs(abilities))
    }
    /// Sets who may use it.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
    /// A query parameter.
    pub fn query(self, name: &'static str, shape: Shape, required: bool, description: &'static str) -> Self {
        self.param(Param { name, place: Place::Query, required, shape, description })
    }
    /// A text in the path.
    pub fn path_param(self, name: &'static str, description: &'static str) -> Self {
        self.param(Param { name, place: Place::Path, required: true, shape: Shape::Text, description })
    }
    /// A header.
    pub fn header(self, name: &'static str, shape: Shape, required: bool, description: &'static str) -> Self {
        self.param(Param { name, place: Place::Header, required, shape, description })
    }
    /// A part of the multipart body.
    pub fn part(self, name: &'static str, shape: Shape, required: bool, description: &'static str) -> Self {
        self.param(Param { name, place: Place::Part, required, shape, description })
    }
    /// Any parameter.
    pub fn param(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }
    /// The query parameters that the operation knows, for [`crate::Query::unknown`].
    pub fn query_names(&self) -> impl Iterator<Item = &'static str> {
        self.params.iter().filter(|param| param.place == Place::Query).map(|param| param.name)
    }

    /// A JSON body of at most 2 MiB.
    pub fn body_json<T: JsonSchema>(self) -> Self {
        self.body(Content::Json(SchemaGenerator::subschema_for::<T>), "", Some(DEFAULT_MAX_BODY))
    }
    /// A body of JSON lines, each a `T`; any size.
    pub fn body_ndjson<T: JsonSchema>(self) -> Self {
        self.body(Content::Ndjson(SchemaGenerator::subschema_for::<T>), "One JSON value per line.", None)
    }
    /// A multipart body; any size unless [`Operation::max_body`] says otherwise.
    pub fn body_multipart(self, description: &'static str) -> Self {
        self.body(Content::Multipart, description, None)
    }
    /// A body of bytes; any size unless [`Operation::max_body`] says otherwise.
    pub fn body_binary(self, content_type: &'static str, description: &'static str) -> Self {
        self.body(Content::Binary(content_type), description, None)
    }
    /// The fields of an HTML form, at most 256 KiB.
    pub fn body_form(self) -> Self {
        self.body(Content::Binary("application/x-www-form-urlencoded"), "", Some(256 * 1024))
    }
    /// The largest body in bytes. A larger `Content-Length` is refused before the handler runs; extractors stop
    /// there; a handler that reads the raw body counts by itself ([`crate::read_json`] does).
    pub fn max_body(mut self, bytes: u64) -> Self {
        if let Some(body) = &mut self.body {
            body.max_bytes = Some(bytes);
        }
        self
    }
    fn body(mut self, content: Content, description: &'static str, max_bytes: Option<u64>) -> Self {
        self.body = Some(BodyDoc { content, description, max_bytes });
        self
    }

    /// A JSON answer.
    pub fn answer_json<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        self.answer(status, Content::Json(SchemaGenerator::subschema_for::<T>), description)
    }
    /// An answer of JSON lines, each a `T`.
    pub fn answer_ndjson<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        self.answer(status, Content::Ndjson(SchemaGenerator::subschema_for::<T>), description)
    }
    /// An answer without body.
    pub fn answer_empty(self, status: u16, description: &'static str) -> Self {
        self.answer(status, Content::Empty, description)
    }
    /// An answer of bytes.
    pub fn answer_binary(self, status: u16, content_type: &'static str, description: &'static str) -> Self {
        self.answer(status, Content::Binary(content_type), description)
    }
    /// The dialect's error body with this status, described by the status alone.
    pub fn answer_error(self, status: u16) -> Self {
        self.answer(status, Content::Error, "")
    }
    /// The dialect's error body with this status, and when it comes.
    pub fn answer_error_when(self, status: u16, description: &'static str) -> Self {
        self.answer(status, Content::Error, description)
    }
    fn answer(mut self, status: u16, content: Content, description: &'static str) -> Self {
        self.answers.push(AnswerDoc { status, content, description });
        self
    }
}
