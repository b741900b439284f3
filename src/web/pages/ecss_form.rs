//! The form for the switch connection: how it is shown and how it is read.

use crate::domain::company::{Backend, Trust};
use crate::web::read::{Faults, FieldFault, FormFields, switch_address};
use crate::web::service::{SwitchInput, SwitchShown};
use secrecy::SecretString;

/// Most addresses of one switch.
const MAX_ADDRESSES: usize = 8;
/// Longest list of CA certificates, in bytes.
const MAX_PEM: usize = 64 * 1024;

/// The form as it stands on the page: whatever was typed, right or wrong, but never the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct EcssForm {
    pub(crate) backend: String,
    pub(crate) client_id: String,
    pub(crate) addresses: String,
    pub(crate) domain: String,
    pub(crate) tls: String,
    pub(crate) pem: String,
    pub(crate) sha256: String,
}

impl EcssForm {
    /// The saved settings; an empty form while there are none.
    pub(crate) fn of(switch: Option<&SwitchShown>) -> Self {
        let Some(switch) = switch else {
            return Self { backend: word(Backend::CallApi).to_owned(), tls: "system".to_owned(), ..Self::default() };
        };
        let (tls, pem, sha256) = match &switch.trust {
            Trust::System => ("system", "", ""),
            Trust::Ca { pem } => ("ca", pem.as_str(), ""),
            Trust::Pinned { sha256 } => ("pinned", "", sha256.as_str()),
            Trust::Off { .. } => ("off", "", ""),
        };
        Self {
            backend: word(switch.backend).to_owned(),
            client_id: switch.client_id.clone(),
            addresses: switch.addresses.join("\n"),
            domain: switch.domain.clone(),
            tls: tls.to_owned(),
            pem: pem.to_owned(),
            sha256: sha256.to_owned(),
        }
    }

    /// The addresses in one line, for a hidden field.
    pub(crate) fn addresses_line(&self) -> String {
        self.addresses.replace('\n', ", ")
    }

    /// What was typed.
    pub(crate) fn typed(fields: &FormFields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        Self {
            backend: text("backend"),
            client_id: text("client_id"),
            addresses: text("addresses"),
            domain: text("domain"),
            tls: text("tls"),
            pem: text("tls_pem"),
            sha256: text("tls_sha256"),
        }
    }
}

const fn word(backend: Backend) -> &'static str {
    match backend {
        Backend::CallApi => "callapi",
        Backend::Csta => "csta",
    }
}

