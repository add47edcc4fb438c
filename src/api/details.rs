//! What exactly is wrong, in Chinese: the texts of fields and details, which code and engine write
//! in English. Each line of the table is an English text and its Chinese one; `{}` stands for what
//! differs, and is translated itself where the table has it.

use super::problem::Lang;

const DETAILS: &str = include_str!("details.txt");

/// The text in a language; as it is where the table does not have it.
pub(super) fn translated(text: &str, lang: Lang) -> String {
    match lang {
        Lang::En => text.to_owned(),
        Lang::Zh => chinese(text, 0),
    }
}

/// Deepest nesting of texts within texts.
const NESTED_MAX: u8 = 2;

fn chinese(text: &str, depth: u8) -> String {
    let lines = || DETAILS.lines().filter_map(|line| line.split_once('\t'));
    if let Some((_, chinese)) = lines().find(|(english, _)| *english == text) {
        return chinese.to_owned();
    }
    let found = lines().find_map(|(english, chinese)| Some((chinese, parts(english, text)?)));
    let Some((pattern, parts)) = found.filter(|_| depth < NESTED_MAX) else {
        return text.to_owned();
    };
    let mut parts = parts.into_iter();
    let mut pieces = pattern.split("{}");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        whole += &chinese(parts.next().unwrap_or_default(), depth + 1);
        whole += piece;
    }
    whole
}

/// What stands in a text where a pattern has `{}`; `None` if the text is not of the pattern.
fn parts<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = pattern.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut parts = Vec::new();
    let mut pieces = pieces.peekable();
    pieces.peek()?;
    while let Some(piece) = pieces.next() {
        let end = match pieces.peek() {
            Some(_) => rest.find(piece)?,
            None => rest.strip_suffix(piece)?.len(),
        };
        parts.push(&rest[..end]);
        rest = &rest[end + piece.len()..];
    }
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Problem;
    use crate::engine::Rejection;
    use serde_json::json;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Calls whose last argument is a text for the client.
    const SAID: [&str; 10] = [
        "valid(",
        "invalid(",
        "Problem::field(",
        "Problem::not_found(",
        "Forbidden(",
        "require_party(",
        "require(",
        "NotFound(",
        "Exists(",
        "Full(",
    ];

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() && !name.ends_with("tests") {
                sources(&path, found);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).expect("a source");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                found.push(code.to_owned());
            }
        }
    }

    /// The last argument of a call whose arguments begin here, if it is a text that is written out.
    fn last_text(arguments: &str) -> Option<String> {
        let (mut depth, mut quoted, mut escaped) = (0, false, false);
        let (mut last, mut whole) = (0, arguments.len());
        for (at, letter) in arguments.char_indices() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => {
                    whole = at;
                    break;
                }
                ')' | ']' | '}' => depth -= 1,
                // A comma may follow the last argument.
                ',' if depth == 0 && !arguments[at + 1..].trim_start().starts_with(')') => {
                    last = at + 1;
                }
                _ => {}
            }
        }
        let argument = arguments[last..whole].trim().trim_end_matches(',');
        let text = argument.strip_prefix('"')?.strip_suffix('"')?;
        (!text.contains('"')).then(|| text.to_owned())
    }

    fn said() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut code = Vec::new();
        sources(&root.join("engine"), &mut code);
        sources(&root.join("api"), &mut code);
        let mut said = BTreeSet::new();
        for code in &code {
            for call in SAID {
                let calls = code.match_indices(call).filter(|(at, _)| {
                    let before = code[..*at].chars().next_back();
                    !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                });
                said.extend(calls.filter_map(|(at, call)| last_text(&code[at + call.len()..])));
            }
        }
        said
    }

    #[test]
    fn every_text_for_a_field_is_there_in_chinese() {
        let said = said();
        assert!(said.len() > 200, "{} texts are found", said.len());
        let missing: Vec<&String> = said
            .iter()
            .filter(|text| !text.is_empty() && translated(text, Lang::Zh) == **text)
            .collect();
        assert!(missing.is_empty(), "not in details.txt: {missing:#?}");
    }

    #[test]
    fn every_line_is_english_and_chinese_and_there_once() {
        let mut seen = BTreeSet::new();
        for line in DETAILS.lines() {
            let (english, chinese) = line.split_once('\t').expect("two texts");
            assert!(english.is_ascii(), "{english}");
            assert!(!chinese.is_empty() && !chinese.contains('\t'), "{line}");
            assert!(seen.insert(english), "{english} is there twice");
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(chinese), "{english}");
        }
    }

    #[test]
    fn a_problem_is_told_in_the_language_asked_for() {
        let wrong = Problem::field("direction", "is one of raise, cut");
        let told = wrong.document(Lang::Zh, "R");
        let expected = json!([{"field": "direction", "problem": "应为下列之一：raise, cut"}]);
        assert_eq!(told["errors"], expected);
        let problem = wrong.document(Lang::En, "R")["errors"][0]["problem"].clone();
        assert_eq!(problem, "is one of raise, cut");
        let needed = Problem::from(Rejection::Forbidden("an administrator"));
        assert_eq!(needed.document(Lang::Zh, "R")["detail"], "需要管理员");
    }

    #[test]
    fn what_differs_is_put_in_its_place() {
        for (english, expected) in [
            ("voucher does not exist", "创新券不存在"),
            ("missing field `amount`", "缺少字段 `amount`"),
            (
                "invalid type: integer `1`, expected a boolean",
                "类型不符：收到整数 `1`，应为true 或 false",
            ),
            (
                "unknown field `x`, expected one of `a`, `b`",
                "未知字段 `x`，应为下列之一：`a`, `b`",
            ),
            ("is one of raise, cut", "应为下列之一：raise, cut"),
            ("something new", "something new"),
        ] {
            assert_eq!(translated(english, Lang::Zh), expected);
            assert_eq!(translated(english, Lang::En), english);
        }
    }
}
