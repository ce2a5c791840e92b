//! A shopper's own receipt, found by an unguessable token and by nothing else.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use recording::Name;

use super::kiosk::html;
use super::problem::Problem;
use super::{App, assets, words};

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    store: &'a str,
    css: String,
    icon: String,
    number: Name,
    status: (&'static str, &'static str),
    when: String,
    lines: Vec<LineView>,
    tax: Option<String>,
    total: String,
}

struct LineView {
    name: Name,
    small: String,
    price: String,
}

pub(super) async fn page(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    // The token is a secret: no message repeats it.
    let found = app.handle.db().receipt_by_token(&token).await?.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "there is no receipt here; check that the whole address was copied",
        )
    })?;
    let currency = &*found.currency;
    let line = |line: &recording::ReceiptLine| {
        let mut small: Vec<String> = line.sku.iter().map(ToString::to_string).collect();
        if line.quantity != 1 {
            small.push(format!("{} × {}", line.quantity, words::money(line.unit_minor, currency)));
        }
        LineView {
            name: line.name.clone().unwrap_or_else(|| line.gtin.clone()),
            small: small.join(" · "),
            price: line.total_minor().map_or_else(String::new, |total| words::money(total, currency)),
        }
    };
    let page = ReceiptPage {
        store: app.handle.name(),
        css: assets::address("portico.css"),
        icon: assets::address("portico.svg"),
        number: found.number.clone(),
        status: words::receipt(found.status),
        when: words::date(found.paid_at, app.handle.zone()),
        lines: found.lines.iter().map(line).collect(),
        tax: (found.tax_minor != 0).then(|| words::money(found.tax_minor, currency)),
        total: words::money(found.total_minor, currency),
    };
    Ok(Html(html(&page)).into_response())
}
