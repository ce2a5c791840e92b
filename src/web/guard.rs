//! What every request passes: that it is meant for this machine (a page elsewhere must not reach the store through a
//! name that it lets point here), that what changes something comes from our own pages or from no browser, and the
//! headers that keep pages to themselves. It also counts requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;

const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // A receipt's address is its secret.
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

pub(super) async fn guard(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = match admit(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Only paths of the table and methods that we know become labels: outsiders cannot make new ones.
    let path = path.unwrap_or_else(|| "none".into());
    let method =
        if method == Method::GET || method == Method::POST { method.to_string() } else { "other".into() };
    let status = response.status().as_u16().to_string();
    metrics::counter!("portico_http_requests_total", "path" => path.clone(), "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("portico_http_request_seconds", "path" => path).record(begun.elapsed().as_secs_f64());
    response
}

fn admit(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.filter(|host| is_loopback_name(host)) else {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "the Host header must name this machine itself: localhost, 127.0.0.1 or [::1]",
        ));
    };
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let foreign = || {
        Problem::new(
            StatusCode::FORBIDDEN,
            "what changes something is taken from this store's own pages only",
        )
    };
    // A browser always says where a POST comes from; a program of the shop's says nothing.
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        if !own.is_some_and(|own| own.eq_ignore_ascii_case(host)) {
            return Err(foreign());
        }
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(foreign()),
    }
}

/// Whether a Host header (`name`, `name:port`, `[v6]:port`) names this machine.
fn is_loopback_name(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) => (name, port),
            None => return false,
        },
        None => match host.find(':') {
            Some(at) => host.split_at(at),
            None => (host, ""),
        },
    };
    let port_ok = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    let name_ok = name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    port_ok && name_ok
}

#[cfg(test)]
mod tests {
    use super::is_loopback_name;

    #[test]
    fn only_names_of_this_machine_are_taken() {
        for yes in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "[::1]"] {
            assert!(is_loopback_name(yes), "{yes}");
        }
        for no in [
            "",
            "shop.example",
            "localhost.shop.example",
            "127.0.0.1.shop.example:80",
            "192.0.2.1",
            "[::2]",
            "localhost:x",
            "[::1",
        ] {
            assert!(!is_loopback_name(no), "{no}");
        }
    }
}
