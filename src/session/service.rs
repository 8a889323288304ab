//! Connection service files, `pg_service.conf`: sections of parameters under a name; see `libpq-pgservice`.

use std::fs;
use std::path::{Path, PathBuf};

use super::parameter::{self, Settings};
use super::usage;
use crate::diagnostic::{Code, Diagnostic, Result};

/// The parameters of service `name`, from the first of `files` that has it. Files that do not exist are passed over.
pub(super) fn read(name: &str, files: &[PathBuf]) -> Result<Settings> {
    for file in files {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                let message = format!("service file `{}` can't be read: {error}", file.display());
                return Err(Box::new(
                    Diagnostic::new(Code::File, message).help("`PGSERVICEFILE` or `servicefile` names the file"),
                ));
            }
        };
        if let Some(settings) = parse(&text, name, file)? {
            return Ok(settings);
        }
    }
    let tried: Vec<_> = files.iter().map(|file| format!("`{}`", file.display())).collect();
    Err(usage(
        format!("service `{name}` is not defined"),
        format!("add a section `[{name}]` to one of {}", tried.join(", ")),
    ))
}

/// The section `name` of a file's text.
fn parse(text: &str, name: &str, file: &Path) -> Result<Option<Settings>> {
    let mut found: Option<Settings> = None;
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            inside = section.strip_suffix(']') == Some(name);
            if inside {
                found = Some(Settings::default());
            }
        } else if inside && let Some(settings) = &mut found {
            set(line, settings).map_err(|(message, help)| {
                usage(format!("{message}, in line {} of service file `{}`", number + 1, file.display()), help)
            })?;
        }
    }
    Ok(found)
}

/// Sets one `key=value`; the first of two wins, as in libpq.
fn set(line: &str, settings: &mut Settings) -> Result<(), (String, String)> {
    let Some((key, value)) = line.split_once('=') else {
        return Err(("a line without `=`".to_owned(), "write `keyword=value`, without blanks around `=`".to_owned()));
    };
    if key == "ldap" || line.starts_with("ldap:") {
        return Err(("LDAP look-up is not supported".to_owned(), "write the parameters into the file".to_owned()));
    }
    if key == "service" || key == "servicefile" {
        return Err((format!("`{key}` inside a service"), "a service can't refer to another one".to_owned()));
    }
    let Some(parameter) = parameter::find(key) else {
        let help = parameter::nearest(key)
            .map_or_else(|| "the parameters are those of libpq".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err((format!("unknown parameter `{key}`"), help));
    };
    settings.fill(parameter.keyword, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_of_the_name() {
        let text = "# c\n[a]\nhost=x\n\n[b]\nhost=h\nhost=second\n port=5433\npassword=a=b\n[b]\nhost=late\n";
        let settings = parse(text, "b", Path::new("f")).expect("it parses").expect("it is there");
        assert_eq!(settings.given("host"), Some("h"));
        assert_eq!(settings.given("port"), Some("5433"));
        assert_eq!(settings.given("password"), Some("a=b"));
        assert!(parse(text, "c", Path::new("f")).expect("it parses").is_none());
    }

    #[test]
    fn mistakes_name_the_line() {
        for (text, message) in [
            ("[a]\nhost", "a line without `=`, in line 2 of service file `f`"),
            ("[a]\nhots=x", "unknown parameter `hots`, in line 2 of service file `f`"),
            ("[a]\nservice=x", "`service` inside a service, in line 2 of service file `f`"),
        ] {
            assert_eq!(parse(text, "a", Path::new("f")).expect_err("it fails").to_string(), message);
        }
        assert_eq!(read("n", &[]).expect_err("it fails").to_string(), "service `n` is not defined");
    }
}
