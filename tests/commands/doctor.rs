//! `doctor` where no service runs.

use super::tool::Place;

#[test]
fn without_a_service_it_says_so_first_and_what_can_be_seen_all_the_same() {
    let place = Place::new();
    place.write("config.toml", "state_dir = \"db\"\nproxyGatewayURL = \"https://127.0.0.1/bitrix\"\n");
    for (language, sentence) in [("ru", "Сервис не работает"), ("en", "The service does not run")] {
        let done = place.run(&["doctor", "--config", "config.toml", "--lang", language]);
        assert_eq!(done.code, 2, "{done:?}");
        let first = done.out.lines().next().expect("a line");
        assert!(first.contains("machine.daemon") && first.contains(sentence), "{done:?}");
        assert!(done.out.contains("systemctl status ecss-crm-server"), "what to do: {done:?}");
        assert!(done.out.contains("machine.settings") && done.out.contains("proxyGatewayURL"), "{done:?}");
    }
    let done = place.run(&["doctor", "--config", "config.toml", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((&report["worst"], &report["findings"][0]["id"]), (&"fault".into(), &"machine.daemon".into()));
}

#[test]
fn what_cannot_be_is_refused() {
    let place = Place::new();
    place.write("config.toml", "httpPort = 70000\n");
    assert_eq!(place.run(&["doctor", "--config", "config.toml"]).code, 78, "the settings are faulty");
    assert_eq!(place.run(&["doctor", "--lang", "de"]).code, 2, "as clap ends for a wrong word");
    assert_eq!(place.run(&["doctor", "--config", "none.toml"]).code, 78);
}

#[test]
fn a_portal_that_nobody_serves_is_a_fault_in_text_and_json() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    let place = Place::new();
    let done = place.run(&["doctor", "--portal", &url, "--json", "--lang", "en"]);
    assert_eq!(done.code, 2, "{done:?}");
    let report: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    assert!(findings.iter().any(|f| f["id"] == "boxed_portal.connection" && f["severity"] == "fault"), "{report}");
    let done = place.run(&["doctor", "--portal", &url, "--lang", "ru"]);
    assert!(done.code == 2 && done.out.contains("Портал не отвечает."), "{done:?}");
    for (address, company) in [("portal.example", None), ("ftp://portal.example/", None), (&*url, Some("x"))] {
        let mut arguments = vec!["doctor", "--portal", address];
        arguments.extend(company.iter().flat_map(|id| ["--company", *id]));
        let done = place.run(&arguments);
        assert!(done.code != 0 && done.out.is_empty(), "{done:?}");
    }
}

#[test]
fn a_bundle_for_support_says_what_is_in_it_and_holds_no_secret() {
    let place = Place::new();
    let settings = "state_dir = \"db\"\nbitrixClientId = \"local.1\"\nbitrixClientSecret = \"hush-hush\"\ndefaultLogFile = \"all.log\"\n";
    place.write("config.toml", settings);
    place.write("all.log", "2026 WARN a call from 79835551122\n");
    let bundle = ["support-bundle", "bundle.txt", "--config", "config.toml"];
    let done = place.run(&bundle);
    assert_eq!(done.code, 0, "{done:?}");
    let text = place.read("bundle.txt");
    for part in ["In here:", "bitrixClientSecret: (set)", "machine.daemon", "==== Companies", "a call from *********22"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hush-hush") && !text.contains("79835551122"));
    assert_ne!(place.run(&bundle).code, 0, "what is there is not replaced");
}

#[test]
fn the_portals_nginx_is_judged_by_its_configuration() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    let place = Place::new();
    place.write("nginx.txt", "http {\n server {\n  location / {\n   proxy_pass http://a;\n  }\n }\n}\n");
    let done = place.run(&["doctor", "--portal", &url, "--portal-config", "nginx.txt", "--json", "--lang", "en"]);
    let report: serde_json::Value = serde_json::from_str(&done.out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let aborted: Vec<_> = findings.iter().filter(|f| f["id"] == "boxed_portal.proxy_client_abort").collect();
    assert_eq!(aborted.len(), 1, "{report}");
    assert_eq!(
        (&aborted[0]["severity"], &aborted[0]["copy"][0]),
        (&"fault".into(), &"proxy_ignore_client_abort on;".into())
    );
    assert!(
        aborted[0]["evidence"][0].as_str().is_some_and(|seen| seen.contains("location / (nginx.conf:3)")),
        "{report}"
    );
    let done = place.run(&["doctor", "--portal", &url, "--portal-config", "nginx.txt", "--lang", "ru"]);
    assert!(done.out.contains("nginx прервёт запрос"), "{done:?}");
}

#[test]
fn a_file_that_is_no_configuration_is_refused_before_the_portal_is_asked() {
    let place = Place::new();
    place.write("letter.txt", "Dear all,\nhello");
    place.write("huge.txt", &"#".repeat((16 << 20) + 1));
    for (file, told) in [("none.txt", "none.txt"), ("letter.txt", "line 1"), ("huge.txt", "longer than")] {
        let done = place.run(&["doctor", "--portal", "https://portal.invalid/", "--portal-config", file]);
        assert!(done.code == 1 && done.out.is_empty() && done.err.contains(told), "{done:?}");
    }
    assert_eq!(place.run(&["doctor", "--portal-config", "letter.txt"]).code, 2, "it belongs to --portal");
}
