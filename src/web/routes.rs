//! The one table of routes: address, method, who may use it, what it takes and answers, and who handles it. The router
//! and the API's description are both made from it, so no route escapes either.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};

use super::problem::Problem;
use super::{
    App, act, assets, guard, health, home, kiosk, list, observations, openapi, receipt, staff, stream, tags,
};

/// Who may use a route. Log-in comes with a later version; until then whoever is on this machine has every role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A lane's screen.
    Kiosk,
    /// Who works in the shop.
    Staff,
    /// Who answers for it.
    Manager,
    /// A program of the shop's: cameras, cash books.
    Integration,
    /// Anybody.
    Public,
}

impl Role {
    pub(super) fn word(self) -> &'static str {
        match self {
            Role::Kiosk => "kiosk",
            Role::Staff => "staff",
            Role::Manager => "manager",
            Role::Integration => "integration",
            Role::Public => "public",
        }
    }
}

/// What a route is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// For programs; described in the API's document.
    Api,
    /// For people, and what pages need.
    Page,
}

/// The body a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// None.
    Nothing,
    /// JSON of that schema.
    Json(&'static str),
    /// Observations, a line each.
    Ndjson,
    /// A form of our own pages.
    Form,
}

/// What a route answers when all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// JSON of that schema.
    Json(&'static str),
    /// Rows of a schema, under a name.
    Rows(&'static str, &'static str),
    /// Server-sent events of all outcomes.
    Events,
    /// Text of that media type.
    Text(&'static str),
}

/// One route.
pub(super) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub group: Group,
    pub roles: &'static [Role],
    pub about: &'static str,
    /// Query parameters besides a list's `after` and `limit`: name, and what it does.
    pub query: &'static [(&'static str, &'static str)],
    pub takes: Takes,
    pub answers: Answers,
    handler: MethodRouter<App>,
}

const EVERYBODY: &[Role] = &[Role::Public];
const SHOP: &[Role] = &[Role::Staff, Role::Manager];
const READERS: &[Role] = &[Role::Staff, Role::Manager, Role::Integration];
const SCREEN: &[Role] = &[Role::Kiosk, Role::Staff, Role::Manager];
const SENDERS: &[Role] = &[Role::Integration];
const TESTERS: &[Role] = &[Role::Manager, Role::Integration];
const ORDER: (&str, &str) = ("order", "oldest (first; the default) or newest (first)");

/// Longest body of observations, bytes.
const OBSERVATIONS_BYTES: usize = 8 << 20;
/// Longest body anywhere else, bytes.
const BODY_BYTES: usize = 64 << 10;

fn api(
    path: &'static str,
    roles: &'static [Role],
    about: &'static str,
    answers: Answers,
    handler: MethodRouter<App>,
) -> Route {
    let (group, takes, query) = (Group::Api, Takes::Nothing, &[][..]);
    Route { method: "GET", path, group, roles, about, query, takes, answers, handler }
}

fn api_post(
    path: &'static str,
    roles: &'static [Role],
    about: &'static str,
    takes: Takes,
    answers: &'static str,
    handler: MethodRouter<App>,
) -> Route {
    Route { method: "POST", takes, ..api(path, roles, about, Answers::Json(answers), handler) }
}

fn page(
    path: &'static str,
    roles: &'static [Role],
    about: &'static str,
    handler: MethodRouter<App>,
) -> Route {
    Route { group: Group::Page, ..api(path, roles, about, Answers::Text("text/html"), handler) }
}

fn form(
    path: &'static str,
    roles: &'static [Role],
    about: &'static str,
    handler: MethodRouter<App>,
) -> Route {
    Route { method: "POST", takes: Takes::Form, ..page(path, roles, about, handler) }
}

