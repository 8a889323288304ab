//! A new data directory: a copy of one that `initdb` made once for each installation.
//!
//! Templates are in the user's cache directory; where that can't be used, `initdb` runs each time, ten times slower.
//! The copies share one system identifier, which matters only to replication between them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::account::{Account, run};
use super::find::{Installation, variable};
use super::home::open_own;
use super::{SUPERUSER, digest, failed};
use crate::diagnostic::Result;

/// Locales to try, the preferred first: the second exists everywhere.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// What every `initdb` is told; local connections are trusted, for the socket's directory keeps others out.
const INITDB: [&str; 5] = ["--encoding=UTF8", "--auth=trust", "--no-sync", "--no-instructions", "--username"];

/// Fills `target`, an empty directory of `account`, with a new data directory.
pub(super) fn create_data(installation: &Installation, account: Account, target: &Path) -> Result<()> {
    match cached(installation, account) {
        Some(template) => run(account.command(Path::new("cp")).arg("-R").arg(template.join(".")).arg(target)).map(drop),
        None => initdb(installation, account, target),
    }
}

/// Writes a copied data directory to disk; without this a crash of the machine soon after may leave half of it.
pub(super) fn sync_data(installation: &Installation, account: Account, data: &Path) -> Result<()> {
    run(account.command(&installation.program("initdb")).arg("--sync-only").arg("-D").arg(data)).map(drop)
}

/// The template of this installation, made now if it is missing; nothing where no cache directory can be used.
fn cached(installation: &Installation, account: Account) -> Option<PathBuf> {
    let cache = cache_directory(account)?;
    let key = digest(&[
        installation.bin.as_os_str().as_bytes(),
        installation.version.text.as_bytes(),
        format!("{INITDB:?} {LOCALES:?}").as_bytes(),
    ]);
    let template = cache.join(format!("postgresql-{}-{key}", installation.version.major));
    if !template.is_dir() {
        build(installation, account, &cache, &template)
            .inspect_err(|e| tracing::debug!("no template in `{}`: {e}", cache.display()))
            .ok()?;
    }
    Some(template)
}

/// Makes `template` under a temporary name and renames it, so that it is whole once it is there.
fn build(installation: &Installation, account: Account, cache: &Path, template: &Path) -> Result<()> {
    let lock = open_own(&cache.join("lock"))?;
    lock.lock().map_err(failed("lock", cache))?;
    if template.is_dir() {
        return Ok(());
    }
    let fresh = account.temporary_directory(cache, "new-")?;
    initdb(installation, account, fresh.path())?;
    std::fs::rename(fresh.path(), template).map_err(failed("create", template))
}

/// Runs `initdb` on an empty directory.
fn initdb(installation: &Installation, account: Account, target: &Path) -> Result<()> {
    let with_locale = |locale: &str| {
        let mut command = account.command(&installation.program("initdb"));
        command.args(INITDB).arg(SUPERUSER).arg(format!("--locale={locale}")).arg("-D").arg(target);
        run(&mut command).map(drop)
    };
    with_locale(LOCALES[0]).or_else(|_| with_locale(LOCALES[1]))
}

/// The first of the user's and the machine's cache directories that the user who runs the server can use.
fn cache_directory(account: Account) -> Option<PathBuf> {
    let named = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let own = variable("HOME").map(|home| Path::new(&home).join(".cache"));
    let shared = (account != Account::Own).then(|| PathBuf::from("/var/cache"));
    [named, own, shared].into_iter().flatten().find_map(|base| usable(&base, account))
}

/// The directory of templates under `base`, made if missing; nothing where `account` can't use it.
fn usable(base: &Path, account: Account) -> Option<PathBuf> {
    if account != Account::Own && !account.reaches(base) {
        return None;
    }
    let ours = base.join("dbstate");
    std::fs::create_dir_all(&ours).ok()?;
    let dir = ours.join(format!("postgresql-{}", account.uid()));
    account.make_directory(&dir).ok().map(|()| dir)
}
