//! The certificates of a local server: an authority of its own and one certificate for all of its apps.
//! Main type: [`Certificates`].

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use thiserror::Error;

/// For how long new certificates hold, in days: what clients accept of a server's certificate.
const DAYS: i64 = 390;

/// The subject of the router's default certificate, as Traefik's.
pub const DEFAULT_COMMON_NAME: &str = "TRAEFIK DEFAULT CERT";

/// A certificate and its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// An authority's certificate and what it signed. The authority's key is thrown away: it signs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// What clients trust, PEM.
    pub ca: String,
    /// For `*.<suffix>` and `<suffix>`.
    pub server: Pair,
    /// The first day on which they no longer hold.
    pub expires: Date,
}

/// Why a certificate could not be made.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The generator refused.
    #[error("failed to make a certificate for `{name}`")]
    Generate {
        /// For what name.
        name: String,
        /// What the generator said.
        #[source]
        source: rcgen::Error,
    },
    /// The calendar ends before they would.
    #[error("failed to reckon the days of validity from {from}")]
    Calendar {
        /// The day of issue.
        from: Date,
        /// What the calendar said.
        #[source]
        source: jiff::Error,
    },
}

impl Certificates {
    /// Makes an authority and a certificate for every app under `suffix`.
    ///
    /// # Errors
    /// The suffix is not a name that a certificate can carry.
    pub fn generate(suffix: &str, now: Timestamp) -> Result<Self, CertificateError> {
        let failed = |source| CertificateError::Generate { name: suffix.to_owned(), source };
        let validity = Validity::from(now)?;
        let ca_key = KeyPair::generate().map_err(failed)?;
        let mut ca = validity.apply(CertificateParams::default());
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.distinguished_name = named(&format!("cc-ci local server {suffix}"));
        let ca_certificate = ca.self_signed(&ca_key).map_err(failed)?;

        let key = KeyPair::generate().map_err(failed)?;
        let names = vec![format!("*.{suffix}"), suffix.to_owned()];
        let mut server = validity.apply(CertificateParams::new(names).map_err(failed)?);
        server.distinguished_name = named(&format!("*.{suffix}"));
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = server.signed_by(&key, &Issuer::new(ca, ca_key)).map_err(failed)?;
        Ok(Self {
            ca: ca_certificate.pem(),
            server: Pair { certificate: certificate.pem(), key: key.serialize_pem() },
            expires: validity.to,
        })
    }

    /// Returns whether certificates that expire on `expires` should be used for another month.
    pub fn hold(expires: Date, now: Timestamp) -> bool {
        let today = now.to_zoned(TimeZone::UTC).date();
        today.until(expires).is_ok_and(|left| left.get_days() > 30)
    }
}

/// Makes the self-signed certificate that unknown names get.
///
/// # Errors
/// The generator refuses.
pub fn default_certificate(now: Timestamp) -> Result<Pair, CertificateError> {
    let failed =
        |source| CertificateError::Generate { name: DEFAULT_COMMON_NAME.to_owned(), source };
    let key = KeyPair::generate().map_err(failed)?;
    let name = vec!["router.traefik.default".to_owned()];
    let mut params = Validity::from(now)?.apply(CertificateParams::new(name).map_err(failed)?);
    params.distinguished_name = named(DEFAULT_COMMON_NAME);
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

fn named(common_name: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

struct Validity {
    from: Date,
    to: Date,
}

impl Validity {
    /// From the day before: clocks differ.
    fn from(now: Timestamp) -> Result<Self, CertificateError> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let calendar = |source| CertificateError::Calendar { from: today, source };
        let from = today.yesterday().map_err(calendar)?;
        let to = today.checked_add(jiff::Span::new().days(DAYS)).map_err(calendar)?;
        Ok(Self { from, to })
    }

    fn apply(&self, mut params: CertificateParams) -> CertificateParams {
        let day = |d: Date| {
            date_time_ymd(d.year().into(), d.month().unsigned_abs(), d.day().unsigned_abs())
        };
        params.not_before = day(self.from);
        params.not_after = day(self.to);
        params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn they_hold_for_a_year_and_are_renewed_a_month_before_the_end() {
        let made = Certificates::generate("ccci.test", now()).unwrap();
        assert_eq!(made.expires, jiff::civil::date(2027, 12, 16));
        assert!(Certificates::hold(made.expires, now()));
        assert!(!Certificates::hold(made.expires, "2027-11-20T00:00:00Z".parse().unwrap()));
        assert!(!Certificates::hold(made.expires, "2030-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_suffix_that_is_no_name_is_refused() {
        assert!(Certificates::generate("näme", now()).is_err());
    }
}
