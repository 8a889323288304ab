//! Which database: a flag, `DBSTATE_DATABASE`, `DATABASE_URL`, libpq's variables, `dbstate.yaml`.

use std::path::Path;

use clap::Args;

use super::output::Output;
use super::{Failure, WithSources};
use crate::declare::project::{Databases, Settings, Source, settings_of};
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

/// The variables with which libpq is told which database.
const LIBPQ: [&str; 6] = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE", "PGPORT", "PGUSER"];

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

    /// True where anything says which database: a flag, a variable, or the settings.
    pub fn is_said(&self, settings: &Settings) -> bool {
        let set = |name: &&str| std::env::var_os(name).is_some();
        let variables = ["DBSTATE_DATABASE", "DATABASE_URL"];
        self.is_named() || settings.database.is_some() || variables.iter().chain(&LIBPQ).any(set)
    }

    /// Connects; warnings go to `output`.
    pub async fn open(&self, settings: &Settings, output: &Output) -> Result<Session> {
        self.session(&self.target(settings)?, output).await
    }

    async fn session(&self, target: &Target, output: &Output) -> Result<Session> {
        output.begin("connecting");
        let session = session::connect(target, &[]).await?;
        output.begin("reading and comparing");
        output.watch(0, session.canceller());
        for warning in target.warnings().iter().chain(&session.warnings) {
            output.warning(warning);
        }
        Ok(session)
    }

    /// Connects as the settings of this directory say where no flag does.
    pub async fn here(&self, output: &Output) -> Result<Session, Failure> {
        self.of(&super::here(), output).await
    }

    /// Connects as the settings of a directory say where no flag does.
    pub async fn of(&self, directory: &Path, output: &Output) -> Result<Session, Failure> {
        let (project, problems) = settings_of(directory);
        problems.into_result(()).with(&project.sources)?;
        self.open(&project.settings, output).await.with(&project.sources)
    }

    /// The databases of an environment that has several; nothing where one is meant.
    pub async fn several(&self, settings: &Settings, output: &Output) -> Result<Option<Vec<Target>>> {
        if self.database.is_some() {
            return Ok(None);
        }
        let file = self.variables()?;
        let env = |name: &str| variable(&file, name);
        match self.databases(settings)? {
            None | Some(Databases::One(_)) => Ok(None),
            Some(Databases::List(sources)) => {
                let target = |source: &Source| self.to_target(&source.resolve(&env)?, &env);
                sources.iter().map(target).collect::<Result<_>>().map(Some)
            }
            Some(Databases::Query(query)) => {
                let target = match &query.from {
                    Some(source) => self.to_target(&source.resolve(&env)?, &env)?,
                    None => Self { env: None, ..self.clone() }.target(settings)?,
                };
                self.listed(&target, &query.query, &env, output).await.map(Some)
            }
        }
    }

    /// The databases that a query names.
    async fn listed(&self, at: &Target, query: &str, env: Env<'_>, output: &Output) -> Result<Vec<Target>> {
        let session = self.session(at, output).await?;
        let target = |(i, name): (usize, Option<String>)| match name.as_deref() {
            None | Some("") => {
                let message = format!("row {} of the query names no database", i + 1);
                let help = "its first column is the name of a database, or a connection string";
                Err(Box::new(Diagnostic::new(Code::Usage, message).help(help)))
            }
            Some(name) => at.beside(name, env),
        };
        session.texts(query).await?.into_iter().enumerate().map(target).collect()
    }

    /// What the environment says of its databases.
    fn databases<'a>(&self, settings: &'a Settings) -> Result<Option<&'a Databases>> {
        let Some(name) = &self.env else { return Ok(None) };
        Ok(settings.environment(name)?.database.as_ref())
    }

    fn target(&self, settings: &Settings) -> Result<Target> {
        let file = self.variables()?;
        let env = |name: &str| variable(&file, name);
        let explicit = match (&self.database, self.databases(settings)?) {
            (Some(database), _) => Some(database.clone()),
            (None, Some(Databases::One(source))) => Some(source.resolve(&env)?),
            (None, Some(Databases::List(_) | Databases::Query(_))) => return Err(self.not_one()),
            (None, None) => env("DBSTATE_DATABASE").or_else(|| env("DATABASE_URL")),
        };
        let given = self.host.is_some()
            || self.port.is_some()
            || self.username.is_some()
            || LIBPQ.iter().any(|n| env(n).is_some());
        let explicit = match (explicit, &settings.database) {
            (None, Some(source)) if !given => Some(source.resolve(&env)?),
            (explicit, _) => explicit,
        };
        match explicit {
            Some(database) => self.to_target(&database, &env),
            None => Target::resolve(None, &self.overrides(), &env),
        }
    }

    /// What a URL, a name, or `local` leads to.
    fn to_target(&self, database: &str, env: Env<'_>) -> Result<Target> {
        match local_name(database) {
            Some(name) => Ok(Target::parse(&start_local(name)?)?.made_by("dbstate local start")),
            None => Target::resolve(Some(database), &self.overrides(), env),
        }
    }

    fn overrides(&self) -> Overrides {
        Overrides { host: self.host.clone(), port: self.port, user: self.username.clone() }
    }

    /// Why an environment of several databases is none for a command that is about one.
    fn not_one(&self) -> Box<Diagnostic> {
        let name = self.env.as_deref().unwrap_or_default();
        let message = format!("environment `{name}` is of several databases, and this is about one");
        Box::new(Diagnostic::new(Code::Usage, message).help("name one of them with `--database`"))
    }

    /// The environment that is meant, if a flag names one.
    pub fn environment(&self) -> Option<&str> {
        self.env.as_deref()
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

/// Reads an environment variable.
type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// An environment variable, or what `--env-file` says in its place.
fn variable(file: &[(String, String)], name: &str) -> Option<String> {
    let given = file.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    given.or_else(|| std::env::var(name).ok())
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
