//! Errors as problem details (RFC 9457). The title is the status's own phrase, as §4.2.1 asks of `about:blank`; the
//! detail says what is wrong and what would be right.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request was not answered as hoped.
#[derive(Debug)]
pub(super) struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem { status, detail: detail.into() }
    }

    /// 400.
    pub(super) fn wrong(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 404: there is no such `kind` of that name.
    pub(super) fn unknown(kind: &str, name: &str) -> Problem {
        let name: String = name.chars().take(80).collect();
        Problem::new(StatusCode::NOT_FOUND, format!("there is no {kind} `{name}` in this store"))
    }
}

impl From<crate::store::Stopping> for Problem {
    fn from(stopping: crate::store::Stopping) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, stopping.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = serde_json::json!({
            "type": "about:blank",
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
    }
}
