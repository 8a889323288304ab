//! Whether to believe a server's certificate, for each `sslmode`.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::certificate::Certificate;

/// The authorities to trust.
#[derive(Debug)]
pub(super) struct Anchors {
    /// Builds chains up to them, and checks revocation lists.
    pub webpki: Arc<WebPkiServerVerifier>,
    /// The same, as certificates.
    pub roots: Vec<CertificateDer<'static>>,
    /// True where revocation lists are in force; certificates that webpki can't look up there are refused then.
    pub revocation: bool,
}

/// Checks what its fields ask for, and always that the server has the certificate's key.
#[derive(Debug)]
pub(super) struct Verifier {
    /// The signatures that count.
    pub algorithms: WebPkiSupportedAlgorithms,
    /// Whom to trust; `None` trusts anybody, as `sslmode=require` without a root certificate.
    pub anchors: Option<Anchors>,
    /// The host the certificate must name, for `verify-full`.
    pub host: Option<String>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(anchors) = &self.anchors {
            let checked = anchors.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
            if let Err(error) = checked {
                self.second_opinion(anchors, end_entity, now, error)?;
            }
        }
        if let Some(host) = &self.host {
            Certificate::parse(end_entity)?.names_host(host).map_err(|presented| {
                CertificateError::NotValidForNameContext { expected: server_name.to_owned(), presented }
            })?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match Certificate::parse(cert) {
            Ok(old) if old.is_version_1() => old.verify_tls12(message, dss, self.algorithms)?,
            _ => return verify_tls12_signature(message, cert, dss, &self.algorithms),
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match Certificate::parse(cert) {
            Ok(old) if old.is_version_1() => old.verify_tls13(message, dss, self.algorithms)?,
            _ => return verify_tls13_signature(message, cert, dss, &self.algorithms),
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Verifier {
    /// After webpki said no. It looks at the name last, so that an error of the name means the chain is sound: names
    /// are compared by libpq's rules afterwards.
    fn second_opinion(
        &self,
        anchors: &Anchors,
        end_entity: &CertificateDer<'_>,
        now: UnixTime,
        error: Error,
    ) -> Result<(), Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        if let Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) = error {
            return Ok(());
        }
        if anchors.revocation {
            return Err(error);
        }
        match Certificate::parse(end_entity)?.check_direct(&anchors.roots, self.algorithms, now) {
            Some(checked) => Ok(checked?),
            None => Err(error),
        }
    }
}
