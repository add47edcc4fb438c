//! `quantong call`: any operation of the API, through a running server. What there is and what it
//! takes is read from the document that describes the API, so that nothing is missing here.

mod operations;
#[cfg(test)]
mod tests;

use std::io::Read as _;

use reqwest::Method;
use serde_json::Value;

use super::client::{Place, Server, ask_text, complaint, say};
use super::folder::CliError;
use operations::{JSON, Operation, Operations};

/// Settings of `call`.
#[derive(Debug, clap::Args)]
pub(super) struct Call {
    /// Name of the operation; without one, all are listed
    operation: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Tell what the operation takes, the fields of its body included, and send nothing
    #[arg(long)]
    help_body: bool,
    #[command(flatten)]
    place: Place,
    /// Access token of the person who asks; give it in the environment, where other users of the
    /// machine do not see it
    #[arg(long, env = "QUANTONG_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// What goes to the operation.
#[derive(Debug, Default, clap::Args)]
struct Given {
    /// Parameters of the path
    #[arg(value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// The body: a file, - for the standard input, or JSON itself; {} if not given
    #[arg(long, value_name = "FILE|-|JSON")]
    body: Option<String>,
    /// A parameter of the query; can be given again
    #[arg(long, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// Answer what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Idempotency key, to send the same request again; a new one if not given
    #[arg(long)]
    key: Option<String>,
    /// Why: the member `reason` of the body
    #[arg(long)]
    reason: Option<String>,
}

/// A request, ready to be sent.
#[derive(Debug)]
struct Ready {
    method: Method,
    /// Path and query.
    path: String,
    key: Option<String>,
    /// Media type and bytes.
    body: Option<(String, Vec<u8>)>,
}

pub(super) async fn run(command: &Call) -> Result<(), CliError> {
    let operations = Operations::new()?;
    let Some(id) = &command.operation else {
        say(operations.list().trim_end());
        return Ok(());
    };
    let operation = operations.find(id)?;
    if command.help_body {
        say(operations.describe(operation).trim_end());
        return Ok(());
    }
    let ready = command.given.prepare(operation)?;
    let client = Server::client()?;
    let mut request = command.place.request(&client, ready.method, &ready.path);
    if let Some(token) = &command.token {
        request = request.bearer_auth(token);
    }
    if let Some(key) = &ready.key {
        eprintln!("Idempotency-Key: {key}");
        request = request.header("Idempotency-Key", key);
    }
    if let Some((media, bytes)) = ready.body {
        request = request.header("Content-Type", media).body(bytes);
    }
    let (status, text) = ask_text(request).await?;
    say(text.trim_end());
    if status < 400 {
        return Ok(());
    }
    let problem = serde_json::from_str(&text).map_or_else(
        |_| format!("the server answered {status} and no JSON"),
        |body: Value| complaint(&body),
    );
    Err(CliError::Failed(problem))
}

fn usage(problem: impl Into<String>) -> CliError {
    CliError::Usage(problem.into())
}

fn pair(text: &str) -> Result<(&str, &str), CliError> {
    text.split_once('=')
        .ok_or_else(|| usage(format!("{text}: write it as NAME=VALUE")))
}

impl Given {
    fn prepare(&self, operation: &Operation) -> Result<Ready, CliError> {
        let id = &operation.id;
        let method = Method::from_bytes(operation.method.as_bytes());
        let body = self.body(operation)?;
        if self.dry_run && !operation.query.iter().any(|name| name == "dry_run") {
            return Err(usage(format!("{id} changes nothing; leave out --dry-run")));
        }
        if self.key.is_some() && !operation.keyed {
            return Err(usage(format!("{id} takes no key; leave out --key")));
        }
        // What is tried out leaves nothing that a key would find again.
        let new = || {
            let wanted = operation.keyed && !self.dry_run;
            wanted.then(|| uuid::Uuid::now_v7().to_string())
        };
        Ok(Ready {
            method: method.map_err(|error| CliError::Failed(error.to_string()))?,
            path: self.path(operation)?,
            key: self.key.clone().or_else(new),
            body,
        })
    }

    /// Path and query, with what must be escaped in them.
    fn path(&self, operation: &Operation) -> Result<String, CliError> {
        let id = &operation.id;
        let needed = &operation.path_parameters;
        let mut values = Vec::new();
        for text in &self.parameters {
            let (name, value) = pair(text)?;
            if !needed.iter().any(|other| other == name) {
                let all = match &**needed {
                    [] => "none".to_owned(),
                    needed => needed.join(", "),
                };
                return Err(usage(format!(
                    "{id} has no parameter {name} in its path, which has: {all}; what belongs to \
                     the query is given with --query, what belongs to the body with --body"
                )));
            }
            if ["", ".", ".."].contains(&value) {
                return Err(usage(format!("{name}: give a value")));
            }
            values.push((name, value));
        }
        let mut url = reqwest::Url::parse("http://localhost")
            .map_err(|error| CliError::Failed(error.to_string()))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            for part in operation.path.split('/').filter(|part| !part.is_empty()) {
                let inside = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
                let Some(name) = inside else {
                    segments.push(part);
                    continue;
                };
                let value = values.iter().find(|(other, _)| *other == name);
                let (_, value) = value
                    .ok_or_else(|| usage(format!("{id} needs {name}=VALUE: {}", operation.path)))?;
                segments.push(value);
            }
        }
        for text in &self.query {
            let (name, value) = pair(text)?;
            url.query_pairs_mut().append_pair(name, value);
        }
        if self.dry_run {
            url.query_pairs_mut().append_pair("dry_run", "true");
        }
        Ok(match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
    }

    fn body(&self, operation: &Operation) -> Result<Option<(String, Vec<u8>)>, CliError> {
        let id = &operation.id;
        if !operation.writes() {
            return match (&self.body, &self.reason) {
                (None, None) => Ok(None),
                _ => Err(usage(format!("{id} takes no body and no reason"))),
            };
        }
        let bytes = match self.body.as_deref() {
            None if operation.is_json() => b"{}".to_vec(),
            None => return Err(usage(format!("{id} needs a file: --body FILE"))),
            Some("-") => {
                let mut bytes = Vec::new();
                std::io::stdin().read_to_end(&mut bytes)?;
                bytes
            }
            Some(text) if text.trim_start().starts_with('{') => text.as_bytes().to_vec(),
            Some(file) => std::fs::read(file).map_err(|error| usage(format!("{file}: {error}")))?,
        };
        if !operation.is_json() {
            if self.reason.is_some() {
                return Err(usage(format!("{id} takes a file and no reason")));
            }
            return Ok(Some((self.media(operation), bytes)));
        }
        let Some(reason) = &self.reason else {
            return Ok(Some((JSON.to_owned(), bytes)));
        };
        let mut body: Value = serde_json::from_slice(&bytes)
            .map_err(|error| usage(format!("the body is no JSON: {error}")))?;
        let members = body.as_object_mut();
        let members = members.ok_or_else(|| usage("the body is one JSON object"))?;
        members.insert("reason".to_owned(), Value::from(&**reason));
        Ok(Some((JSON.to_owned(), body.to_string().into_bytes())))
    }

    /// Media type of a file: a workbook, if its name says so and the operation takes it.
    fn media(&self, operation: &Operation) -> String {
        let book = self.body.as_deref();
        let book = book.is_some_and(|file| file.to_ascii_lowercase().ends_with(".xlsx"));
        let mut takes = operation.media.iter();
        let found = takes.find(|media| media.contains("spreadsheet") == book);
        found.map_or_else(|| "text/csv".to_owned(), String::clone)
    }
}
