//! Certificates for tests, made by the `openssl` program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::program::run;

/// A certificate authority made by the `openssl` program.
pub struct Authority(pub PathBuf);

impl Authority {
    /// A new one, whose certificate and key are `name.crt` and `name.key` in `dir`.
    pub fn new(dir: &Path, name: &str) -> Self {
        let path = dir.join(name);
        let subject = format!("/CN={name}");
        openssl(&["req", "-x509", "-nodes", "-days", "3", "-subj", &subject], &path, &["-newkey", "ec", "-pkeyopt"]);
        Self(path)
    }

    /// A certificate `name.crt` and its key `name.key` next to the authority, for common name `localhost` if there are
    /// no alternative names.
    pub fn sign(&self, name: &str, alternatives: Option<&str>) -> PathBuf {
        self.sign_as(name, if alternatives.is_some() { "other" } else { "localhost" }, alternatives, "3")
    }

    /// The same, for that common name and so many days.
    pub fn sign_as(&self, name: &str, common: &str, alternatives: Option<&str>, days: &str) -> PathBuf {
        let path = self.0.with_file_name(name);
        let request = path.with_extension("csr");
        let subject = format!("/CN={common}");
        run(Command::new("openssl")
            .args(["req", "-new", "-nodes", "-newkey", "rsa:2048", "-subj", &subject, "-keyout"])
            .arg(path.with_extension("key"))
            .arg("-out")
            .arg(&request));
        let mut command = Command::new("openssl");
        command.args(["x509", "-req", "-days", days, "-CAcreateserial", "-in"]).arg(&request);
        command.arg("-CA").arg(self.0.with_extension("crt")).arg("-CAkey").arg(self.0.with_extension("key"));
        if let Some(alternatives) = alternatives {
            let extensions = path.with_extension("ext");
            fs::write(&extensions, format!("subjectAltName={alternatives}\n")).expect("a file");
            command.arg("-extfile").arg(&extensions);
        }
        run(command.arg("-out").arg(path.with_extension("crt")));
        path
    }
}

/// `openssl req` for an authority.
fn openssl(arguments: &[&str], path: &Path, key: &[&str]) {
    let mut command = Command::new("openssl");
    command.args(arguments).args(key).arg("ec_paramgen_curve:P-256");
    run(command.arg("-keyout").arg(path.with_extension("key")).arg("-out").arg(path.with_extension("crt")));
}
