//! Style sheet, scripts and the icon: built in, told apart by a hash of what is in them, so that a browser keeps them
//! for good and an update is seen at once.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

const ASSETS: [Asset; 4] = [
    Asset {
        name: "portico.css",
        kind: "text/css; charset=utf-8",
        content: include_str!("assets/portico.css"),
    },
    Asset {
        name: "kiosk.js",
        kind: "text/javascript; charset=utf-8",
        content: include_str!("assets/kiosk.js"),
    },
    Asset {
        name: "staff.js",
        kind: "text/javascript; charset=utf-8",
        content: include_str!("assets/staff.js"),
    },
    Asset { name: "portico.svg", kind: "image/svg+xml", content: include_str!("assets/portico.svg") },
];

/// By name: the hash of what is in it.
static HASHES: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let hash = |asset: &Asset| {
        let mut hasher = DefaultHasher::new();
        asset.content.hash(&mut hasher);
        (asset.name, format!("{:016x}", hasher.finish()))
    };
    ASSETS.iter().map(hash).collect()
});

fn hash(name: &str) -> &'static str {
    HASHES.iter().find(|(known, _)| *known == name).map_or("", |(_, hash)| hash)
}

/// The address under which pages name an asset.
pub(super) fn address(name: &str) -> String {
    format!("/assets/{name}?v={}", hash(name))
}

pub(super) async fn get(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset =
        ASSETS.iter().find(|asset| asset.name == name).ok_or_else(|| Problem::unknown("asset", &name))?;
    let tag = format!("\"{}\"", hash(asset.name));
    let by_hash = query.as_deref().and_then(|query| query.strip_prefix("v=")) == Some(hash(asset.name));
    let keep = if by_hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    let head = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, keep.into()),
        (header::CONTENT_TYPE, asset.kind.into()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    Ok((head, asset.content).into_response())
}
