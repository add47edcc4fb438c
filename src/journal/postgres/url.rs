//! The address of a PostgreSQL database. It may hold a password, which is never shown.

use std::fmt;
use std::str::FromStr;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

/// What may stand behind the question mark. The driver passes over what it does not know, and
/// tells it to the log with its value.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// Why a text is no address of a PostgreSQL database. The text is not repeated: it may hold a
/// password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresUrlError {
    /// It begins with something else.
    #[error("a database is given as postgres://user@host:port/name")]
    Scheme,
    /// There is no name of a database in it.
    #[error("the address of the database names no database, as in postgres://user@host/name")]
    Name,
    /// It is no URL.
    #[error("the address of the database cannot be read")]
    Url(#[source] sqlx::Error),
    /// A parameter is not known.
    #[error("the address of the database has the unknown parameter {0}")]
    Parameter(String),
}

/// The address of a PostgreSQL database, like `postgres://user@host:5432/name`. Shown without its
/// password.
#[derive(Clone)]
pub struct PostgresUrl {
    options: Box<PgConnectOptions>,
    shown: String,
    /// The text it was read from; only compared.
    text: String,
}

impl PostgresUrl {
    /// How to connect.
    pub(crate) fn options(&self) -> PgConnectOptions {
        (*self.options).clone()
    }
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<PostgresUrl, PostgresUrlError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("postgres" | "postgresql")) {
            return Err(PostgresUrlError::Scheme);
        }
        if let Some((_, query)) = text.split_once('?') {
            let names = query.split('&').filter_map(|pair| pair.split('=').next());
            for name in names {
                let plain = name.split_once('[').map_or(name, |(name, _)| name);
                if !PARAMETERS.contains(&plain) {
                    return Err(PostgresUrlError::Parameter(name.to_owned()));
                }
            }
        }
        let options: PgConnectOptions = text.parse().map_err(PostgresUrlError::Url)?;
        let database = options.get_database().ok_or(PostgresUrlError::Name)?;
        let user = options.get_username();
        let shown = match options.get_socket() {
            Some(socket) => format!("postgres://{user}@{}/{database}", socket.display()),
            None => {
                let (host, port) = (options.get_host(), options.get_port());
                format!("postgres://{user}@{host}:{port}/{database}")
            }
        };
        Ok(PostgresUrl {
            options: Box::new(options.disable_statement_logging()),
            shown,
            text: text.to_owned(),
        })
    }
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &PostgresUrl) -> bool {
        self.text == other.text
    }
}

impl Eq for PostgresUrl {}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "s3cret";

    #[test]
    fn an_address_is_shown_without_its_password() {
        let cases = [
            (
                "postgres://clerk:s3cret@db.example:6543/ledger?sslmode=disable",
                "postgres://clerk@db.example:6543/ledger",
            ),
            (
                "postgresql://db.example/ledger?user=clerk&password=s3cret",
                "postgres://clerk@db.example:5432/ledger",
            ),
            (
                "postgres:///ledger?host=/run/pg&user=clerk&password=s3cret",
                "postgres://clerk@/run/pg/ledger",
            ),
        ];
        for (text, shown) in cases {
            let url: PostgresUrl = text.parse().expect(shown);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        let cases = [
            "mysql://clerk:s3cret@host/ledger",
            "clerk:s3cret@host/ledger",
            "postgres://clerk:s3cret@host:port/ledger",
            "postgres://clerk:s3cret@host",
            "postgres://clerk@host/ledger?pasword=s3cret",
            "postgres://clerk@host/ledger?port=s3cret",
        ];
        for text in cases {
            let error = text.parse::<PostgresUrl>().expect_err(text);
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                assert!(!error.to_string().contains(PASSWORD), "{error}");
                assert!(!format!("{error:?}").contains(PASSWORD), "{error:?}");
                cause = error.source();
            }
        }
    }
}
