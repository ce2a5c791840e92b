//! What comes in with a request, with errors that say what would be right: bodies within bounds, JSON, forms, cursors.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// How long a whole body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// Rows of one answer where the request does not say, and at most.
pub(super) const ROWS: u32 = 100;
pub(super) const MOST_ROWS: u32 = 500;

/// A body as it came. How long it may be stands in the table of routes.
pub(super) struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, state))
            .await
            .map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 30 s"))?;
        body.map(Body).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is too long: at most 8 MiB of observations, 64 KiB anywhere else",
            ),
            _ => Problem::wrong("the body could not be read to its end"),
        })
    }
}

/// A JSON body. The content type must say so: a form of another site could not.
pub(super) struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        demand(&request, "application/json")?;
        let Body(body) = Body::from_request(request, state).await?;
        serde_json::from_slice(&body)
            .map(Json)
            .map_err(|error| Problem::wrong(format!("the JSON body: {error}")))
    }
}

/// A form's body, as our own pages send it.
pub(super) struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        demand(&request, "application/x-www-form-urlencoded")?;
        axum::Form::<T>::from_request(request, state)
            .await
            .map(|axum::Form(form)| Form(form))
            .map_err(|rejection| Problem::wrong(rejection.body_text()))
    }
}

fn demand(request: &Request, right: &str) -> Result<(), Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if essence.is_some_and(|kind| kind.eq_ignore_ascii_case(right)) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("send the body as Content-Type: {right}")))
}

/// The query of a request, as `T` has it.
pub(super) struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(asked)| Asked(asked))
            .map_err(|rejection| Problem::wrong(rejection.body_text()))
    }
}

/// Which rows: those after a cursor that an earlier answer gave as `next`.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Page {
    /// Where the answer before ended.
    pub after: Option<String>,
    /// Rows at most.
    pub limit: Option<String>,
}

impl Page {
    /// The limit asked for.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = &self.limit else { return Ok(ROWS) };
        text.parse().ok().filter(|limit| (1..=MOST_ROWS).contains(limit)).ok_or_else(|| {
            Problem::wrong(format!("limit `{}`: a number from 1 to {MOST_ROWS} is needed", short(text)))
        })
    }

    /// The cursor asked for.
    pub(super) fn after(&self) -> Result<Option<u64>, Problem> {
        let Some(text) = &self.after else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Problem::wrong(format!("after `{}`: the `next` of the answer before is needed", short(text)))
        })
    }
}

/// Text from outside for a message: not all of it.
pub(super) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
