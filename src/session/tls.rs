//! TLS for a target: which certificates to trust, which to show, and how the handshake goes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::{Failure, Next};
use super::place::HostKind;
use super::socket::Wire;
use super::target::{SslFile, SslRoot};
use super::verify::{Anchors, Verifier};
use super::{Place, SslMode, SslNegotiation, SslSettings};

/// A way to speak TLS with one host, and the name to give in the handshake.
pub(super) struct Tls {
    make: MakeRustlsConnect,
    /// The host's name, or a stand-in where it is not one that TLS can carry.
    name: String,
}

impl Tls {
    /// What the driver takes for one connection.
    pub fn connector(mut self) -> <MakeRustlsConnect as MakeTlsConnect<Wire>>::TlsConnect {
        match MakeTlsConnect::<Wire>::make_tls_connect(&mut self.make, &self.name) {
            Ok(connector) => connector,
            Err(never) => match never {},
        }
    }
}

/// Reads the files of `ssl` and prepares the handshake with the host of `place`. See `libpq-ssl`.
pub(super) fn prepare(ssl: &SslSettings, place: &Place) -> Result<Tls, Failure> {
    let host = match &place.host.kind {
        HostKind::Tcp { name, .. } => name.as_str(),
        HostKind::Socket(_) => "",
    };
    if host.is_empty() && ssl.mode == SslMode::VerifyFull {
        return Err(wrong("there is no host name to check", "`sslmode=verify-full` needs `host` beside `hostaddr`"));
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        algorithms: provider.signature_verification_algorithms,
        anchors: anchors(ssl, &provider)?,
        host: (ssl.mode == SslMode::VerifyFull).then(|| host.to_owned()),
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(ssl))
        .map_err(|error| wrong(error.to_string(), "leave the protocol versions to the defaults"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match client_certificate(ssl, &provider)? {
        Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
        None => builder.with_no_client_auth(),
    };
    let nameable = ServerName::try_from(host).is_ok();
    config.enable_sni = ssl.sni && nameable;
    if ssl.negotiation == SslNegotiation::Direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    let name = if nameable { host } else { "server.invalid" };
    Ok(Tls { make: MakeRustlsConnect::new(config), name: name.to_owned() })
}

fn wrong(cause: impl Into<String>, help: impl Into<String>) -> Failure {
    Failure::new(Next::Nothing, cause, help).encrypted(true)
}

fn versions(ssl: &SslSettings) -> Vec<&'static SupportedProtocolVersion> {
    match (ssl.only_tls12, ssl.only_tls13) {
        (true, _) => vec![&TLS12],
        (_, true) => vec![&TLS13],
        _ => vec![&TLS12, &TLS13],
    }
}

/// The authorities. As in libpq, a root certificate file that exists is used in every mode, so that `require` with
/// one is `verify-ca`.
fn anchors(ssl: &SslSettings, provider: &Arc<CryptoProvider>) -> Result<Option<Anchors>, Failure> {
    let Some(roots) = roots(ssl)? else { return Ok(None) };
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(roots.iter().cloned());
    if added == 0 {
        return Err(wrong(
            "no certificate of an authority was found",
            "`sslrootcert` names a file of PEM certificates",
        ));
    }
    let revoked = match &ssl.crl {
        Some(file) if file.explicit || file.path.exists() => read_crl(file)?,
        _ => Vec::new(),
    };
    let revocation = !revoked.is_empty();
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .with_crls(revoked)
        .build()
        .map_err(|error| wrong(error.to_string(), "check `sslcrl`: a file of PEM revocation lists"))?;
    Ok(Some(Anchors { webpki, roots, revocation }))
}

fn roots(ssl: &SslSettings) -> Result<Option<Vec<CertificateDer<'static>>>, Failure> {
    let file = match &ssl.root {
        Some(SslRoot::System) => return Ok(Some(rustls_native_certs::load_native_certs().certs)),
        Some(SslRoot::File(file)) if file.path.exists() => file,
        _ if ssl.mode < SslMode::VerifyCa => return Ok(None),
        missing => {
            let path = match missing {
                Some(SslRoot::File(file)) => format!(": `{}` does not exist", file.path.display()),
                _ => String::new(),
            };
            let help = "name it with `sslrootcert=FILE`, use `sslrootcert=system`, or change `sslmode`";
            return Err(wrong(format!("there is no root certificate file to check the server by{path}"), help));
        }
    };
    read_certificates(&file.path, "sslrootcert").map(Some)
}

fn read_certificates(path: &Path, keyword: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(wrong(
            format!("`{keyword}` file `{}` holds no certificate", path.display()),
            "it is a PEM file: `-----BEGIN CERTIFICATE-----`",
        )),
        Err(error) => Err(unreadable(path, keyword, &error)),
    }
}

fn unreadable(path: &Path, keyword: &str, error: &rustls::pki_types::pem::Error) -> Failure {
    let reason = match error {
        rustls::pki_types::pem::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    wrong(format!("`{keyword}` file `{}` can't be used: {reason}", path.display()), "it is a readable PEM file")
}

fn read_crl(file: &SslFile) -> Result<Vec<CertificateRevocationListDer<'static>>, Failure> {
    CertificateRevocationListDer::pem_file_iter(&file.path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(&file.path, "sslcrl", &error))
}

/// The client's certificate and key; `None` where the default files don't exist.
fn client_certificate(ssl: &SslSettings, provider: &CryptoProvider) -> Result<Option<CertifiedKey>, Failure> {
    let Some(cert) = ssl.cert.as_ref().filter(|file| file.explicit || file.path.exists()) else { return Ok(None) };
    let chain = read_certificates(&cert.path, "sslcert")?;
    let Some(key) = ssl.key.as_ref().filter(|file| file.path.exists()) else {
        let path = ssl.key.as_ref().map(|file| format!(", `{}` does not exist", file.path.display()));
        let cause = format!("the client's certificate has no private key{}", path.unwrap_or_default());
        return Err(wrong(cause, "name the key with `sslkey=FILE`"));
    };
    check_mode(&key.path)?;
    let der = PrivateKeyDer::from_pem_file(&key.path).map_err(|error| private_key(&key.path, &error))?;
    let signer = provider.key_provider.load_private_key(der).map_err(|_| {
        wrong(
            format!("`sslkey` file `{}` holds a key of an unknown kind", key.path.display()),
            "RSA, ECDSA (P-256, P-384) and Ed25519 keys are supported",
        )
    })?;
    Ok(Some(CertifiedKey::new(chain, signer)))
}

fn private_key(path: &Path, error: &rustls::pki_types::pem::Error) -> Failure {
    let encrypted = fs::read_to_string(path).is_ok_and(|text| text.contains("ENCRYPTED"));
    if encrypted {
        return wrong(
            format!("`sslkey` file `{}` is encrypted", path.display()),
            "decrypt it with `openssl pkey -in FILE -out NEW`, `chmod 600 NEW`, and name the new file",
        );
    }
    unreadable(path, "sslkey", error)
}

/// libpq's rule: nobody else may read the key, but a key of root's may be read by its group.
fn check_mode(path: &Path) -> Result<(), Failure> {
    let meta = fs::metadata(path).map_err(|error| {
        wrong(format!("`sslkey` file `{}` can't be read: {error}", path.display()), "check its permissions")
    })?;
    let forbidden = if meta.uid() == 0 && !rustix::process::geteuid().is_root() { 0o027 } else { 0o077 };
    if meta.mode() & forbidden == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(wrong(format!("`sslkey` file `{path}` can be read by others"), format!("`chmod 600 {path}`")))
}
