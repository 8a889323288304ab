//! The examples at the end of every `--help`.

/// Of `dbstate` itself.
pub const ALL: &str = "\
Examples:
  dbstate init                             a first project in this directory
  dbstate plan -d postgres://app@db/shop   what would change
  dbstate apply -d local                   make the embedded server as declared

Exit codes: 0 nothing to do, or done; 1 failed; 2 differences; 3 refused by a guard; 130 interrupted.
`-h` is the host, as in psql; help is `--help`.";

/// Of `init`.
pub const INIT: &str = "\
Examples:
  dbstate init           in this directory
  dbstate init shop-db   in a new one";

/// Of `validate`.
pub const VALIDATE: &str = "\
Examples:
  dbstate validate               the project of this directory
  dbstate validate -f db/ -f roles.yaml
  dbstate validate --format github         annotations at the lines of a pull request
  dbstate validate --format sarif > dbstate.sarif";

/// Of `fmt`.
pub const FMT: &str = "\
Examples:
  dbstate fmt            the files of the project
  dbstate fmt --check    in CI: names what is not in the canonical layout, and exits with 1
  dbstate fmt - < shop.yaml";

/// Of `plan`.
pub const PLAN: &str = "\
Examples:
  dbstate plan -d postgres://app@db.example.com/shop
  dbstate plan --env prod --exit-code      2 when something would change
  dbstate plan --env tenants --jobs 16     of many databases: those with the same plan together
  dbstate plan --out deploy.plan           saves it, for `dbstate apply deploy.plan`
  dbstate plan --format sql | psql shop    the statements, for somebody else to run
  dbstate plan --format markdown > plan.md   for a comment under a pull request
  dbstate plan --format json | jq .summary";

/// Of `apply`.
pub const APPLY: &str = "\
Examples:
  dbstate apply                                shows the plan and asks
  dbstate apply --yes --allow access,breaking  on deploy
  dbstate apply deploy.plan --yes              what `dbstate plan --out` saved, as it was reviewed
  dbstate apply --yes --env-file .env --lock-timeout 3s
  dbstate apply --yes --env tenants --canary 3 --shard 1/4   many databases: three first, then the others";

/// Of `drift`.
pub const DRIFT: &str = "\
Examples:
  dbstate drift --env prod     every night: exit code 2 when the database differs
  dbstate drift --format junit > drift.xml
  dbstate drift --adopt        has the YAML say what was changed by hand, with comments kept";

/// Of `diff`.
pub const DIFF: &str = "\
Examples:
  dbstate diff main..HEAD                       what a branch changes; no database is needed
  dbstate diff postgres://db/shop staging/      what leads from a database to a directory of YAML
  dbstate diff reviewed.plan                    what the project of a saved plan lacks of this one
  dbstate diff postgres://a/shop postgres://b/shop --exit-code";

/// Of `pull`.
pub const PULL: &str = "\
Examples:
  dbstate pull -d shop -o db/          a file a schema
  dbstate pull -d shop --schema shop   one schema, to standard output
  dbstate pull -d shop --manage database -o db/
  dbstate pull -d shop -o db/ --bodies files   functions and views in `.sql` files
  dbstate pull -o .                            writes into this project what was changed by hand";

/// Of `access`.
pub const ACCESS: &str = "\
Examples:
  dbstate access app --env prod       all that role `app` may do, and by which memberships and grants
  dbstate access shop.orders          who may do what with a table
  dbstate access public --declared    what everybody may do, as the project says
  dbstate access app --format json | jq '.roles[0].things[].name'";

/// Of `graph`.
pub const GRAPH: &str = "\
Examples:
  dbstate graph -o schema.svg                          the tables that the project declares
  dbstate graph -d shop --schema shop --format mermaid
  dbstate graph --around shop.orders --depth 2 -o orders.svg
  dbstate graph --format dot | dot -Tpdf > schema.pdf
  dbstate graph --plan --env prod -o plan.svg          what waits for what";

/// Of `docs`.
pub const DOCS: &str = "\
Examples:
  dbstate docs -d shop -o site/       pages about a database: open site/index.html
  dbstate docs --declared -o site/    about what the project declares; no server is asked";

/// Of `history`.
pub const HISTORY: &str = "\
Examples:
  dbstate history --env prod              who applied what, and when; the latest first
  dbstate history -v                      with the statements
  dbstate history --format json | jq '.applies[0].revision'";

/// Of `local`.
pub const LOCAL: &str = "\
Examples:
  dbstate local start shop   starts the server and makes the database `shop`
  dbstate plan -d local/shop
  dbstate local psql shop -- -c 'select 1'
  dbstate local stop";

/// Of `local start`.
pub const LOCAL_START: &str = "\
Examples:
  dbstate local start              starts the server
  dbstate local start shop audit   and makes these databases where they are missing";

/// Of `local stop`.
pub const LOCAL_STOP: &str = "\
Example:
  dbstate local stop   stops the server; what its databases hold stays";

/// Of `local status`.
pub const LOCAL_STATUS: &str = "\
Example:
  dbstate local status || dbstate local start

Exits with 0 if the server runs, with 2 if not.";

/// Of `local url`.
pub const LOCAL_URL: &str = "\
Example:
  pg_dump --schema-only \"$(dbstate local url shop)\"";

/// Of `local psql`.
pub const LOCAL_PSQL: &str = "\
Examples:
  dbstate local psql shop
  dbstate local psql shop -- -f rows.sql   passes what follows `--` to psql";

/// Of `schema`.
pub const SCHEMA: &str = "\
Examples:
  dbstate schema > .dbstate/schema.json
  dbstate schema --settings > .dbstate/settings.json

With `# yaml-language-server: $schema=.dbstate/schema.json` at the top of a file, editors complete and check it.";

/// Of `explain`.
pub const EXPLAIN: &str = "\
Examples:
  dbstate explain           every code
  dbstate explain rewrite   a hazard class";

/// Of `lsp`.
pub const LSP: &str = "\
Examples:
  dbstate lsp                 for the editor to start, on files of type yaml
  dbstate lsp --env staging   shows what is in that database beside what is declared

Without a database that a flag, a variable or `dbstate.yaml` names, it shows the SQL that makes what is declared.";

/// Of `man`.
pub const MAN: &str = "\
Examples:
  dbstate man -o ~/.local/share/man/man1   then `man dbstate-plan`
  dbstate man | man -l -                   the first page";

/// Of `completions`.
pub const COMPLETIONS: &str = "\
Examples:
  source <(dbstate completions bash)
  dbstate completions zsh > ~/.zfunc/_dbstate
  dbstate completions fish > ~/.config/fish/completions/dbstate.fish
  dbstate completions powershell >> $PROFILE";
