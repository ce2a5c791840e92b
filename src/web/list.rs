//! `GET` of what was committed: receipts, passages, pieces, and what a line or passage rests on. Lists go by cursors.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use recording::{Name, PieceState};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::App;
use super::input::{Asked, Page, short};
use super::problem::Problem;
use crate::db::{DbError, Order, StockFilter};

impl From<DbError> for Problem {
    fn from(error: DbError) -> Problem {
        // What exactly is for the log; a client can do nothing about it.
        tracing::error!(%error, "the database did not answer");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the database did not answer; the store's log says why",
        )
    }
}

/// Rows under the list's own name, and `next` for the rows after them.
fn rows<T: Serialize>(name: &str, rows: &[T], next: Option<String>) -> Response {
    Json(json!({ name: rows, "next": next })).into_response()
}

/// Which end of a list comes first.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Ordered {
    order: Option<String>,
}

impl Ordered {
    fn order(&self) -> Result<Order, Problem> {
        match self.order.as_deref() {
            None | Some("oldest") => Ok(Order::OldestFirst),
            Some("newest") => Ok(Order::NewestFirst),
            Some(other) => {
                Err(Problem::wrong(format!("order `{}`: `oldest` or `newest` is needed", short(other))))
            }
        }
    }
}

pub(super) async fn receipts(
    State(app): State<App>,
    Asked(page): Asked<Page>,
    Asked(ordered): Asked<Ordered>,
) -> Result<Response, Problem> {
    let found = app.handle.db().receipts(ordered.order()?, page.after()?, page.limit()?).await?;
    Ok(rows("receipts", &found.rows, found.next.map(|next| next.to_string())))
}

pub(super) async fn receipt(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = app.handle.db().receipt(&id).await?.ok_or_else(|| Problem::unknown("receipt", &id))?;
    Ok(Json(found).into_response())
}

pub(super) async fn passages(
    State(app): State<App>,
    Asked(page): Asked<Page>,
    Asked(ordered): Asked<Ordered>,
) -> Result<Response, Problem> {
    let found = app.handle.db().passages(ordered.order()?, page.after()?, page.limit()?).await?;
    Ok(rows("passages", &found.rows, found.next.map(|next| next.to_string())))
}

pub(super) async fn passage(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = app.handle.db().passage(&id).await?.ok_or_else(|| Problem::unknown("passage", &id))?;
    Ok(Json(found).into_response())
}

pub(super) async fn alerts(
    State(app): State<App>,
    Asked(page): Asked<Page>,
    Asked(ordered): Asked<Ordered>,
) -> Result<Response, Problem> {
    let found = app.handle.db().alerts(ordered.order()?, page.after()?, page.limit()?).await?;
    Ok(rows("alerts", &found.rows, found.next.map(|next| next.to_string())))
}

/// Which pieces.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pieces {
    zone: Option<Name>,
    state: Option<String>,
}

pub(super) async fn items(
    State(app): State<App>,
    Asked(page): Asked<Page>,
    Asked(which): Asked<Pieces>,
) -> Result<Response, Problem> {
    let state = which.state.map(|text| {
        serde_json::from_value::<PieceState>(text.as_str().into()).map_err(|_| {
            Problem::wrong(format!(
                "state `{}`: in_stock, sold, returned, display or missing is needed",
                short(&text)
            ))
        })
    });
    let filter = StockFilter { zone: which.zone, state: state.transpose()? };
    let after = page.after.as_deref().map(|after| {
        after.split_once('/').ok_or_else(|| {
            Problem::wrong(format!("after `{}`: the `next` of the answer before is needed", short(after)))
        })
    });
    let found = app.handle.db().items(&filter, after.transpose()?, page.limit()?).await?;
    Ok(rows("items", &found.rows, found.next.map(|(gtin, serial)| format!("{gtin}/{serial}"))))
}

pub(super) async fn item(
    State(app): State<App>,
    Path((gtin, serial)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let found = app.handle.db().item(&gtin, &serial).await?;
    let found = found.ok_or_else(|| Problem::unknown("piece", &format!("{gtin}/{serial}")))?;
    Ok(Json(found).into_response())
}

pub(super) async fn evidence_of_line(
    State(app): State<App>,
    Path((receipt, line)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let number = line.parse().map_err(|_| {
        Problem::wrong(format!("line `{}`: a line's number on the receipt, from 1, is needed", short(&line)))
    })?;
    let found = app.handle.db().evidence_of_line(&receipt, number).await?;
    if found.is_empty() {
        return Err(match app.handle.db().receipt(&receipt).await? {
            None => Problem::unknown("receipt", &receipt),
            Some(_) => Problem::unknown("line", &line),
        });
    }
    Ok(Json(json!({ "receipt": receipt, "line": number, "evidence": found })).into_response())
}

pub(super) async fn evidence_of_passage(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = app.handle.db().evidence_of_passage(&id).await?;
    // A passage that still goes on may have evidence before it is itself a fact.
    if found.is_empty() && app.handle.db().passage(&id).await?.is_none() {
        return Err(Problem::unknown("passage", &id));
    }
    Ok(Json(json!({ "passage": id, "evidence": found })).into_response())
}