/// The settings in the form, or what is wrong with them.
pub(crate) fn read(fields: &FormFields) -> Result<SwitchInput, Faults> {
    let mut faults = Faults::none();
    let backend = faults.take("backend", backend(fields.get("backend")));
    let client_id = faults.take("client_id", fields.needed("client_id"));
    let api_key = faults.take("api_key", fields.line("api_key"));
    let addresses = faults.take("addresses", addresses(backend, fields.get("addresses")));
    let domain = faults.take("domain", fields.needed("domain"));
    let trust = trust(fields, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let api_key = (!api_key.is_empty()).then(|| SecretString::from(api_key));
    Ok(SwitchInput { shown: SwitchShown { backend, client_id, addresses, domain, trust }, api_key })
}

/// What cannot be spoken yet is not offered, and refused if a tool sends it.
fn backend(text: &str) -> Result<Backend, FieldFault> {
    match text {
        "" | "callapi" => Ok(Backend::CallApi),
        _ => Err(FieldFault::UnknownChoice),
    }
}

fn addresses(backend: Backend, text: &str) -> Result<Vec<String>, FieldFault> {
    let mut all = Vec::new();
    for part in text.split(['\n', '\r', ',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let address = switch_address(backend, part)?;
        if !all.contains(&address) {
            all.push(address);
        }
        if all.len() > MAX_ADDRESSES {
            return Err(FieldFault::TooMany(MAX_ADDRESSES));
        }
    }
    if all.is_empty() { Err(FieldFault::Empty) } else { Ok(all) }
}

fn trust(fields: &FormFields, faults: &mut Faults) -> Trust {
    match fields.get("tls") {
        "" | "system" => Trust::System,
        "ca" => Trust::Ca { pem: faults.take("tls_pem", pem(fields.get("tls_pem"))) },
        "pinned" => Trust::Pinned { sha256: faults.take("tls_sha256", sha256(fields.get("tls_sha256"))) },
        "off" => Trust::Off { since: None },
        _ => {
            faults.add("tls", FieldFault::UnknownChoice);
            Trust::System
        }
    }
}

fn pem(text: &str) -> Result<String, FieldFault> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    if text.is_empty() {
        return Err(FieldFault::Empty);
    }
    if text.len() > MAX_PEM {
        return Err(FieldFault::TooLong(MAX_PEM));
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(text.replace("\r\n", "\n")),
        _ => Err(FieldFault::NotPem),
    }
}

/// A fingerprint as tools print it, with or without colons, in either case.
fn sha256(text: &str) -> Result<String, FieldFault> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    if digits.is_empty() {
        return Err(FieldFault::Empty);
    }
    if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(digits)
    } else {
        Err(FieldFault::NotSha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    const GOOD: &str = "client_id=MyCompany&api_key=k&addresses=https://10.0.0.1:8088&domain=nick";

    fn parse(body: &str) -> Result<SwitchInput, Faults> {
        read(&FormFields::parse(body.as_bytes()))
    }

    #[test]
    fn four_fields_are_enough() {
        let input = parse(GOOD).expect("good");
        assert_eq!(input.shown.backend, Backend::CallApi);
        assert_eq!(input.shown.trust, Trust::System);
        assert_eq!(input.shown.addresses, ["https://10.0.0.1:8088"]);
        assert_eq!(input.api_key.expect("key").expose_secret(), "k");
    }

    #[test]
    fn an_empty_key_keeps_the_stored_one() {
        assert!(parse(&GOOD.replace("api_key=k", "api_key=+")).expect("good").api_key.is_none());
    }

    #[test]
    fn several_addresses_keep_their_order() {
        let body = GOOD.replace("8088", "8088%0D%0Ahttps://b:1,+https://10.0.0.1:8088/");
        assert_eq!(parse(&body).expect("good").shown.addresses, ["https://10.0.0.1:8088", "https://b:1"]);
        let many: Vec<String> = (0..9).map(|n| format!("https://h{n}")).collect();
        let body = GOOD.replace("https://10.0.0.1:8088", &many.join(","));
        assert_eq!(parse(&body).unwrap_err(), Faults::one("addresses", FieldFault::TooMany(8)));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = parse("backend=x&tls=pinned&tls_sha256=zz&addresses=nothing").unwrap_err();
        let mut want = Faults::one("backend", FieldFault::UnknownChoice);
        want.add("client_id", FieldFault::Empty);
        want.add("domain", FieldFault::Empty);
        want.add("addresses", FieldFault::WrongScheme("nothing".into()));
        want.add("tls_sha256", FieldFault::NotSha256);
        assert_eq!(faults, want);
    }

    #[test]
    fn a_fingerprint_is_read_as_tools_print_it() {
        let colons = ["AB"; 32].join(":");
        assert_eq!(sha256(&colons).as_deref(), Ok("ab".repeat(32).as_str()));
        assert_eq!(sha256(&"g".repeat(64)), Err(FieldFault::NotSha256));
        assert_eq!(sha256(""), Err(FieldFault::Empty));
    }

    #[test]
    fn a_ca_must_be_a_certificate() {
        let key = rcgen::KeyPair::generate().expect("key");
        let params = rcgen::CertificateParams::new(vec!["ca".to_owned()]).expect("name");
        let good = params.self_signed(&key).expect("signed").pem();
        assert_eq!(pem(&good), Ok(good.replace("\r\n", "\n")));
        assert_eq!(pem("-----BEGIN CERTIFICATE-----"), Err(FieldFault::NotPem));
        assert_eq!(pem("text"), Err(FieldFault::NotPem));
        assert_eq!(pem(&key.serialize_pem()), Err(FieldFault::NotPem));
        assert_eq!(pem(&"x".repeat(MAX_PEM + 1)), Err(FieldFault::TooLong(MAX_PEM)));
    }

    #[test]
    fn what_was_saved_is_shown_again() {
        let input = parse(&format!("{GOOD}&tls=pinned&tls_sha256={}", "ab".repeat(32))).expect("good");
        let form = EcssForm::of(Some(&input.shown));
        assert_eq!((form.tls.as_str(), form.sha256.as_str()), ("pinned", "ab".repeat(32).as_str()));
        assert_eq!(EcssForm::of(None).backend, "callapi");
    }
}
