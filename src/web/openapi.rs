//! The API's description, made from the table of routes. The schemas are written by hand beside it, since the types they
//! describe belong to packages that know no web; a test holds them against what those types write.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Components, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApiBuilder, RefOr, Required, ResponseBuilder};

use super::App;
use super::input::{MOST_ROWS, ROWS};
use super::routes::{Answers, Group, Route, Takes, table};

const SCHEMAS: &str = include_str!("schemas.json");

pub(super) async fn get(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], app.document.to_string()).into_response()
}

/// The document, as served.
pub(super) fn document() -> String {
    let mut paths = PathsBuilder::new();
    for route in table().iter().filter(|route| route.group == Group::Api) {
        let method = if route.method == "POST" { HttpMethod::Post } else { HttpMethod::Get };
        paths = paths.path(route.path, PathItem::new(method, operation(route)));
    }
    let info = InfoBuilder::new()
        .title("Portico")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Checkout at the exit gate. Times are RFC 3339 in UTC, money is integer minor units, GTINs have 14 digits. \
             Lists go by cursors: `next` of an answer is `after` of the next request. Errors are problem details (RFC 9457).",
        ))
        .build();
    let mut components = Components::new();
    match serde_json::from_str::<std::collections::BTreeMap<String, RefOr<Schema>>>(SCHEMAS) {
        Ok(schemas) => components.schemas.extend(schemas),
        Err(error) => tracing::error!(%error, "the API's schemas could not be read"),
    }
    let document = OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build();
    document.to_pretty_json().unwrap_or_else(|error| {
        tracing::error!(%error, "the API's description could not be written");
        "{}".into()
    })
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(route)))
        .summary(Some(route.about))
        .response("200", answer(route))
        .response(
            "default",
            content("What is wrong and what would be right.", "application/problem+json", of("Problem")),
        );
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let text = ObjectBuilder::new().schema_type(Type::String);
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(text)),
        );
    }
    let mut query: Vec<(&str, String)> = Vec::new();
    if matches!(route.answers, Answers::Rows(..)) {
        query.push(("after", "`next` of the answer before".into()));
        query.push(("limit", format!("rows at most, 1 to {MOST_ROWS}; {ROWS} when left out")));
    }
    query.extend(route.query.iter().map(|(name, about)| (*name, (*about).to_owned())));
    for (name, about) in query {
        let kind = if name == "limit" { Type::Integer } else { Type::String };
        operation = operation.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(about))
                .schema(Some(ObjectBuilder::new().schema_type(kind))),
        );
    }
    let body = match route.takes {
        Takes::Json(schema) => Some(("application/json", of(schema))),
        Takes::Ndjson => {
            Some(("application/x-ndjson", ObjectBuilder::new().schema_type(Type::String).into()))
        }
        Takes::Nothing | Takes::Form => None,
    };
    if let Some((kind, schema)) = body {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new().content(kind, content).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let roles: Vec<_> = route.roles.iter().map(|role| role.word()).collect();
    let mut extensions = utoipa::openapi::extensions::Extensions::default();
    extensions.insert("x-roles".into(), json!(roles));
    operation.extensions(Some(extensions)).build()
}

/// `get_receipts_id` of `GET /api/v1/receipts/{id}`.
fn operation_id(route: &Route) -> String {
    let words =
        route.path.trim_start_matches("/api/v1").split(['/', '{', '}', '.']).filter(|word| !word.is_empty());
    std::iter::once(route.method.to_ascii_lowercase())
        .chain(words.map(str::to_owned))
        .collect::<Vec<_>>()
        .join("_")
}

fn of(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

fn content(about: &str, kind: &str, schema: RefOr<Schema>) -> utoipa::openapi::Response {
    ResponseBuilder::new()
        .description(about)
        .content(kind, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

fn answer(route: &Route) -> utoipa::openapi::Response {
    let text = || ObjectBuilder::new().schema_type(Type::String).into();
    match route.answers {
        Answers::Json(schema) => content("As asked.", "application/json", of(schema)),
        Answers::Rows(name, schema) => {
            let rows = utoipa::openapi::schema::ArrayBuilder::new().items(of(schema));
            let next: Value = json!({"type": ["string", "null"], "description": "`after` of the next request; null at the end"});
            let next = serde_json::from_value::<Schema>(next).map_or_else(|_| text(), RefOr::T);
            let page = ObjectBuilder::new()
                .property(name, rows)
                .property("next", next)
                .required(name)
                .required("next");
            content("Rows, and where they go on.", "application/json", page.into())
        }
        Answers::Events => content("Events, for as long as the client listens.", "text/event-stream", text()),
        Answers::Text(kind) => content("As asked.", kind, text()),
    }
}
