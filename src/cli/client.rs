//! What commands have in common that talk to a running server.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::folder::CliError;

/// Where the server is.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// Address of a running server
    #[arg(long, env = "QUANTONG_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

/// Where the server is, and who asks.
#[derive(Debug, clap::Args)]
pub(super) struct Server {
    #[command(flatten)]
    place: Place,
    /// Access token of the person who asks; give it in the environment, where other users of the
    /// machine do not see it
    #[arg(long, env = "QUANTONG_TOKEN", hide_env_values = true)]
    token: String,
}

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Place {
    pub(super) fn request(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let zh = std::env::var("LANG").is_ok_and(|lang| lang.starts_with("zh"));
        let lang = if zh { "zh" } else { "en" };
        client.request(method, url).header("Accept-Language", lang)
    }
}

impl Server {
    pub(super) fn client() -> Result<Client, CliError> {
        let client = Client::builder().no_proxy().build();
        client.map_err(|error| CliError::Failed(error.to_string()))
    }

    pub(super) fn request(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        let request = self.place.request(client, method, path);
        request.bearer_auth(&self.token)
    }
}

/// Sends a request and reads status and text of the answer.
pub(super) async fn ask_text(request: RequestBuilder) -> Result<(u16, String), CliError> {
    let unreached = |error: reqwest::Error| CliError::Failed(format!("the server: {error}"));
    let answer = request.send().await.map_err(unreached)?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.map_err(unreached)?))
}

/// Sends a request and reads the answer.
pub(super) async fn ask(request: RequestBuilder) -> Result<Answer, CliError> {
    let (status, text) = ask_text(request).await?;
    let body = serde_json::from_str(&text)
        .map_err(|_| CliError::Failed(format!("the server answered {status} and no JSON")))?;
    Ok(Answer { status, body })
}

/// What a problem document says: code and text, then every field and fault on a line of its own.
pub(super) fn complaint(body: &Value) -> String {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let mut said = format!("{}: {}", text("code"), text("title"));
    if body["detail"].is_string() {
        said += &format!(" ({})", text("detail"));
    }
    for error in body["errors"].as_array().into_iter().flatten() {
        let part = |name: &str| error[name].as_str().unwrap_or_default();
        said += &format!("\n  {}: {}", part("field"), part("problem"));
    }
    for fault in body["faults"].as_array().into_iter().flatten() {
        let part = |name: &str| fault[name].as_str().unwrap_or_default();
        said += &format!("\n  {}: {}", part("code"), part("text"));
    }
    said
}

/// Prints a line, see [`write_line`].
pub(super) fn say(line: &str) {
    write_line(format_args!("{line}"));
}

/// Writes a line. A reader that has gone away (`| head`) ends nothing that was asked for.
pub(super) fn write_line(line: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    if let Err(error) = writeln!(std::io::stdout(), "{line}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        eprintln!("quantong: standard output cannot be written: {error}");
    }
}
