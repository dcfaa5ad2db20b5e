use std::sync::Arc;

use harness_core::platform::Attachment;

use super::*;
use crate::notes::Notes;
use crate::site::Site;

async fn with(site: &Site, attachment: Option<Attachment>) -> Ctx {
    let mut run = site.run.clone();
    run.attachment = attachment.unwrap_or(run.attachment);
    Ctx::new(Arc::new(run), Arc::new(Notes::in_memory(std::collections::BTreeMap::default())))
}

/// Runs a test's own part on a runtime, beside the site's.
fn run<V>(test: impl Future<Output = V>) -> V {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test)
}

#[test]
fn texts_and_bytes_pass_through_the_router_and_the_end_is_orderly() {
    let site = Site::start("ws-echo");
    run(async {
        let ctx = with(&site, None).await;
        let mut socket = ctx.websocket("/live").await.unwrap();
        let told = "cookie none, origin https://a.ccci.test, x-a none";
        assert_eq!(socket.hear_text().await.unwrap(), told);
        socket.send_text("häng on").await.unwrap();
        assert_eq!(socket.hear().await.unwrap(), Heard::Text("häng on".to_owned()));
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        socket.send_binary(&bytes).await.unwrap();
        assert_eq!(socket.hear().await.unwrap(), Heard::Binary(bytes.clone()));
        socket.send_binary(&bytes).await.unwrap();
        let wrong = socket.hear_text().await.unwrap_err();
        assert!(matches!(wrong, WebSocketError::Broken { what: "a text", .. }), "{wrong}");
        socket.close().await.unwrap();
    });
}

#[test]
fn a_visitors_cookies_and_headers_go_with_it_and_the_app_chooses_a_protocol() {
    let site = Site::start("ws-visitor");
    run(async {
        let ctx = with(&site, None).await;
        let visitor = ctx.visitor().unwrap().with_header("X-A", "1");
        visitor.get("/").await.unwrap();
        let mut socket = visitor.websocket("/live", &["first", "second"]).await.unwrap();
        assert_eq!(socket.protocol(), Some("second"));
        let told = "cookie seen=yes, origin https://a.ccci.test, x-a 1";
        assert_eq!(socket.hear_text().await.unwrap(), told);
    });
}

#[test]
fn what_does_not_switch_is_named_with_its_status() {
    let site = Site::start("ws-refused");
    run(async {
        let ctx = with(&site, None).await;
        let refused = ctx.websocket("/nothing").await.unwrap_err();
        let url = "wss://a.ccci.test/nothing".to_owned();
        let text = "<h1>nothing here</h1>".to_owned();
        assert_eq!(refused, WebSocketError::Refused { url, status: 404, text });
        let odd = ctx.websocket("live").await.unwrap_err();
        assert!(matches!(odd, WebSocketError::Request { .. }), "{odd}");
    });
}

#[test]
fn only_the_runs_own_authority_is_trusted() {
    let (site, other) = (Site::start("ws-trust"), Site::start("ws-other"));
    let Attachment::Swarm { docker_host, https, .. } = site.run.attachment.clone() else {
        panic!("the site is like a swarm's");
    };
    let ca = Some(other.dir.join("ca.pem"));
    run(async {
        let ctx = with(&site, Some(Attachment::Swarm { docker_host, https, ca })).await;
        let error = ctx.websocket("/live").await.unwrap_err();
        assert!(matches!(error, WebSocketError::Tls { .. }), "{error}");
    });
}

#[test]
fn in_virtual_time_it_is_refused_by_name() {
    let site = Site::start("ws-nowhere");
    run(async {
        let ctx = with(&site, Some(Attachment::InProcess)).await;
        assert_eq!(ctx.websocket("/live").await.unwrap_err(), WebSocketError::NoNetwork);
        assert!(ctx.without_websocket().unwrap().contains("virtual time"));
    });
}
