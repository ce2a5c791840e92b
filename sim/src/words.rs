//! What somebody may have meant: the nearest of the known words, for errors in files that people write by hand.

/// The known word nearest to one that is not known.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (strsim::jaro_winkler(wrong, word), word))
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, word)| word)
}

/// serde's message, with the nearest known key where one is unknown, and in plain words where quotes are missing.
pub fn nearest_field(message: &str) -> String {
    let Some((wrong, known)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'))
    else {
        return match message
            .strip_prefix("invalid type: ")
            .and_then(|rest| rest.strip_suffix(", expected a string"))
        {
            Some(found) => {
                format!("{found} stands where a text is expected; put it in quotes")
            }
            None => message.to_owned(),
        };
    };
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!(
            "unknown key `{wrong}`; the nearest known one is `{near}` (known here: {})",
            known.join(", ")
        ),
        None => format!("unknown key `{wrong}`"),
    }
}

/// How alike two texts are, 0 to 1.
pub(crate) fn similar(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(a, b)
}
