//! Pairs as they are found in the field. The files in `testdata` were made with openssl for these tests only.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use tempfile::TempDir;

const RSA_CERT_V1: &str = include_str!("testdata/rsa-v1.cert.pem");
const RSA_KEY_PKCS1: &str = include_str!("testdata/rsa-pkcs1.key.pem");
const EC_CERT: &str = include_str!("testdata/ec.cert.pem");
const EC_KEY_SEC1: &str = include_str!("testdata/ec-sec1.key.pem");
const EC_KEY_ENCRYPTED: [&str; 2] =
    [include_str!("testdata/ec-encrypted-pkcs8.key.pem"), include_str!("testdata/ec-encrypted-sec1.key.pem")];

/// 2026-11-23T06:30:24Z
const NOW: Timestamp = Timestamp(1_795_415_424_000);
const DAY: Duration = Duration::from_secs(86_400);

fn files(dir: &TempDir) -> PairFiles {
    PairFiles { cert: dir.path().join("ssl/cert.pem"), key: dir.path().join("ssl/key.pem") }
}

fn install(cert: &str, key: &str) -> (TempDir, PairFiles) {
    let dir = tempfile::tempdir().unwrap();
    let files = files(&dir);
    fs::create_dir(dir.path().join("ssl")).unwrap();
    fs::write(&files.cert, cert).unwrap();
    fs::write(&files.key, key).unwrap();
    (dir, files)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_first_start_makes_a_pair_and_the_next_one_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, made) = Tls::load_or_generate(files(&dir), "192.168.116.130", NOW).unwrap();
    assert!(made);
    for host in ["192.168.116.130", "localhost", "127.0.0.1"] {
        assert!(tls.covers(host), "{host}");
    }
    assert!(!tls.covers("crm.example.org"));
    assert_eq!(mode(&files(&dir).key), 0o640);
    assert_eq!(mode(&files(&dir).cert), 0o644);
    assert_eq!(tls.expires_at(), Timestamp(1_866_585_600_000), "824 whole days later, at midnight");
    assert!(tls.doubts(NOW).is_empty());
    let before = fs::read(files(&dir).cert).unwrap();
    let (_, made) = Tls::load_or_generate(files(&dir), "other.host", NOW).unwrap();
    assert!(!made);
    assert_eq!(fs::read(files(&dir).cert).unwrap(), before);
}

#[test]
fn odd_hosts_do_not_prevent_a_pair() {
    for host in ["0.0.0.0", "", "::", "имя", "fd00::1", &"a".repeat(80)] {
        let dir = tempfile::tempdir().unwrap();
        let (tls, _) = Tls::load_or_generate(files(&dir), host, NOW).unwrap();
        assert!(tls.covers("localhost"), "{host}");
        assert_eq!(tls.covers(host), host == "fd00::1", "{host}");
    }
}

#[test]
fn half_a_pair_is_a_fault_and_stays_as_it_is() {
    let (_dir, files) = install(EC_CERT, EC_KEY_SEC1);
    fs::remove_file(&files.cert).unwrap();
    let fault = Tls::load_or_generate(files.clone(), "h", NOW).unwrap_err();
    assert!(matches!(&fault, TlsError::Half { missing, .. } if *missing == files.cert), "{fault}");
    assert!(!files.cert.exists());
}

#[test]
fn if_the_certificate_cannot_be_saved_no_lonely_key_remains() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let files = PairFiles { cert: dir.path().join("file/cert.pem"), ..files(&dir) };
    assert!(matches!(generate(&files, "h", NOW, false), Err(TlsError::Unwritable { .. })));
    assert!(!files.key.exists());
}

#[test]
fn links_to_missing_files_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let links = PairFiles { cert: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    symlink("ssl/cert.pem", &links.cert).unwrap();
    symlink(dir.path().join("ssl/key.pem"), &links.key).unwrap();
    Tls::load_or_generate(links, "h", NOW).unwrap();
    assert_eq!(files(&dir).present(), (true, true));
}

#[test]
fn keys_are_read_in_every_plain_form() {
    for (cert, key) in [(RSA_CERT_V1, RSA_KEY_PKCS1), (EC_CERT, EC_KEY_SEC1)] {
        let (_dir, files) = install(cert, key);
        assert_eq!(Tls::load(files).unwrap().expires_at(), Timestamp(4_949_017_523_000), "as openssl shows it");
    }
}

#[test]
fn an_encrypted_key_is_called_so() {
    for key in EC_KEY_ENCRYPTED {
        let (_dir, files) = install(EC_CERT, key);
        let fault = Tls::load(files).unwrap_err();
        assert!(matches!(fault, TlsError::Encrypted { .. }), "{fault}");
        assert!(fault.to_string().contains("openssl pkey"));
    }
}

