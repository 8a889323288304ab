//! Which database: a flag, `DBSTATE_DATABASE`, `DATABASE_URL`, libpq's variables, `dbstate.yaml`.

use std::path::Path;

use clap::Args;

use super::output::Output;
use super::{Failure, WithSources};
use crate::declare::project::{Settings, settings_of};
use crate::diagnostic::{Code, Diagnostic, Result, io_text};
use crate::local::{Options, Server};
use crate::session::{self, Overrides, Session, Target};

/// Where to connect.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// A URL, a `key=value` string, a database name, or `local` (`local/NAME`) for the embedded server
    #[arg(short, long, value_name = "URL", help_heading = "Connection")]
    database: Option<String>,
    /// Server host or socket directory
    #[arg(short = 'h', long, help_heading = "Connection")]
    host: Option<String>,
    /// Server port
    #[arg(short, long, help_heading = "Connection")]
    port: Option<u16>,
    /// Role to connect as
    #[arg(short = 'U', long, value_name = "ROLE", help_heading = "Connection")]
    username: Option<String>,
    /// An environment of `dbstate.yaml`
    #[arg(long, value_name = "NAME", help_heading = "Connection")]
    env: Option<String>,
    /// A file of `NAME=value` lines that go before environment variables, for the connection and for role passwords
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    env_file: Option<std::path::PathBuf>,
}

/// The database of the embedded server where none is named.
pub const LOCAL_DATABASE: &str = "postgres";

impl Connection {
    /// To the database of that URL or name.
    pub fn to(database: &str) -> Self {
        let database = Some(database.to_owned());
        Self { database, host: None, port: None, username: None, env: None, env_file: None }
    }

    /// True where a flag says which database.
    pub fn is_named(&self) -> bool {
        let Self { database, host, port, username, env, env_file: _ } = self;
        database.is_some() || host.is_some() || port.is_some() || username.is_some() || env.is_some()
    }

    /// Connects; warnings go to `output`.
    pub async fn open(&self, settings: &Settings, output: &Output) -> Result<Session> {
        let target = self.target(settings)?;
        let session = session::connect(&target, &[]).await?;
        output.watch(session.canceller());
        for warning in target.warnings().iter().chain(&session.warnings) {
            output.warning(warning);
        }
        Ok(session)
    }

    /// Connects as the settings of this directory say where no flag does.
    pub async fn here(&self, output: &Output) -> Result<Session, Failure> {
        let (project, problems) = settings_of(&std::env::current_dir().unwrap_or_default());
        problems.into_result(()).with(&project.sources)?;
        self.open(&project.settings, output).await.with(&project.sources)
    }

    fn target(&self, settings: &Settings) -> Result<Target> {
        let file = self.variables()?;
        let env = |name: &str| {
            file.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.clone()).or_else(|| std::env::var(name).ok())
        };
        let named = match &self.env {
            None => None,
            Some(name) => Some(settings.environments.get(name).ok_or_else(|| unknown(name, settings))?),
        };
        let explicit = match (&self.database, named.and_then(|n| n.database.as_ref())) {
            (Some(database), _) => Some(database.clone()),
            (None, Some(source)) => Some(source.resolve(&env)?),
            (None, None) => env("DBSTATE_DATABASE").or_else(|| env("DATABASE_URL")),
        };
        let libpq = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE", "PGPORT", "PGUSER"];
        let given = self.host.is_some()
            || self.port.is_some()
            || self.username.is_some()
            || libpq.iter().any(|n| env(n).is_some());
        let explicit = match (explicit, &settings.database) {
            (None, Some(source)) if !given => Some(source.resolve(&env)?),
            (explicit, _) => explicit,
        };
        if let Some(name) = explicit.as_deref().and_then(local_name) {
            return Target::parse(&start_local(name)?);
        }
        let overrides = Overrides { host: self.host.clone(), port: self.port, user: self.username.clone() };
        Target::resolve(explicit.as_deref(), &overrides, &env)
    }

    /// The hazard classes that the environment allows besides.
    pub fn allowed<'a>(&self, settings: &'a Settings) -> &'a [String] {
        let environment = self.env.as_ref().and_then(|name| settings.environments.get(name));
        environment.map_or(&[], |environment| environment.allow.as_slice())
    }

    /// The variables of `--env-file`; role passwords are looked up among them too.
    fn variables(&self) -> Result<Vec<(String, String)>> {
        let Some(path) = &self.env_file else { return Ok(Vec::new()) };
        let failed = |code: Code, cause: String| {
            let message = format!("can't read `{}`: {cause}", path.display());
            let help = "name a file of `NAME=value` lines; a value with spaces or `#` stands in quotes";
            Box::new(Diagnostic::new(code, message).help(help))
        };
        let lines = dotenvy::from_path_iter(path).map_err(|error| match error {
            dotenvy::Error::Io(error) => failed(Code::File, io_text(&error)),
            other => failed(Code::Usage, other.to_string()),
        })?;
        let read = |line: dotenvy::Result<(String, String)>| match line {
            Ok(pair) => Ok(pair),
            Err(dotenvy::Error::LineParse(line, _)) => {
                // The line may hold a password: it is named, not shown.
                let text = std::fs::read_to_string(path).unwrap_or_default();
                let number = text.lines().position(|l| l.trim() == line.trim()).map_or(1, |i| i + 1);
                Err(failed(Code::Usage, format!("line {number} is not `NAME=value`")))
            }
            Err(dotenvy::Error::Io(error)) => Err(failed(Code::File, io_text(&error))),
            Err(_) => Err(failed(Code::Usage, "it is no file of variables".to_owned())),
        };
        let variables: Vec<(String, String)> = lines.map(read).collect::<Result<_>>()?;
        crate::secret::provide(variables.iter().cloned());
        Ok(variables)
    }
}

/// The database name in `local` and `local/NAME`.
fn local_name(database: &str) -> Option<&str> {
    match database.strip_prefix("local")? {
        "" => Some(LOCAL_DATABASE),
        rest => rest.strip_prefix('/'),
    }
}

/// Starts the embedded server of this directory where it is not running.
fn start_local(name: &str) -> Result<String> {
    let server = server()?;
    server.start()?;
    Ok(server.url(name))
}

/// The embedded server of this directory.
pub fn server() -> Result<Server> {
    let here = std::env::current_dir().unwrap_or_default();
    Server::open(project_directory(&here), &Options::default())
}

/// The nearest directory above that has an embedded server or settings, else this one.
fn project_directory(here: &Path) -> &Path {
    let marked = |d: &&Path| d.join(".dbstate").is_dir() || d.join(crate::declare::project::SETTINGS).is_file();
    here.ancestors().find(marked).unwrap_or(here)
}

fn unknown(name: &str, settings: &Settings) -> Box<Diagnostic> {
    let known: Vec<&str> = settings.environments.keys().map(String::as_str).collect();
    let help = crate::model::suggest::did_you_mean(name, &known);
    Box::new(Diagnostic::new(Code::Usage, format!("`dbstate.yaml` has no environment `{name}`")).help(help))
}
