//! Posts as portals send them.

use super::form::MAX_BODY;
use super::*;
use secrecy::ExposeSecret as _;
use serde_json::json;

const NOW: Timestamp = Timestamp(1_770_000_000_000);

fn parse(body: &str) -> PortalPost {
    PortalPost::parse(None, body.as_bytes()).expect(body)
}

const INSTALL: &str = "event=ONAPPINSTALL&data[VERSION]=1&data[ACTIVE]=Y&data[INSTALLED]=Y&data[LANGUAGE_ID]=ru\
    &ts=1770000000&auth[access_token]=a1&auth[refresh_token]=r1&auth[expires_in]=3600\
    &auth[scope]=placement%2Cuser%2Ctelephony%2Ccall&auth[domain]=firma.example\
    &auth[server_endpoint]=https%3A%2F%2Foauth.bitrix24.tech%2Frest%2F&auth[status]=L\
    &auth[client_endpoint]=https%3A%2F%2Ffirma.example%2Frest%2F&auth[member_id]=m1&auth[application_token]=t1";

#[test]
fn an_installation_brings_tokens_and_the_proof_for_later() {
    let PortalPost::Install(install) = parse(INSTALL) else { panic!("an installation") };
    assert_eq!(install.from.member_id, Some("m1".into()));
    assert_eq!(install.from.domain.as_deref(), Some("firma.example"));
    assert_eq!(install.client_endpoint.as_deref(), Some("https://firma.example/rest/"));
    assert_eq!(install.language.as_deref(), Some("ru"));
    assert_eq!(install.from.application_token.as_ref().expect("a token").expose_secret(), "t1");
    let tokens = install.tokens(NOW).expect("a pair");
    assert_eq!((tokens.access.expose_secret(), tokens.refresh.expose_secret()), ("a1", "r1"));
    assert_eq!(tokens.expires_at, NOW + Duration::from_secs(3600));
    assert_eq!(tokens.server_endpoint.as_deref(), Some("https://oauth.bitrix24.tech/rest/"));
    assert_eq!(tokens.scope, "placement,user,telephony,call");
}

#[test]
fn an_update_is_an_installation_and_either_may_lack_fields() {
    let PortalPost::Install(install) = parse("event=OnAppUpdate&auth[member_id]=m1&auth[access_token]=a2") else {
        panic!("an update")
    };
    assert!(install.tokens(NOW).is_none());
    let PortalPost::Install(install) = parse("event=ONAPPINSTALL") else { panic!("an installation") };
    assert!(install.from.member_id.is_none() && install.server_endpoint.is_none());
}

#[test]
fn a_removal_comes_without_tokens() {
    let body = "event=ONAPPUNINSTALL&data[LANGUAGE_ID]=ru&data[CLEAN]=1&ts=1770000000&auth[domain]=firma.example\
        &auth[member_id]=m1&auth[application_token]=t1";
    let PortalPost::Uninstall { from, clean } = parse(body) else { panic!("a removal") };
    assert!(clean && authentic(&secret("t1"), from.application_token.as_ref()));
    let PortalPost::Uninstall { clean, .. } = parse("event=ONAPPUNINSTALL&data[CLEAN]=0") else { panic!("a removal") };
    assert!(!clean);
}

#[test]
fn a_click_is_read_whole() {
    let body = "event=ONEXTERNALCALLSTART&event_handler_id=12&data[PHONE_NUMBER]=8+(983)+555-11-22\
        &data[PHONE_NUMBER_INTERNATIONAL]=%2B79835551122&data[EXTENSION]=&data[USER_ID]=7&data[CALL_LIST_ID]=0\
        &data[LINE_NUMBER]=&data[IS_MOBILE]=0&data[CALL_ID]=externalCall.abc.1770000000&data[CRM_ENTITY_TYPE]=CONTACT\
        &data[CRM_ENTITY_ID]=3&data[CRM_CREATED_LEAD]=&data[CRM_CREATED_ENTITIES][0][ENTITY_TYPE]=LEAD&ts=1770000000\
        &auth[domain]=firma.example&auth[member_id]=m1&auth[application_token]=t1";
    let PortalPost::CallStart(click) = parse(body) else { panic!("a click") };
    assert_eq!(
        (click.user, click.call.as_ref().map(CrmCallId::as_str)),
        (Some(UserId(7)), Some("externalCall.abc.1770000000"))
    );
    assert_eq!((click.number.as_str(), click.international.as_deref()), ("8 (983) 555-11-22", Some("+79835551122")));
    assert_eq!((click.line, click.extension, click.mobile, click.campaign), (None, None, false, None));
    assert_eq!((click.sent_at, click.item), (Some(NOW), Some(CrmItem { kind: CrmItemKind::Contact, id: 3 })));
    assert_eq!(click.from.member_id, Some("m1".into()));
}

