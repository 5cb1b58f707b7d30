//! The client against real listeners: what is sent, what is read, whom it calls and whom it trusts.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

fn settings(allow_private: bool, timeout_secs: u64) -> WebhookSettings {
    WebhookSettings { allow_private, timeout_secs, ..WebhookSettings::default() }
}

fn to(url: String) -> Outgoing {
    Outgoing {
        url,
        id: "msg_1".to_owned(),
        timestamp: 1_772_357_400,
        signature: "v1,AAAA v1,BBBB".to_owned(),
        body: "{\"é\":1}".to_owned(),
    }
}

fn sender(allow_private: bool, timeout_secs: u64) -> HttpSender {
    HttpSender::trusting(&settings(allow_private, timeout_secs), RootCertStore::empty()).unwrap()
}

/// Reads one request to the end of its body.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let (mut read, mut chunk) = (Vec::new(), [0; 1_024]);
    while !String::from_utf8_lossy(&read).ends_with("{\"é\":1}") {
        let n = stream.read(&mut chunk).await.unwrap();
        assert!(n > 0, "cut short: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&chunk[..n]);
    }
    String::from_utf8(read).unwrap()
}

/// A listener that answers each request with these bytes; its port, and the requests.
async fn answering(answer: &'static [u8]) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tell.send(request(&mut stream).await).unwrap();
            let _ = stream.write_all(answer).await;
        }
    });
    (port, told)
}

#[tokio::test]
async fn a_request_is_a_post_with_the_three_headers() {
    let answer = b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 5\r\n\r\na\0b\xffc";
    let (port, mut requests) = answering(answer).await;
    let got = sender(true, 5).send(&to(format!("http://127.0.0.1:{port}/hook/%20?a=b c"))).await.unwrap();
    assert_eq!(got, Answer { status: 503, body: "a\u{fffd}b\u{fffd}c".to_owned(), retry_after: Some(7) });
    let request = requests.recv().await.unwrap().to_ascii_lowercase();
    assert!(request.starts_with("post /hook/%20?a=b%20c http/1.1\r\n"), "{request}");
    for header in [
        &format!("host: 127.0.0.1:{port}"),
        "content-type: application/json",
        "webhook-id: msg_1",
        "webhook-timestamp: 1772357400",
        "webhook-signature: v1,aaaa v1,bbbb",
        "content-length: 8",
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
    assert!(request.contains("\r\nuser-agent: touchline-webhooks/"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (elsewhere, mut visited) = answering(b"HTTP/1.1 204 Fine\r\n\r\n").await;
    let answer =
        format!("HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (port, mut requests) = answering(String::leak(answer).as_bytes()).await;
    let got = sender(true, 5).send(&to(format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!(got.status, 307);
    requests.recv().await.unwrap();
    assert!(visited.try_recv().is_err(), "nobody came");
}

#[tokio::test]
async fn an_endless_answer_is_read_no_further_than_needed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 Fine\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 4_096]).await.is_ok() {
            count.fetch_add(4_096, Ordering::Relaxed);
        }
    });
    let got = sender(true, 20).send(&to(format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!((got.status, got.body), (200, "x".repeat(ANSWER_BYTES)));
    assert!(sent.load(Ordering::Relaxed) < 50 << 20);
}

#[tokio::test]
async fn silence_ends_after_the_time_that_is_set() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = sender(true, 1).send(&to(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert_eq!(error, "no answer within 1 seconds");
    drop(listener);
    let error = sender(true, 1).send(&to(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert_eq!(error, "no connection: refused");
}

#[tokio::test]
async fn a_name_that_leads_into_the_own_network_is_not_called() {
    let (port, mut requests) = answering(b"HTTP/1.1 204 Fine\r\n\r\n").await;
    let mut careful = sender(false, 5);
    // An owner of a name may answer differently each time: public when somebody looks, then ours.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    careful.lookup = Arc::new(move |name, _| {
        assert_eq!(name, "rebind.example");
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(vec![([127, 0, 0, 1], port).into(), ([169, 254, 169, 254], port).into()]) })
    });
    let url = format!("https://rebind.example:{port}/");
    assert_eq!(refusal(&url, false), None, "the name alone says nothing");
    let error = careful.send(&to(url)).await.unwrap_err();
    assert_eq!(error, "it has no address on the public internet, and this server calls no other");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "looked up once, for the check and the call");
    // Made while it was allowed, called when it is not any more.
    let error = careful.send(&to(format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(error.contains("only with the setting `webhooks.allow_private`"), "{error}");
    let error = careful.send(&to(format!("https://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(error.starts_with("the URL names a private address"), "{error}");
    assert!(requests.try_recv().is_err(), "nobody came");
}

#[tokio::test]
async fn over_tls_only_whom_the_roots_vouch_for_is_told() {
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["hook.example".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&own, &issuer).unwrap();

    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = PrivateKeyDer::try_from(own.serialize_der()).unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                request(&mut stream).await;
                stream.write_all(b"HTTP/1.1 200 Fine\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    });

    let here: Lookup = Arc::new(move |_, _| Box::pin(async move { Ok(vec![([127, 0, 0, 1], port).into()]) }));
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let mut trusting = HttpSender::trusting(&settings(true, 5), roots).unwrap();
    trusting.lookup = here.clone();
    let got = trusting.send(&to(format!("https://hook.example:{port}/"))).await.unwrap();
    assert_eq!((got.status, got.body.as_str()), (200, "ok"));
    let error = trusting.send(&to(format!("https://other.example:{port}/"))).await.unwrap_err();
    assert!(error.contains("not valid for name"), "{error}");
    let mut wary = sender(true, 5);
    wary.lookup = here;
    let error = wary.send(&to(format!("https://hook.example:{port}/"))).await.unwrap_err();
    assert!(error.contains("UnknownIssuer"), "{error}");
}
