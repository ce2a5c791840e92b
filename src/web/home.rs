//! The first page, and the page that lists the API, both from what the store is configured to be.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use recording::Name;

use super::kiosk::html;
use super::routes::{Group, Role, Route};
use super::{App, assets, routes};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    store: &'a str,
    css: String,
    icon: String,
    lanes: Vec<Name>,
}

pub(super) async fn page(State(app): State<App>) -> Response {
    let page = HomePage {
        store: app.handle.name(),
        css: assets::address("portico.css"),
        icon: assets::address("portico.svg"),
        lanes: app.handle.plan().lanes.iter().map(|lane| lane.id.clone()).collect(),
    };
    Html(html(&page)).into_response()
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage<'a> {
    store: &'a str,
    css: String,
    icon: String,
    routes: Vec<Route>,
}

pub(super) async fn api(State(app): State<App>) -> Response {
    let page = ApiPage {
        store: app.handle.name(),
        css: assets::address("portico.css"),
        icon: assets::address("portico.svg"),
        routes: routes::table().into_iter().filter(|route| route.group == Group::Api).collect(),
    };
    Html(html(&page)).into_response()
}

/// Roles as a list in words.
fn roles(roles: &[Role]) -> String {
    roles.iter().map(|role| role.word()).collect::<Vec<_>>().join(", ")
}