#[test]
fn a_click_from_an_old_box_or_a_robot_lacks_fields() {
    let body = "event=onexternalcallstart&data[PHONE_NUMBER]=123&data[USER_ID]=x&ts=soon&auth[member_id]=m1";
    let PortalPost::CallStart(click) = parse(body) else { panic!("a click") };
    assert_eq!((click.call, click.user, click.sent_at, click.item), (None, None, None, None));
    assert!(!authentic(&secret("t1"), click.from.application_token.as_ref()));
}

#[test]
fn other_events_keep_their_name() {
    let PortalPost::OtherEvent { name, from } = parse("event=OnCrmLeadAdd&auth[member_id]=m1") else { panic!("other") };
    assert_eq!((name.as_str(), from.member_id), ("ONCRMLEADADD", Some("m1".into())));
}

#[test]
fn a_new_user_is_told_of() {
    let PortalPost::UserAdded { from } = parse("event=OnUserAdd&auth[member_id]=m1") else { panic!("a user") };
    assert_eq!(from.member_id, Some("m1".into()));
}

#[test]
fn a_card_opened_in_the_portal() {
    let query = "DOMAIN=firma.example&PROTOCOL=1&LANG=ru&APP_SID=x";
    let body = "AUTH_ID=u1&AUTH_EXPIRES=3600&REFRESH_ID=r&member_id=m1&status=L&PLACEMENT=CALL_CARD\
        &PLACEMENT_OPTIONS=%7B%22CALL_ID%22%3A%22c1%22%2C%22CRM_ACTIVITY_ID%22%3A%22undefined%22%2C%22CRM_ENTITY_ID%22%3A0%7D";
    let PortalPost::Opened(opened) = PortalPost::parse(Some(query), body.as_bytes()).expect("a card") else {
        panic!("a card")
    };
    assert_eq!(opened.call(), Some("c1".into()));
    assert_eq!((opened.option("CRM_ACTIVITY_ID"), opened.option("CRM_ENTITY_ID")), (None, Some("0".into())));
    assert_eq!(
        (opened.domain.as_deref(), opened.https, opened.language.as_deref()),
        (Some("firma.example"), true, Some("ru"))
    );
    assert_eq!(opened.auth_id.as_ref().expect("a token").expose_secret(), "u1");
    assert_eq!(opened.member_id, Some("m1".into()));
}

#[test]
fn a_page_opened_with_next_to_nothing() {
    let PortalPost::Opened(opened) =
        PortalPost::parse(Some("PROTOCOL=0"), b"PLACEMENT=DEFAULT&PLACEMENT_OPTIONS=oops").expect("a page")
    else {
        panic!("a page")
    };
    assert_eq!((opened.options.clone(), opened.call(), opened.https), (Value::Null, None, false));
    let PortalPost::Opened(opened) = parse("AUTH_ID=u1&DOMAIN=firma.example") else { panic!("a page") };
    assert_eq!(opened.domain.as_deref(), Some("firma.example"));
    assert_eq!(Opened { options: json!([]), ..*opened }.call(), None);
}

#[test]
fn anything_else_is_refused_and_secrets_are_not_printed() {
    for body in ["", "hello", "event=", "{\"event\":\"ONAPPINSTALL\"}"] {
        assert_eq!(PortalPost::parse(None, body.as_bytes()).expect_err(body), PostFault::Unknown);
    }
    let long = vec![b'a'; MAX_BODY + 1];
    assert_eq!(PortalPost::parse(None, &long).expect_err("too long"), PostFault::Form(FormFault::TooLong));
    let printed = format!("{:?}", parse(INSTALL));
    for hush in ["a1", "r1", "\"t1\""] {
        assert!(!printed.contains(hush), "{printed}");
    }
}

#[test]
fn a_test_event_brings_back_what_was_asked_with() {
    let body = "event=ONAPPTEST&event_handler_id=12&data[QUERY][any]=s3cret&data[LANGUAGE_ID]=en&ts=1770000000\
        &auth[member_id]=m1&auth[application_token]=t1";
    for body in [body.to_owned(), body.replace("[any]", "[ANY]")] {
        let PortalPost::TestEvent { from, secret: shown } = parse(&body) else { panic!("a test event") };
        assert!(authentic(&secret("s3cret"), shown.as_ref()));
        assert!(authentic(&secret("t1"), from.application_token.as_ref()));
    }
    for without in ["event=OnAppTest", "event=ONAPPTEST&data[QUERY]=x", "event=ONAPPTEST&data[QUERY][any]="] {
        let PortalPost::TestEvent { secret, .. } = parse(without) else { panic!("a test event") };
        assert!(secret.is_none(), "{without}");
    }
}