#[test]
fn files_that_do_not_fit_say_which_and_why() {
    type Expected = fn(&TlsError) -> bool;
    let cases: [(&str, &str, Expected); 5] = [
        (EC_CERT, RSA_KEY_PKCS1, |e| matches!(e, TlsError::Mismatch { .. })),
        (RSA_CERT_V1, EC_KEY_SEC1, |e| matches!(e, TlsError::Mismatch { .. })),
        ("", EC_KEY_SEC1, |e| matches!(e, TlsError::NoCertificate { .. })),
        (EC_CERT, "", |e| matches!(e, TlsError::NoKey { .. })),
        (EC_CERT, EC_CERT, |e| matches!(e, TlsError::NoKey { .. })),
    ];
    for (cert, key, expected) in cases {
        let (_dir, files) = install(cert, key);
        let fault = Tls::load(files).unwrap_err();
        assert!(expected(&fault), "{fault}");
    }
    assert!(matches!(Tls::load(files(&tempfile::tempdir().unwrap())), Err(TlsError::Missing { .. })));
}

#[test]
fn a_reload_takes_up_a_good_pair_and_keeps_the_old_one_otherwise() {
    let (_dir, files) = install(EC_CERT, EC_KEY_SEC1);
    let tls = Tls::load(files.clone()).unwrap();
    let first = tls.current.0.load().certified.cert.clone();
    fs::write(&files.cert, RSA_CERT_V1).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Mismatch { .. })));
    assert_eq!(tls.clone().current.0.load().certified.cert, first);
    fs::write(&files.key, RSA_KEY_PKCS1).unwrap();
    tls.reload().unwrap();
    assert_ne!(tls.current.0.load().certified.cert, first);
}

#[test]
fn files_that_are_there_are_replaced_on_demand_only() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(&dir);
    generate(&files, "a.example", NOW, false).unwrap();
    let key = fs::read(&files.key).unwrap();
    fs::remove_file(&files.cert).unwrap();
    assert!(matches!(generate(&files, "h", NOW, false), Err(TlsError::Exists { path }) if path == files.key));
    assert!(!files.cert.exists());
    symlink(files.key.with_extension("real"), dir.path().join("link.pem")).unwrap();
    generate(&files, "b.example", NOW, true).unwrap();
    assert_ne!(fs::read(&files.key).unwrap(), key);
    assert!(Tls::load(files.clone()).unwrap().covers("b.example"));
    assert_eq!((mode(&files.key), mode(&files.cert)), (0o640, 0o644));
    assert_eq!(fs::read_dir(dir.path().join("ssl")).unwrap().count(), 2, "nothing is left beside");
}

#[test]
fn our_own_certificate_is_renewed_in_time_and_keeps_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(&dir);
    let (tls, _) = Tls::load_or_generate(files.clone(), "a.example", NOW).unwrap();
    let tls = tls.with_host("b.example", false);
    let key = fs::read(&files.key).unwrap();
    let later = tls.expires_at() - DAY * 30;
    assert!(!tls.renew_if_own(later - DAY).unwrap());
    assert!(tls.renew_if_own(later).unwrap());
    assert_eq!(fs::read(&files.key).unwrap(), key);
    assert_eq!(tls.doubts(later), Vec::<String>::new(), "and is made out to the host of now");
    assert!(!tls.renew_if_own(later).unwrap());
}

#[test]
fn a_certificate_that_somebody_has_installed_is_never_renewed() {
    let (_dir, files) = install(EC_CERT, EC_KEY_SEC1);
    let tls = Tls::load(files.clone()).unwrap();
    assert!(!tls.renew_if_own(tls.expires_at()).unwrap());
    assert_eq!(fs::read_to_string(&files.cert).unwrap(), EC_CERT);
}

#[test]
fn a_certificate_for_another_host_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (own, _) = Tls::load_or_generate(files(&dir), "a.example", NOW).unwrap();
    let doubts_of = |tls: &Tls, host: &str, gateway| tls.clone().with_host(host, gateway).doubts(NOW);
    assert!(doubts_of(&own, "b.example", true)[0].contains("gen-cert --force"));
    for host in ["a.example", "127.0.0.1", "0.0.0.0", ""] {
        assert!(doubts_of(&own, host, false).is_empty(), "{host}");
    }
    let (_dir, files) = install(EC_CERT, EC_KEY_SEC1);
    let installed = Tls::load(files).unwrap();
    let doubts = doubts_of(&installed, "b.example", false).concat();
    assert!(doubts.contains("not made out to serverHost b.example; install"), "{doubts}");
    assert!(!doubts_of(&installed, "b.example", true).concat().contains("b.example"));
}

#[test]
fn what_will_soon_go_wrong_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, _) = Tls::load_or_generate(files(&dir), "h", NOW).unwrap();
    let end = tls.expires_at();
    assert!(tls.doubts(end - DAY * 31).is_empty());
    assert!(tls.doubts(end - DAY * 7)[0].contains("expires in 7 days"));
    assert!(tls.doubts(end)[0].contains("has expired"));
    assert!(tls.doubts(NOW - DAY * 3)[0].contains("not valid yet"));
    fs::set_permissions(files(&dir).key, fs::Permissions::from_mode(0o644)).unwrap();
    tls.reload().unwrap();
    assert!(tls.doubts(NOW)[0].contains("chmod 0640"));
}
