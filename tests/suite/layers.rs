//! The shape of the source: which layer may use which, and how long lines, functions and files
//! may be. `docs/ARCHITECTURE.md` states the rules, this file holds them.
//!
//! Test modules (`#[cfg(test)]`) are exempt from the import rules, not from the bounds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest line of code, in characters.
const LINE_CHARS_MAX: usize = 100;

/// Longest function, from its `fn` line to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// Longest file.
const FILE_LINES_MAX: usize = 600;

/// All layers, inner ones first. A folder of `src/` that is not named here fails the test.
const LAYERS: &[&str] = &[
    "domain",
    "engine",
    "journal",
    "node",
    "views",
    "api",
    "documents",
    "delivery",
    "cli",
];

/// What a layer may import besides itself: a layer as a whole, or one module of it.
fn allowed(layer: &str) -> &'static [&'static str] {
    match layer {
        "domain" => &[],
        "engine" => &["domain"],
        "journal" => &[
            "domain",
            "engine::command",
            "engine::event",
            "engine::refusal",
            "engine::terms",
        ],
        "node" => &["domain", "engine", "journal"],
        "views" => &["domain", "engine", "journal"],
        // Writing a command needs its fingerprint and the hash of its key, nothing else.
        "api" => &[
            "domain",
            "engine",
            "node",
            "views",
            "journal::codec",
            "journal::digest128",
            // The table of sign-ins is no part of the journal and follows from nothing.
            "journal::SignIn",
            "journal::SignIns",
            // A file of vouchers is read where it comes in.
            "documents::voucher_file",
            // A file of credit flags is read and written where it comes in and goes out.
            "documents::credit_file",
        ],
        "documents" => &[
            "domain",
            "engine",
            "views",
            "journal::codec",
            "journal::digest128",
        ],
        "delivery" => &["domain", "engine", "node", "views", "journal"],
        _ => LAYERS,
    }
}

/// Words that the deterministic layers never say. A trailing `!` stands for itself.
const NOT_DETERMINISTIC: &[&str] = &[
    "tokio",
    "sqlx",
    "actix_web",
    "tracing",
    "std::time",
    "std::fs",
    "std::io",
    "std::net",
    "std::env",
    "std::thread",
    "SystemTime",
    "Instant",
    "getrandom",
    "f32",
    "f64",
    "async",
    "await",
    "println",
    "eprintln",
    "HashSet",
    "jiff::Timestamp",
    "jiff::Zoned",
];

/// A source file with comments and literals blanked out, line by line as it stands.
struct Source {
    path: PathBuf,
    text: String,
    code: String,
}

impl Source {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The layer, by the folder below `src/`; `None` for `lib.rs` and `main.rs`.
    fn layer(&self) -> Option<String> {
        let below = self.path.strip_prefix("src").ok()?;
        let mut parts = below.components();
        let first = parts.next()?.as_os_str().to_str()?.to_owned();
        parts.next().map(|_| first)
    }

    /// The module that the file is, below the root of the crate.
    fn module(&self) -> Vec<String> {
        let below = self.path.strip_prefix("src").expect("a file of the crate");
        let mut parts: Vec<String> = below
            .with_extension("")
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        parts
    }
}

fn files_below(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder of the sources can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is UTF-8");
                let code = blank(&text);
                let path = path.strip_prefix(root).expect("below the root").to_owned();
                sources.push(Source { path, text, code });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!sources.is_empty(), "{folder} holds sources");
    sources
}

/// Replaces comments, texts and characters by spaces; line breaks stay.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = literal_end(&chars, i);
        if end == i {
            code.push(chars[i]);
            i += 1;
        } else {
            code.extend(
                chars[i..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            i = end;
        }
    }
    code
}

/// Where the comment or literal that begins at `i` ends; `i` if none begins there.
fn literal_end(chars: &[char], i: usize) -> usize {
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let in_word = i > 0 && (at(i - 1).is_alphanumeric() || at(i - 1) == '_');
    match (at(i), at(i + 1)) {
        ('/', '/') => (i..chars.len())
            .find(|j| at(*j) == '\n')
            .unwrap_or(chars.len()),
        ('/', '*') => (i + 2..chars.len())
            .find(|j| at(*j) == '*' && at(*j + 1) == '/')
            .map_or(chars.len(), |j| j + 2),
        ('r', '"' | '#') if !in_word || at(i - 1) == 'b' => raw_end(chars, i),
        ('"', _) => quoted_end(chars, i),
        ('\'', '\\') => (i + 3..chars.len())
            .find(|j| at(*j) == '\'')
            .map_or(chars.len(), |j| j + 1),
        // Anything else with one quote is a lifetime.
        ('\'', _) if at(i + 2) == '\'' => i + 3,
        _ => i,
    }
}

