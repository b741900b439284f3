//! Configurations as portals have them, and each fault in one of them.

use super::pattern::found_in;
use super::{WebAddress, WebServerSetting, WebServerVerdict, judge_configuration};
use crate::domain::checks::Severity;

const ADDRESS: WebAddress<'static> = WebAddress { scheme: "https", host: "crm.example.org", port: 443 };

/// As the vendor's environment lays it out: nginx in front of Apache, the push server beside it.
const USUAL: &str = r#"nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
# configuration file /etc/nginx/nginx.conf:
user bitrix;
events { worker_connections 10240; }
http {
    map $http_upgrade $connection_upgrade { default upgrade; "~*^web{1}" x; '' close; }
    log_format main '$remote_addr "$request" {braces}; \'quoted\'';
    upstream nodejs_sub { server 127.0.0.1:8010; }
    proxy_ignore_client_abort on;
    add_header X-Frame-Options DENY;
    include bx/site_enabled/*.conf;
}
# configuration file /etc/nginx/bx/site_enabled/s1.conf:
server {
    listen 80 default_server;
    server_name _;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl default_server; # comment with }
    server_name .example.org;
    set $proxyserver "http://127.0.0.1:8888";
    access_by_lua_block { local t = { "}" } -- }
        if t then return end }
    include bx/conf/bitrix.conf;
}
# configuration file /etc/nginx/bx/conf/bitrix.conf:
location ~* ^/(upload|bitrix/images|bitrix/tmp)/[^/]+\.(jpg|png)$ { expires 30d; }
location ~* ^/bitrix/(subws|sub)/ { proxy_pass http://nodejs_sub; }
location ~* ^/bitrix/pub/ { proxy_pass http://nodejs_pub; }
location /online/ { add_header X-Frame-Options SAMEORIGIN; proxy_pass $proxyserver; }
location / { try_files $uri $uri/ @bitrix; }
location ~ \.php$ { proxy_pass $proxyserver; }
location @bitrix { proxy_pass ${proxyserver}; }
"#;

fn verdict(text: &str, setting: WebServerSetting) -> WebServerVerdict {
    let found = judge_configuration(text, &ADDRESS).unwrap_or_else(|fault| panic!("{fault}"));
    found.into_iter().find(|(found, _)| *found == setting).expect("each setting is judged").1
}

fn fault(text: &str) -> String {
    judge_configuration(text, &ADDRESS).expect_err(text).to_string()
}

#[test]
fn the_vendors_own_layout_is_good() {
    for (setting, verdict) in judge_configuration(USUAL, &ADDRESS).expect("a configuration") {
        assert_eq!(verdict.severity(), Severity::Good, "{setting:?}: {verdict:?}");
    }
    let WebServerVerdict::AsNeeded(seen) = verdict(USUAL, WebServerSetting::ProxyClientAbort) else { panic!() };
    assert!(seen[0].contains("location ~ \\.php$ (/etc/nginx/bx/conf/bitrix.conf:6)"), "{seen:?}");
    assert_eq!(verdict(USUAL, WebServerSetting::FastcgiClientAbort), WebServerVerdict::NotUsed);
}

#[test]
fn each_fault_is_found_where_it_is() {
    use Severity::{Fault, Good, Unknown};
    use WebServerSetting as Setting;
    let php = "location ~ \\.php$ { proxy_pass $proxyserver; }";
    for (from, to, setting, severity) in [
        ("proxy_ignore_client_abort on;", "", Setting::ProxyClientAbort, Fault),
        ("set $proxy", "proxy_ignore_client_abort off; set $proxy", Setting::ProxyClientAbort, Fault),
        (php, "location ~ \\.php$ { fastcgi_pass unix:/php; }", Setting::FastcgiClientAbort, Fault),
        (
            php,
            "location ~ \\.php$ { fastcgi_pass unix:/php; fastcgi_ignore_client_abort on; }",
            Setting::FastcgiClientAbort,
            Good,
        ),
        (php, "location ~ (?<!x)\\.php$ { proxy_pass $proxyserver; }", Setting::ProxyClientAbort, Unknown),
        ("add_header X-Frame-Options SAMEORIGIN;", "", Setting::LiveChatHeaders, Fault),
        ("add_header X-Frame-Options SAMEORIGIN;", "add_header X-A 1;", Setting::LiveChatHeaders, Good),
        ("set $proxy", "return 301 https://other$request_uri; set $proxy", Setting::ConnectorRedirects, Fault),
        ("set $proxy", "rewrite ^(.*)/index\\.php$ $1/ permanent; set $proxy", Setting::ConnectorRedirects, Fault),
        ("set $proxy", "rewrite ^/old/ /new/ permanent; set $proxy", Setting::ConnectorRedirects, Good),
        (
            "set $proxy",
            "if ($request_uri ~ \"^(.*)index\\.php\") { return 301 $1; } set $proxy",
            Setting::ConnectorRedirects,
            Fault,
        ),
        ("set $proxy", "if ($scheme = http) { return 301 https://x; } set $proxy", Setting::ConnectorRedirects, Good),
        ("set $proxy", "if ($cookie_a) { return 301 https://x; } set $proxy", Setting::ConnectorRedirects, Unknown),
        ("location ~* ^/bitrix/pub/ { proxy_pass http://nodejs_pub; }", "", Setting::PushLocations, Fault),
        ("server_name .example.org", "server_name portal.example.net", Setting::ServerBlock, Unknown),
        ("server_name .example.org", "server_name _", Setting::ServerBlock, Good),
        ("server_name .example.org", "server_name crm.example.*", Setting::ServerBlock, Good),
    ] {
        assert!(USUAL.contains(from), "{from}");
        let found = verdict(&USUAL.replace(from, to), setting);
        assert_eq!(found.severity(), severity, "{to}: {found:?}");
    }
}

#[test]
fn the_block_and_the_location_are_chosen_by_nginxs_rules() {
    let server =
        |names: &str, locations: &str| format!("server {{ listen 443 ssl; server_name {names}; {locations} }}\n");
    let on = "{ proxy_pass http://a; proxy_ignore_client_abort on; }";
    let off = "{ proxy_pass http://a; }";
    for (servers, severity) in [
        (server("*.example.org", off) + &server("crm.example.org", on), Severity::Good),
        (server("*.org", off) + &server("*.example.org", on), Severity::Good),
        (server("~^crm\\.", on) + &server("crm.*", off), Severity::Fault),
    ] {
        let servers = servers.replace("; {", "; location / {");
        let found = verdict(&format!("http {{ {servers} }}"), WebServerSetting::ProxyClientAbort);
        assert_eq!(found.severity(), severity, "{servers}");
    }
    for (locations, severity) in [
        (format!("location / {off} location ^~ /pub/ {on} location ~ \\.php$ {off}"), Severity::Good),
        (format!("location / {on} location /pub/ {off}"), Severity::Fault),
        (format!("location /pub/ {on} location ~ ^/pub/ {off}"), Severity::Fault),
        (format!("location =/pub/imbot.php {on} location ~* ^/PUB/imc {on} location / {off}"), Severity::Good),
        (format!("location / {{ location /pub/ {on} }} location ~ \\.html$ {off}"), Severity::Good),
    ] {
        let text = format!("http {{ {} }}", server("crm.example.org", &locations));
        let found = verdict(&text, WebServerSetting::ProxyClientAbort);
        assert_eq!(found.severity(), severity, "{locations}: {found:?}");
    }
}

#[test]
fn what_is_no_configuration_is_told_with_its_line() {
    for (text, told) in [
        ("http {\n server {\n listen 80;\n }\n", "nginx.conf, line 1: the block"),
        ("http { }\n}\n", "line 2: } is unexpected"),
        ("Dear all,\nhello", "line 1: the directive that begins here"),
        ("{\"a\": 1}", "line 1: ; or { is unexpected"),
        ("a \"b;\n", "line 1: the quotation mark"),
        ("a;\n\0", "line 2: this is no text"),
        ("", "no server block"),
        ("http { include other.conf; }", "other.conf is missing"),
        ("# configuration file /a/n.conf:\nuser x;\nhttp {\n}}\n", "/a/n.conf, line 3"),
        ("# configuration file /a/n.conf:\ninclude n.conf;\n", "too deeply"),
    ] {
        assert!(fault(text).contains(told), "{text}: {}", fault(text));
    }
    assert!(fault(&"a;\n".repeat(500_001)).contains("line 500001: this is too long"));
    assert!(fault(&"a {".repeat(10_000)).contains("too deeply"));
}

#[test]
fn patterns_are_matched_or_not_judged() {
    for (pattern, path, found) in [
        ("\\.php$", "/pub/imbot.php", Some(true)),
        ("^/(bitrix|pub)/", "/pub/imbot.php", Some(true)),
        ("^.+\\.(jpg|js)$", "/pub/imbot.php", Some(false)),
        ("^/[a-z]{3}/im(bot)?\\.", "/pub/imbot.php", Some(true)),
        ("^/\\w{4,}/", "/pub/imbot.php", Some(false)),
        ("(/\\.ht|[^/]+\\.git)", "/pub/imbot.php", Some(false)),
        ("^(?<name>/p.*?)$", "/pub", Some(true)),
        ("((a*)*)*b", "/pub", Some(true)),
        ("(?=x)", "/pub", None),
        ("(a)\\1", "/pub", None),
        ("[[:alpha:]]", "/pub", None),
        ("(", "/pub", None),
    ] {
        assert_eq!(found_in(pattern, false, path), found, "{pattern}");
    }
    assert_eq!(found_in("^/PUB/", true, "/pub/"), Some(true));
}
