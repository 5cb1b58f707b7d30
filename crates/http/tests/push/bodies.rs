//! What a request may look like.

use crate::world::{World, handshake};
use serde_json::{Value, json};
use touchline_http::push::Settings;

// covers(bayeux): S1, T-CharsetTest, T-MissingContentTypeTest, T-URLMappingTest
#[tokio::test]
async fn messages_come_in_every_shape_that_clients_send() {
    let world = World::new().await;
    let anna = world.client("anna");
    let name = "Jürgen Ł";
    let single = json!({ "channel": "/meta/handshake", "ext": { "name": name } }).to_string();
    let utf16: Vec<u8> = single.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (latin2, _, _) = encoding_rs::ISO_8859_2.encode(&single);
    let form = "x=1&message=%7B%22channel%22%3A%22/meta/handshake%22%7D".to_owned();
    let forms = "application/x-www-form-urlencoded";
    for (suffix, content_type, body) in [
        ("", None, single.clone().into_bytes()),
        ("/", Some("application/json"), format!("[{single}]").into_bytes()),
        ("/handshake", Some("application/json;charset=UTF-8"), single.clone().into_bytes()),
        ("/handshake/", Some("application/json; charset=utf-16le"), utf16),
        ("/connect", Some("application/json;charset=ISO-8859-2"), latin2.into_owned()),
        ("/disconnect/", Some(forms), form.into_bytes()),
    ] {
        let mut request = anna.request(suffix).body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{suffix} {content_type:?}");
        let replies: Vec<Value> = response.json().await.unwrap();
        assert_eq!(replies[0]["successful"], true, "{suffix} {content_type:?} {replies:?}");
    }
    assert_eq!(world.hub.stats().sessions, 6);
    let other = anna.request("/subscribe").body(single).send().await.unwrap();
    assert_eq!(other.status(), 404);
}

// covers(bayeux): S1, B02, B04, T-BadJSONTest
#[tokio::test]
async fn what_is_no_bayeux_gets_a_status_and_no_body() {
    let world = World::with(Settings { max_message_size: 300, ..Settings::default() }).await;
    let anna = world.client("anna");
    let long = json!([{ "channel": "/meta/handshake", "ext": "x".repeat(300) }]).to_string();
    let wide: Vec<u8> = "\u{feff}[]".repeat(40).encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (content_type, body, status) in [
        ("application/json", b"[{".to_vec(), 400),
        ("application/json", b"[]".to_vec(), 400),
        ("application/json", b"".to_vec(), 400),
        ("application/json", b"7".to_vec(), 400),
        ("application/json", b"[\"\xff\"]".to_vec(), 400),
        ("application/json;charset=utf-16be", wide, 400),
        ("application/x-www-form-urlencoded", b"a=b".to_vec(), 400),
        ("application/json;charset=klingon", b"[]".to_vec(), 415),
        ("text/plain", json!([handshake("long-polling")]).to_string().into_bytes(), 415),
        ("application/json", long.clone().into_bytes(), 413),
    ] {
        let request = anna.request("").header("content-type", content_type).body(body.clone());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{content_type} {body:?}");
        assert_eq!(response.text().await.unwrap(), "", "{content_type}");
    }
    // A body that does not say how long it is.
    let pieces = futures::stream::iter(long.into_bytes().chunks(50).map(<[u8]>::to_vec).collect::<Vec<_>>());
    let pieces = futures::StreamExt::map(pieces, Ok::<_, std::io::Error>);
    let response = anna.request("").body(reqwest::Body::wrap_stream(pieces)).send().await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(world.hub.stats().sessions, 0);
}