fn raw_end(chars: &[char], i: usize) -> usize {
    let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(i + 1 + hashes) != Some(&'"') {
        return i;
    }
    let close: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    (i + 2 + hashes..chars.len())
        .find(|j| chars[*j..].starts_with(&close))
        .map_or(chars.len(), |j| j + close.len())
}

fn quoted_end(chars: &[char], i: usize) -> usize {
    let mut j = i + 1;
    while j < chars.len() && chars[j] != '"' {
        j += if chars[j] == '\\' { 2 } else { 1 };
    }
    (j + 1).min(chars.len())
}

/// The position after the bracket that closes the first `{` at or after `from`.
fn closing(code: &str, from: usize) -> usize {
    let mut depth = 0;
    for (i, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return i + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The code without the modules that are compiled for tests only.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let end = match (item.find('{'), item.find(';')) {
            (Some(open), semicolon) if semicolon.is_none_or(|end| open < end) => {
                closing(item, open)
            }
            (_, Some(end)) => end + 1,
            _ => item.len(),
        };
        rest = &item[end..];
    }
    kept.push_str(rest);
    kept
}

/// Modules that a file declares for tests only, as files beside or below it.
fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, attribute) in source.code.match_indices("#[cfg(test)]") {
        let words: Vec<&str> = source.code[at + attribute.len()..]
            .split_whitespace()
            .take(2)
            .collect();
        if let ["mod", name] = words[..]
            && let Some(name) = name.strip_suffix(';')
        {
            let mut module = source.module();
            module.push(name.to_owned());
            found.push(module);
        }
    }
    found
}

/// The sources of the crate whose code runs outside tests.
fn shipped() -> Vec<(Source, String)> {
    let sources = files_below("src");
    let tests: BTreeSet<Vec<String>> = sources.iter().flat_map(test_modules).collect();
    sources
        .into_iter()
        .filter(|source| {
            let module = source.module();
            !(1..=module.len()).any(|n| tests.contains(&module[..n]))
        })
        .map(|source| {
            let code = without_tests(&source.code);
            (source, code)
        })
        .collect()
}

/// Splits the inside of braces at the commas of its own level.
fn branches(inside: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut parts = Vec::new();
    for (i, byte) in inside.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&inside[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    parts
}

/// Every path that a tail like `engine::{State, event::Event}` names, at most two segments each.
fn tails(tail: &str, head: &[String], found: &mut BTreeSet<Vec<String>>) {
    let tail = tail.trim_start();
    if head.len() == 2 {
        found.insert(head.to_vec());
        return;
    }
    if let Some(inside) = tail.strip_prefix('{') {
        let end = closing(tail, 0) - 2;
        for branch in branches(&inside[..end]) {
            tails(branch, head, found);
        }
        return;
    }
    let name: String = tail
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    if name.is_empty() || name == "self" {
        if !head.is_empty() {
            found.insert(head.to_vec());
        }
        return;
    }
    let mut path = head.to_vec();
    let rest = tail[name.len()..].trim_start();
    path.push(name);
    match rest.strip_prefix("::") {
        Some(rest) => tails(rest, &path, found),
        None => {
            found.insert(path);
        }
    }
}

/// What the code names from the root of the crate: by `crate::`, by `quantong::`, and by as many
/// `super::` as lead there.
fn imports(module: &[String], code: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let starts_word =
        |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    for root in ["crate::", "quantong::"] {
        for (at, _) in code.match_indices(root).filter(|(at, _)| starts_word(*at)) {
            tails(&code[at + root.len()..], &[], &mut found);
        }
    }
    for (at, _) in code
        .match_indices("super::")
        .filter(|(at, _)| starts_word(*at))
    {
        let rest = &code[at..];
        let ups = rest.matches("super::").count().min(
            (0..)
                .take_while(|n| rest.starts_with(&"super::".repeat(n + 1)))
                .count(),
        );
        if ups <= module.len() {
            let head = &module[..module.len() - ups];
            let head = &head[..head.len().min(2)];
            tails(&rest[ups * "super::".len()..], head, &mut found);
        }
    }
    found
}

fn complain(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn a_layer_imports_only_what_it_may() {
    let mut broken = Vec::new();
    for (source, code) in shipped() {
        let Some(layer) = source.layer() else {
            continue;
        };
        if !LAYERS.contains(&layer.as_str()) {
            broken.push(format!("{}: {layer} is no layer", source.name()));
        }
        for path in imports(&source.module(), &code) {
            let whole = path.join("::");
            let own = path[0] == layer || !LAYERS.contains(&path[0].as_str());
            let may = allowed(&layer);
            if !own && !may.contains(&path[0].as_str()) && !may.contains(&whole.as_str()) {
                broken.push(format!("{}: imports {whole}", source.name()));
            }
        }
    }
    complain("layers import what they may not", &broken);
}

#[test]
fn sql_is_written_in_the_journal_and_the_views_only() {
    let broken: Vec<String> = shipped()
        .iter()
        .filter(|(source, code)| {
            let layer = source.layer();
            !matches!(layer.as_deref(), Some("journal" | "views")) && says(code, "sqlx")
        })
        .map(|(source, _)| source.name())
        .collect();
    complain("files use sqlx outside journal and views", &broken);
}

#[test]
fn domain_and_engine_have_no_clock_no_input_no_float_and_no_logging() {
    let mut broken = Vec::new();
    for (source, code) in shipped() {
        if matches!(source.layer().as_deref(), Some("domain" | "engine")) {
            for word in NOT_DETERMINISTIC.iter().filter(|word| says(&code, word)) {
                broken.push(format!("{}: {word}", source.name()));
            }
        }
    }
    complain("the deterministic layers say what they may not", &broken);
}

/// True if the code has the word as a whole.
fn says(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part))
}

