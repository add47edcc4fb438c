//! The page of the public check. No script, nothing from elsewhere: text and one style.

use base64::Engine as _;
use serde_json::Value;
use sha2::Digest as _;

use crate::api::problem::Lang;

const WORDS: &str = include_str!("words.txt");

const STYLE: &str = "body{font-family:sans-serif;line-height:1.5;max-width:34em;margin:0 auto;\
    padding:1.2em;color:#1b1b1b;background:#fff}h1{font-size:1.25em}\
    .state{font-size:1.2em;font-weight:bold;padding:.7em;border:2px solid #444}\
    .good{border-color:#186a3b;background:#eaf6ee}dl{margin:1.2em 0}dt{color:#555}\
    dd{margin:0 0 .7em;overflow-wrap:anywhere}footer{font-size:.9em;color:#555}";

/// States in which everything is well.
const GOOD: &[&str] = &["active", "admitted"];

/// The text for a word of the page, a state or a problem.
fn word(key: &str, lang: Lang) -> &'static str {
    let found = WORDS.lines().find_map(|line| {
        let mut fields = line.split('\t');
        (fields.next()? == key).then_some((fields.next()?, fields.next()?))
    });
    match (found, lang) {
        (Some((en, _)), Lang::En) => en,
        (Some((_, zh)), Lang::Zh) => zh,
        (None, _) => "",
    }
}

/// The language as HTML and HTTP write it.
pub(super) fn tag(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "en",
        Lang::Zh => "zh-CN",
    }
}

/// What a browser may load and do: this page's own style.
pub(super) fn policy() -> String {
    let hash = sha2::Sha256::digest(STYLE.as_bytes());
    let hash = base64::engine::general_purpose::STANDARD.encode(hash);
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// A text between tags or in an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A value of a query.
fn in_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A city's or category's name in the language, or its code.
fn named(value: &Value, lang: Lang) -> &str {
    let name = match lang {
        Lang::En => &value["name_en"],
        Lang::Zh => &value["name_zh"],
    };
    name.as_str().or(value["code"].as_str()).unwrap_or("")
}

/// The page of what is told.
pub(super) fn of(told: &Value, suffix: &str, lang: Lang) -> String {
    let kind = told["kind"].as_str().unwrap_or("");
    let state = told["state"].as_str().unwrap_or("");
    let text = |name: &str| told[name].as_str().unwrap_or("").to_owned();
    let city = named(&told["city"], lang).to_owned();
    let rows = match kind {
        "voucher" => vec![
            ("id", text("id")),
            ("issuer", city),
            ("use_by", text("use_by")),
            ("cash_by", text("cash_by")),
            ("on", text("on")),
        ],
        _ => {
            let categories = told["categories"].as_array().into_iter().flatten();
            let categories: Vec<&str> = categories.map(|one| named(one, lang)).collect();
            let comma = match lang {
                Lang::En => ", ",
                Lang::Zh => "、",
            };
            vec![
                ("name", text("name")),
                ("id", text("id")),
                ("city", city),
                ("categories", categories.join(comma)),
                ("admitted_to", text("admitted_to")),
                ("on", text("on")),
            ]
        }
    };
    let mut body = format!(
        "<p class=\"state{}\">{}</p>\n<dl>\n",
        if GOOD.contains(&state) { " good" } else { "" },
        word(state, lang)
    );
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let value = escaped(value);
        body += &format!("<dt>{}</dt><dd>{value}</dd>\n", word(name, lang));
    }
    body += "</dl>\n";
    whole(word(kind, lang), &body, suffix, lang)
}

/// The page of a problem.
pub(super) fn of_problem(code: &str, suffix: &str, lang: Lang) -> String {
    let known = match code {
        "NOT_FOUND" | "TOO_MANY_CHECKS" => code,
        _ => "UNAVAILABLE",
    };
    let body = format!("<p class=\"state\">{}</p>\n", word(known, lang));
    whole(word("unknown", lang), &body, suffix, lang)
}

fn whole(title: &str, body: &str, suffix: &str, lang: Lang) -> String {
    let other = match lang {
        Lang::En => Lang::Zh,
        Lang::Zh => Lang::En,
    };
    let code = &tag(other)[..2];
    let link = format!("?k={}&lang={code}", in_query(suffix));
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex, nofollow\">\n\
         <title>{title} · 券通 Quantong</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n{body}<footer>\n<p>{}</p>\n\
         <p><a lang=\"{}\" href=\"{}\">{}</a></p>\n</footer>\n</body>\n</html>\n",
        tag(lang),
        word("note", lang),
        tag(other),
        escaped(&link),
        word("other", lang),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_word_is_there_in_both_languages() {
        for line in WORDS.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            assert!(
                fields.len() == 3 && fields.iter().all(|field| !field.is_empty()),
                "{line}"
            );
        }
        let states = [
            "active",
            "frozen",
            "expired",
            "lapsed",
            "revoked",
            "used_up",
            "admitted",
            "suspended",
            "not_admitted",
            "dissolved",
            "NOT_FOUND",
            "TOO_MANY_CHECKS",
            "UNAVAILABLE",
        ];
        for state in states {
            assert!(!word(state, Lang::En).is_empty(), "{state}");
            assert!(!word(state, Lang::Zh).is_ascii(), "{state}");
        }
    }

    #[test]
    fn what_was_given_stands_on_the_page_as_text() {
        let evil = "\"><script>alert('1')</script>&";
        let told = json!({"kind": "provider", "state": "admitted", "name": evil, "id": "PR",
            "city": {"code": "330100", "name_en": evil}, "categories": [{"code": "<b>"}]});
        for page in [
            of(&told, evil, Lang::En),
            of_problem("NOT_FOUND", evil, Lang::Zh),
        ] {
            assert!(!page.contains("<script"), "{page}");
            assert!(!page.contains("<b>"), "{page}");
            assert!(!page.contains("\"\">"), "{page}");
        }
    }
}
