//! X.509 as PostgreSQL's users have it: what OpenSSL takes and webpki does not.
//!
//! The recipes of the PostgreSQL manual (`ssl-tcp`) make certificates of version 1, certificates that are their own
//! authority, and certificates with the host in the common name only. libpq takes all three.

use std::net::IpAddr;

use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct};
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::AlgorithmIdentifierOwned;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A parsed certificate.
pub(super) struct Certificate(x509_cert::Certificate);

impl Certificate {
    pub fn parse(der: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        x509_cert::Certificate::from_der(der).map(Self).map_err(|_| CertificateError::BadEncoding)
    }

    /// True for version 1, which has no extensions.
    pub fn is_version_1(&self) -> bool {
        self.0.tbs_certificate.version == Version::V1
    }

    /// Checks that the certificate names `host`, as libpq does: alternative names first; the common name counts only
    /// where there is no alternative name of the host's own type. The error lists the names it has.
    pub fn names_host(&self, host: &str) -> Result<(), Vec<String>> {
        let address = host.parse::<IpAddr>().ok();
        let Ok((names, addresses)) = self.alternative_names() else { return Err(Vec::new()) };
        let typed = if address.is_some() { !addresses.is_empty() } else { !names.is_empty() };
        let common = if typed { None } else { self.common_name() };
        let matched = address.is_some_and(|address| addresses.contains(&address))
            || names.iter().chain(&common).any(|name| name_matches(name, host));
        if matched {
            return Ok(());
        }
        Err(names.into_iter().chain(addresses.iter().map(ToString::to_string)).chain(common).collect())
    }

    /// An error where they can't be read, for the common name must not step in then.
    fn alternative_names(&self) -> Result<(Vec<String>, Vec<IpAddr>), CertificateError> {
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        let found = self.0.tbs_certificate.get::<SubjectAltName>();
        let found = found.map_err(|_| CertificateError::BadEncoding)?;
        for name in found.into_iter().flat_map(|(_, SubjectAltName(names))| names) {
            match name {
                GeneralName::DnsName(name) => names.push(name.as_str().to_owned()),
                GeneralName::IpAddress(bytes) => addresses.extend(address_of(bytes.as_bytes())),
                _ => {}
            }
        }
        Ok((names, addresses))
    }

    fn common_name(&self) -> Option<String> {
        let attributes = self.0.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
        let bytes = attributes.into_iter().find(|attribute| attribute.oid == COMMON_NAME)?.value.value();
        std::str::from_utf8(bytes).ok().filter(|name| !name.contains('\0')).map(str::to_owned)
    }

    /// Checks the dates.
    fn check_dates(&self, now: UnixTime) -> Result<(), CertificateError> {
        let validity = &self.0.tbs_certificate.validity;
        let now = now.as_secs();
        if now < validity.not_before.to_unix_duration().as_secs() {
            return Err(CertificateError::NotValidYet);
        }
        if now > validity.not_after.to_unix_duration().as_secs() {
            return Err(CertificateError::Expired);
        }
        Ok(())
    }

    /// Checks that one of `roots` vouches for the certificate without any other between. `None`: none does, or the
    /// certificate is neither of version 1 nor a root itself, so that webpki's word stands.
    pub fn check_direct(
        &self,
        roots: &[CertificateDer<'static>],
        algorithms: WebPkiSupportedAlgorithms,
        now: UnixTime,
    ) -> Option<Result<(), CertificateError>> {
        let mut roots = roots.iter().filter_map(|root| Self::parse(root).ok());
        let vouches = |root: &Self| {
            root.0.tbs_certificate.subject == self.0.tbs_certificate.issuer
                && (self.is_version_1() || root.0 == self.0)
                && self.is_signed_by(root, algorithms)
        };
        let root = roots.find(vouches)?;
        Some(self.check_dates(now).and_then(|()| root.check_dates(now)))
    }

    fn is_signed_by(&self, issuer: &Self, algorithms: WebPkiSupportedAlgorithms) -> bool {
        let (Ok(message), Some(signature)) = (self.0.tbs_certificate.to_der(), self.0.signature.as_bytes()) else {
            return false;
        };
        let signed_with = identifier(&self.0.signature_algorithm);
        let (key_kind, key) = issuer.public_key();
        self.0.signature_algorithm == self.0.tbs_certificate.signature
            && algorithms.all.iter().any(|algorithm| {
                Some(algorithm.signature_alg_id().as_ref()) == signed_with.as_deref()
                    && Some(algorithm.public_key_alg_id().as_ref()) == key_kind.as_deref()
                    && algorithm.verify_signature(key, &message, signature).is_ok()
            })
    }

    /// The kind of the public key, and the key.
    fn public_key(&self) -> (Option<Vec<u8>>, &[u8]) {
        let key = &self.0.tbs_certificate.subject_public_key_info;
        (identifier(&key.algorithm), key.subject_public_key.raw_bytes())
    }

    /// Checks the signature of a TLS 1.2 handshake; what rustls does for certificates of version 3.
    pub fn verify_tls12(
        &self,
        message: &[u8],
        signed: &DigitallySignedStruct,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<(), rustls::Error> {
        let (kind, key) = self.public_key();
        let mut choices = algorithms.mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme);
        let verified = choices.any(|(_, algorithms)| {
            algorithms.iter().any(|algorithm| {
                Some(algorithm.public_key_alg_id().as_ref()) == kind.as_deref()
                    && algorithm.verify_signature(key, message, signed.signature()).is_ok()
            })
        });
        if verified { Ok(()) } else { Err(CertificateError::BadSignature.into()) }
    }

    /// Checks the signature of a TLS 1.3 handshake.
    pub fn verify_tls13(
        &self,
        message: &[u8],
        signed: &DigitallySignedStruct,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<(), rustls::Error> {
        let key = self.0.tbs_certificate.subject_public_key_info.to_der();
        let key = SubjectPublicKeyInfoDer::from(key.map_err(|_| CertificateError::BadEncoding)?);
        verify_tls13_signature_with_raw_key(message, &key, signed, &algorithms).map(|_| ())
    }
}

/// An algorithm as rustls writes it: its object identifier and parameters, without the sequence around them.
fn identifier(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let mut bytes = algorithm.oid.to_der().ok()?;
    if let Some(parameters) = &algorithm.parameters {
        bytes.extend(parameters.to_der().ok()?);
    }
    Some(bytes)
}

fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

/// True where a name in a certificate is that host's. `*.` at its start stands for one label.
fn name_matches(name: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(pattern), Some((_, parent))) = (name.strip_prefix("*."), host.split_once('.')) else { return false };
    host.parse::<IpAddr>().is_err() && !pattern.is_empty() && pattern.eq_ignore_ascii_case(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_libpq_compares_them() {
        for (name, host, same) in [
            ("db.example.com", "DB.example.com", true),
            ("*.example.com", "db.example.com", true),
            ("*.example.com", "a.db.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.0.0.1", "127.0.0.1", false),
            ("*", "localhost", false),
            ("*.", "localhost.", false),
            ("d*.example.com", "db.example.com", false),
            ("127.0.0.1", "127.0.0.1", true),
        ] {
            assert_eq!(name_matches(name, host), same, "{name} {host}");
        }
    }
}