fn all_sources() -> Vec<Source> {
    let mut sources = files_below("src");
    sources.extend(files_below("tests"));
    sources
}

/// Functions that are longer than the bound because they are tables: a match with one arm per kind
/// of event, a list with one line per rule. The list may only shrink.
const LONG_FUNCTIONS: &[(&str, usize)] = &[
    ("apply_fact", 135),
    ("claim_fact", 80),
    ("command", 100),
    ("dispatch", 85),
    ("fact", 100),
    ("family_of_event", 120),
    ("faults", 85),
    ("gather", 115),
    ("party_fact", 90),
    ("party_parts", 105),
];

#[test]
fn no_file_is_too_long() {
    let mut broken = Vec::new();
    for source in all_sources() {
        let lines = source.text.lines().count();
        let name = source.name();
        if lines > FILE_LINES_MAX {
            broken.push(format!("{name}: {lines} lines, at most {FILE_LINES_MAX}"));
        }
    }
    complain("files are too long", &broken);
}

#[test]
fn no_line_is_too_long() {
    let mut broken = Vec::new();
    for source in all_sources() {
        for (number, line) in source.text.lines().enumerate() {
            let chars = line.chars().count();
            if chars > LINE_CHARS_MAX {
                broken.push(format!("{}:{}: {chars}", source.name(), number + 1));
            }
        }
    }
    complain("lines are too long", &broken);
}

/// Name, first line and number of lines of every function with a body.
fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let name: String = code[at + 3..].chars().take_while(|c| part(*c)).collect();
        if name.is_empty() || code[..at].ends_with(part) {
            continue;
        }
        let head = &code[at..];
        let Some(open) = body_of(head) else {
            continue;
        };
        let first = code[..at].matches('\n').count() + 1;
        let lines = head[..closing(head, open)].matches('\n').count() + 1;
        found.push((name, first, lines));
    }
    found
}

/// Where the body of a function begins; `None` if it has none. A `;` inside brackets belongs to
/// the type of an array.
fn body_of(head: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, byte) in head.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(i),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn no_function_is_too_long() {
    let mut broken = Vec::new();
    for source in all_sources() {
        for (name, first, lines) in functions(&source.code) {
            let known = LONG_FUNCTIONS.iter().find(|(long, _)| *long == name);
            if lines > known.map_or(FUNCTION_LINES_MAX, |(_, most)| *most) {
                broken.push(format!("{}:{first}: {name} has {lines}", source.name()));
            }
        }
    }
    complain("functions are too long", &broken);
}

#[test]
fn the_reader_of_imports_sees_what_is_written() {
    let code = blank(
        "use crate::{domain::{Fen, Day}, engine};\n// crate::api::x\nlet a = \"crate::cli\";\n\
         fn f<'a>(c: char) { crate::journal::codec::decode(c == '\"') }\n\
         use super::super::node::Node; use super::keys::Keys;\n\
         #[cfg(test)]\nmod tests { use crate::api::Problem; }\nfn g() { crate::views::h() }\n",
    );
    let module = ["engine", "state"].map(str::to_owned);
    let found: Vec<String> = imports(&module, &without_tests(&code))
        .iter()
        .map(|path| path.join("::"))
        .collect();
    let expected = [
        "domain::Day",
        "domain::Fen",
        "engine",
        "engine::keys",
        "journal::codec",
        "node::Node",
        "views::h",
    ];
    assert_eq!(found, expected);
    let lengths = functions("fn a() -> [u8; 2] {\n}\nfn b();\nfn c() {\n{\n}\n}");
    assert_eq!(lengths, [("a".into(), 1, 2), ("c".into(), 4, 4)]);
}