/// Every route there is.
#[rustfmt::skip]
pub(super) fn table() -> Vec<Route> {
    use Answers::{Events, Json, Rows, Text};
    vec![
        api_post("/api/v1/observations", SENDERS, "Tell the store what was observed: NDJSON, a line each, in arrival order. What was taken is safe on disk when the answer comes.", Takes::Ndjson, "Taken", post(observations::post)),
        Route { query: &[ORDER], ..api("/api/v1/receipts", READERS, "Receipts by number.", Rows("receipts", "Receipt"), get(list::receipts)) },
        api("/api/v1/receipts/{id}", READERS, "One receipt.", Json("Receipt"), get(list::receipt)),
        Route { query: &[ORDER], ..api("/api/v1/passages", READERS, "Passages in the order in which they became known.", Rows("passages", "Passage"), get(list::passages)) },
        api("/api/v1/passages/{id}", READERS, "One passage.", Json("Passage"), get(list::passage)),
        Route { query: &[("zone", "only pieces in this zone"), ("state", "only pieces in this state")], ..api("/api/v1/items", READERS, "Pieces by GTIN and serial.", Rows("items", "Item"), get(list::items)) },
        api("/api/v1/items/{gtin}/{serial}", READERS, "One piece and where it has been.", Json("ItemHistory"), get(list::item)),
        Route { query: &[ORDER], ..api("/api/v1/alerts", READERS, "Alerts in the order in which they were given.", Rows("alerts", "Alert"), get(list::alerts)) },
        api("/api/v1/evidence/{receipt}/{line}", READERS, "What a line of a receipt rests on.", Json("EvidenceOfLine"), get(list::evidence_of_line)),
        api("/api/v1/evidence/passages/{id}", READERS, "All that was weighed for a passage, what became no line too.", Json("EvidenceOfPassage"), get(list::evidence_of_passage)),
        api_post("/api/v1/terminals/{id}/tap", TESTERS, "Tap a card at a simulated terminal.", Takes::Json("Card"), "Done", post(act::tap)),
        api_post("/api/v1/lanes/{lane}/answer", SCREEN, "What a shopper says at a lane's kiosk.", Takes::Json("Answer"), "Done", post(act::answer)),
        api_post("/api/v1/staff", SHOP, "What a member of staff does, by name: open a gate, resolve, refund, move a piece.", Takes::Json("StaffAction"), "Done", post(act::staff)),
        api_post("/api/v1/tags", SHOP, "What a member of staff does with the one tag before a reader: read, encode, lock, kill, make quiet. The store goes on meanwhile. It is done and read back when the answer comes; done again, what was interrupted is finished. 404: no such reader. 409: another tag is being worked on there, or what lies there does not allow it. 422: this reader cannot do that. 503: it is not there. 502, 504: it refused, or did not answer.", Takes::Json("TagJob"), "Tag", post(tags::post)),
        api("/api/v1/stream", READERS, "Server-sent events of all that comes out, from now on; the event's name is the outcome's type. `gate` comes whenever a gate has opened, shut, failed or been forced. A client that falls behind gets `lagged` with how many it missed.", Events, get(stream::outcomes)),
        api("/api/v1/openapi.json", EVERYBODY, "This document.", Text("application/json"), get(openapi::get)),
        api("/healthz", EVERYBODY, "The program is alive.", Text("text/plain"), get(health::healthz)),
        api("/readyz", EVERYBODY, "The store can sell; 503 with the reasons where it cannot.", Json("Ready"), get(health::readyz)),
        api("/metrics", READERS, "Figures for Prometheus.", Text("text/plain"), get(health::metrics)),
        page("/", EVERYBODY, "The first page.", get(home::page)),
        page("/api", EVERYBODY, "The API for people.", get(home::api)),
        page("/kiosk/{lane}", SCREEN, "The kiosk of a lane.", get(kiosk::page)),
        page("/kiosk/{lane}/live", SCREEN, "The kiosk's view as it changes.", get(kiosk::live)),
        form("/kiosk/{lane}/answer", SCREEN, "What a shopper says.", post(kiosk::answer)),
        page("/staff", SHOP, "The staff page.", get(staff::page)),
        page("/staff/live", SHOP, "The staff page's parts as they change.", get(staff::live)),
        page("/staff/passages/{id}", SHOP, "A passage's evidence.", get(staff::passage)),
        form("/staff/act", SHOP, "What a member of staff does.", post(staff::act)),
        page("/r/{token}", EVERYBODY, "A shopper's own receipt.", get(receipt::page)),
        page("/assets/{name}", EVERYBODY, "Style sheet, scripts, icon.", get(assets::get)),
    ]
}

/// The router, made from the table.
pub(super) fn router(app: App) -> Router {
    health::describe();
    let mut router = Router::new();
    for route in table() {
        let longest = if route.takes == Takes::Ndjson { OBSERVATIONS_BYTES } else { BODY_BYTES };
        router = router.route(route.path, route.handler.layer(DefaultBodyLimit::max(longest)));
    }
    router
        .fallback(async || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "there is nothing at this address; /api lists all that there is",
            )
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this address takes another method; /api lists them all",
            )
        })
        .layer(middleware::from_fn(guard::guard))
        .with_state(app)
}
