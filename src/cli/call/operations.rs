//! The operations of the API, read from the document that describes them.

use serde_json::{Map, Value};

use super::CliError;

/// How deep the fields of fields are told.
const DEPTH_MAX: usize = 4;

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// Its path, with the names of parameters in braces.
    pub(super) path: String,
    /// What it does, in a line.
    pub(super) text: String,
    /// Names of the parameters of its path, all of them needed.
    pub(super) path_parameters: Vec<String>,
    /// Names of the parameters of its query.
    pub(super) query: Vec<String>,
    /// Whether it takes an idempotency key.
    pub(super) keyed: bool,
    /// Media types that its body may have; empty for a read.
    pub(super) media: Vec<String>,
    /// Schema of its body.
    schema: Value,
}

/// All operations, with the schemas that their bodies refer to.
#[derive(Debug)]
pub(super) struct Operations {
    pub(super) all: Vec<Operation>,
    schemas: Value,
}

impl Operations {
    pub(super) fn new() -> Result<Operations, CliError> {
        let document = serde_json::to_value(crate::api::openapi());
        let document = document.map_err(|error| CliError::Failed(error.to_string()))?;
        let schemas = document["components"]["schemas"].clone();
        let mut all = Vec::new();
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, described) in methods.as_object().into_iter().flatten() {
                all.push(operation(path, method, described, &schemas));
            }
        }
        Ok(Operations { all, schemas })
    }

    pub(super) fn find(&self, id: &str) -> Result<&Operation, CliError> {
        let found = self.all.iter().find(|operation| operation.id == id);
        found.ok_or_else(|| {
            let words: Vec<&str> = id.split('_').filter(|word| word.len() > 3).collect();
            let near = self.all.iter().map(|operation| &*operation.id);
            let near = near.filter(|id| words.iter().any(|word| id.contains(word)));
            let near: Vec<&str> = near.take(8).collect();
            let hint = if near.is_empty() {
                String::new()
            } else {
                format!(" (like {})", near.join(", "))
            };
            CliError::Usage(format!(
                "there is no operation {id}{hint}; `quantong call` lists all of them"
            ))
        })
    }

    /// All operations, a line each.
    pub(super) fn list(&self) -> String {
        let width = self.all.iter().map(|o| o.id.len()).max().unwrap_or(0);
        let mut lines = String::new();
        for o in &self.all {
            let Operation {
                id, method, path, ..
            } = o;
            lines += &format!("{id:width$}  {method:4} {path}  {}\n", o.text);
        }
        lines
    }

    /// What an operation takes.
    pub(super) fn describe(&self, operation: &Operation) -> String {
        let o = operation;
        let mut told = format!("{}: {} {}\n{}\n", o.id, o.method, o.path, o.text);
        let mut named = |what: &str, names: &[String]| {
            if !names.is_empty() {
                told += &format!("{what}: {}\n", names.join(", "));
            }
        };
        named("path, all needed", &operation.path_parameters);
        named("query", &operation.query);
        named("body", &operation.media);
        if operation.is_json() {
            told += "fields of the body; those with * are needed:\n";
            self.fields(&operation.schema, 1, &mut told);
            if operation.keyed {
                told += "and in every body of a single write: external_ref, reason\n";
            }
        }
        told
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self.resolved(&self.schemas[name]);
        }
        // What may be left out is written as one of nothing and something.
        for several in ["oneOf", "anyOf"] {
            let mut some = schema[several].as_array().into_iter().flatten();
            if let Some(found) = some.find(|one| one["type"] != "null") {
                return self.resolved(found);
            }
        }
        schema
    }

    fn fields(&self, schema: &Value, depth: usize, told: &mut String) {
        let schema = self.resolved(schema);
        let needed = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let star = if needed.contains(&Value::from(&**name)) {
                "*"
            } else {
                ""
            };
            let said = [&field["description"], &self.resolved(field)["description"]];
            let said = said.into_iter().find_map(first_line).unwrap_or_default();
            let kind = self.kind(field);
            let indent = "  ".repeat(depth);
            let line = format!("{indent}{name}{star}: {kind}  {said}");
            *told += &format!("{}\n", line.trim_end());
            let inner = self.resolved(field);
            let inner = match inner["items"] {
                Value::Null => inner,
                ref items => items,
            };
            if depth < DEPTH_MAX {
                self.fields(inner, depth + 1, told);
            }
        }
    }

    fn kind(&self, schema: &Value) -> String {
        let schema = self.resolved(schema);
        if let Some(values) = schema["enum"].as_array() {
            let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            return values.join(" | ");
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null"),
            kind => Some(kind),
        };
        match kind.and_then(Value::as_str) {
            Some("array") => format!("list of {}", self.kind(&schema["items"])),
            Some("string") => "text".to_owned(),
            Some(kind) => kind.to_owned(),
            None => "anything".to_owned(),
        }
    }
}

impl Operation {
    pub(super) fn writes(&self) -> bool {
        !self.media.is_empty()
    }

    pub(super) fn is_json(&self) -> bool {
        self.media.iter().any(|media| media == JSON)
    }
}

/// Media type of most bodies.
pub(super) const JSON: &str = "application/json";

/// The first paragraph of a description, in one line.
fn first_line(text: &Value) -> Option<String> {
    let lines = text.as_str()?.lines().take_while(|line| !line.is_empty());
    Some(lines.collect::<Vec<&str>>().join(" "))
}

fn operation(path: &str, method: &str, described: &Value, schemas: &Value) -> Operation {
    let parameters = described["parameters"].as_array();
    let parameters = parameters.map_or(&[][..], Vec::as_slice);
    let named = |place: &str| {
        let inside = parameters.iter().filter(|one| one["in"] == place);
        let names = inside.filter_map(|one| one["name"].as_str());
        names.map(str::to_owned).collect::<Vec<String>>()
    };
    let content = described["requestBody"]["content"].as_object();
    let schema = content.and_then(|content| content.get(JSON));
    let schema = schema.map_or(Value::Null, |json| json["schema"].clone());
    let name = schema["$ref"].as_str().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let text = first_line(&schemas[name]["description"]);
    let text = text.or_else(|| first_line(&described["summary"]));
    let media = |content: &Map<String, Value>| content.keys().cloned().collect();
    Operation {
        id: described["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        text: text.unwrap_or_default().to_owned(),
        path_parameters: named("path"),
        query: named("query"),
        keyed: named("header").iter().any(|name| name == "Idempotency-Key"),
        media: content.map(media).unwrap_or_default(),
        schema,
    }
}
