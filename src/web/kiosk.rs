//! The kiosk of a lane: what a shopper sees while leaving. It shows the lane as of the last commit, and sends what a
//! shopper says as a line. Without script it works by reloading.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use engine::plan::Flow;
use recording::{Basket, Name, ReceiptLine};

use super::act::Said;
use super::input::Form;
use super::problem::Problem;
use super::{App, assets, stream, words};
use crate::store::{LaneLive, Phase};

/// Questions to a colleague shown at most.
const MOST_ASKS: usize = 5;

/// Pages' errors in rendering are ours: nothing from outside can bring one about.
pub(super) fn html(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be rendered");
        String::new()
    })
}

#[derive(Template)]
#[template(path = "kiosk.html")]
struct KioskPage<'a> {
    store: &'a str,
    css: String,
    js: String,
    icon: String,
    view: View,
}

#[derive(Template)]
#[template(path = "kiosk_view.html")]
struct View {
    lane: Name,
    phase: Phase,
    /// In a tap-then-walk lane: how much a tap is good for.
    limit: Option<String>,
    lines: Vec<LineView>,
    pieces: u64,
    total: String,
    /// For shoppers: what a colleague will look at, and why.
    asks: Vec<AskView>,
    receipt: Option<ReceiptView>,
    paid_but_shut: bool,
}

struct LineView {
    name: Name,
    detail: String,
    basis: &'static str,
    price: String,
    gtin: Name,
    serial: Name,
}

struct AskView {
    /// What it is about, where it is about one thing.
    name: Option<Name>,
    why: &'static str,
}

struct ReceiptView {
    number: Name,
    total: String,
    /// Where the shopper finds it, once the database has told.
    token: Option<Name>,
}

fn line_view(line: &ReceiptLine, currency: &str) -> LineView {
    let detail = match line.quantity {
        1 => String::new(),
        many => format!("{many} × {}", words::money(line.unit_minor, currency)),
    };
    LineView {
        name: line.name.clone().or_else(|| line.sku.clone()).unwrap_or_else(|| line.gtin.clone()),
        detail,
        basis: words::basis(line.basis),
        price: line.total_minor().map_or_else(String::new, |total| words::money(total, currency)),
        gtin: line.gtin.clone(),
        serial: line.serial.clone().unwrap_or_default(),
    }
}

/// Why a colleague is needed, as a shopper reads it: of one of their things, or of all.
fn why(kind: &str) -> Result<&'static str, &'static str> {
    match kind {
        "no_price" => Ok("has no price in our books yet"),
        "not_mine" => Ok("is not yours, you said"),
        "clone" | "weak_tag" | "unclear" => Ok("has a tag that could not be read clearly"),
        "two_people" => Ok("may belong to the person beside you"),
        "payment_pending" => Ok("is being paid for right now"),
        "terminal_unknown" => Err("The card terminal did not answer. You will not be charged twice."),
        _ => Err("We want to look at something with you."),
    }
}

/// What is asked of a colleague, each thing by its name.
async fn asks(app: &App, basket: Option<&Basket>) -> Result<Vec<AskView>, Problem> {
    let mut asks = Vec::new();
    for hold in basket.iter().flat_map(|basket| &basket.holds).take(MOST_ASKS) {
        let ask = match why(&hold.kind) {
            Err(why) => AskView { name: None, why },
            Ok(why) => {
                let product = match &hold.gtin {
                    Some(gtin) => app.handle.db().product(gtin).await?,
                    None => None,
                };
                let name = product.and_then(|product| product.name);
                AskView { name: Some(name.unwrap_or_else(|| "One of your things".into())), why }
            }
        };
        asks.push(ask);
    }
    Ok(asks)
}

async fn view(app: &App, lane: &str) -> Result<View, Problem> {
    let plan = app.handle.plan();
    let planned = plan.lane(lane).ok_or_else(|| Problem::unknown("lane", lane))?;
    let live = app.handle.live();
    let quiet = LaneLive::default();
    let lane = live.lanes.get(lane).unwrap_or(&quiet);
    let phase = lane.phase(app.handle.now());
    let currency = &*plan.currency;
    // While the terminal works, what is shown is what it was asked for.
    let (lines, total) = match (&lane.basket, &lane.attempt) {
        (Some(basket), _) => (&*basket.lines, basket.total_minor),
        (None, Some(attempt)) => (&*attempt.lines, attempt.amount_minor),
        (None, None) => (&[][..], 0),
    };
    let receipt = match &lane.paid {
        Some((receipt, _)) if matches!(phase, Phase::Paid) => Some(ReceiptView {
            number: receipt.number.clone(),
            total: words::money(receipt.total_minor, &receipt.currency),
            token: app.handle.db().token_of(&receipt.id).await?,
        }),
        _ => None,
    };
    Ok(View {
        lane: planned.id.clone(),
        phase,
        limit: (planned.flow == Flow::TapThenWalk)
            .then(|| words::money(plan.policy.tap_limit_minor, currency)),
        lines: lines.iter().map(|line| line_view(line, currency)).collect(),
        pieces: lines.iter().map(|line| u64::from(line.quantity)).sum(),
        total: words::money(total, currency),
        asks: asks(app, lane.basket.as_ref()).await?,
        receipt,
        paid_but_shut: lane.unreleased.is_some(),
    })
}

pub(super) async fn page(State(app): State<App>, Path(lane): Path<String>) -> Result<Response, Problem> {
    let page = KioskPage {
        store: app.handle.name(),
        css: assets::address("portico.css"),
        js: assets::address("kiosk.js"),
        icon: assets::address("portico.svg"),
        view: view(&app, &lane).await?,
    };
    Ok(Html(html(&page)).into_response())
}

pub(super) async fn live(State(app): State<App>, Path(lane): Path<String>) -> Result<Response, Problem> {
    app.knows_lane(&lane)?;
    let render = move |app: App| {
        let lane = lane.clone();
        async move {
            match view(&app, &lane).await {
                Ok(view) => vec![("view", html(&view))],
                Err(_) => vec![("view", String::new())],
            }
        }
    };
    Ok(stream::parts(app, Duration::ZERO, render).into_response())
}

pub(super) async fn answer(
    State(app): State<App>,
    Path(lane): Path<String>,
    Form(said): Form<Said>,
) -> Result<Redirect, Problem> {
    app.answer(&lane, said).await?;
    Ok(Redirect::to(&format!("/kiosk/{}", words::segment(&lane))))
}
