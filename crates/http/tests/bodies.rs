//! Request bodies: exact places of mistakes, lines in bounded memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use axum::body::{Body, Bytes};
use futures::stream;
use http::{HeaderMap, header};
use serde::Deserialize;
use touchline_http::{Line, LineError, NdjsonLines, Refusal, read_json};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Item {
    name: String,
}

async fn read(content_type: &str, text: &'static str) -> Result<Item, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    // In pieces and without a known length.
    let pieces = text.as_bytes().chunks(5).map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
    read_json(&headers, Body::from_stream(stream::iter(pieces)), 40).await
}

#[tokio::test]
async fn json_bodies() {
    let item = Item { name: "x".into() };
    assert_eq!(read("application/json; charset=utf-8", r#"{"name":"x"}"#).await, Ok(item));
    assert!(read("application/merge-patch+json", r#"{"name":"x"}"#).await.is_ok());
    assert!(matches!(read("text/plain", "{}").await, Err(Refusal::UnsupportedMedia(_))));
    let long = r#"{"name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;
    assert_eq!(read("application/json", long).await, Err(Refusal::TooLarge(40)));
    let known = read_json::<Item>(&json_type(), Body::from(long), 40).await;
    assert_eq!(known, Err(Refusal::TooLarge(40)));
}

fn json_type() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())])
}

#[tokio::test]
async fn json_mistakes_have_a_place() {
    let place = async |text| match read("application/json", text).await {
        Err(Refusal::Bad(why)) => why,
        other => panic!("{other:?}"),
    };
    let unknown = place("{\n \"name\":\"x\",\n \"nam\":1}").await;
    assert!(unknown.starts_with("line 3, column 6: unknown field `nam`"), "{unknown}");
    assert_eq!(place("{}").await, "line 1, column 2: missing field `name`");
    assert_eq!(place("").await, "line 1, column 0: EOF while parsing a value");
    let trailing = place("{\"name\":\"x\"} x").await;
    assert_eq!(trailing, "line 1, column 14: trailing characters");
}

/// Every way to cut the text into network chunks must give the same lines.
async fn lines(text: &'static [u8], max_line: usize) -> Vec<Line> {
    let mut results = Vec::new();
    for size in [1, 2, 3, 5, 7, 1000] {
        let pieces = text.chunks(size).map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
        let mut reader = NdjsonLines::new(Body::from_stream(stream::iter(pieces)), max_line);
        let mut found = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            found.push(line);
        }
        assert_eq!(reader.next().await, Ok(None), "the end stays the end");
        results.push(found);
    }
    assert!(results.iter().all(|found| *found == results[0]), "{results:?}");
    results.remove(0)
}

fn text(number: u64, text: &'static str) -> Line {
    Line::Text { number, bytes: Bytes::from_static(text.as_bytes()) }
}

#[tokio::test]
async fn odd_lines() {
    assert_eq!(lines(b"", 8).await, []);
    assert_eq!(lines(b"\n\r\n  \n", 8).await, []);
    assert_eq!(
        lines(b"{}\r\n\n[1]\n \r\nlast", 8).await,
        [text(1, "{}"), text(3, "[1]"), text(5, "last")],
        "CRLF, blank lines counted, no end at the end"
    );
    assert_eq!(lines(b"\xEF\xBB\xBF{}\n", 8).await, [text(1, "{}")]);
    assert_eq!(lines(b"a\rb\n", 8).await, [text(1, "a\rb")], "a lone CR ends nothing");
}

#[tokio::test]
async fn long_lines_are_reported_and_skipped() {
    assert_eq!(
        lines(b"12345678\r\n123456789\nok\n1234567890123456789012345", 8).await,
        [
            text(1, "12345678"),
            Line::TooLong { number: 2, length: 9 },
            text(3, "ok"),
            Line::TooLong { number: 4, length: 25 },
        ]
    );
}

#[tokio::test]
async fn a_broken_body_keeps_the_lines_before() {
    let pieces = [Ok(Bytes::from_static(b"{}\n{\"a\"")), Err(std::io::Error::other("reset"))];
    let mut reader = NdjsonLines::new(Body::from_stream(stream::iter(pieces)), 100);
    assert_eq!(reader.next().await, Ok(Some(text(1, "{}"))));
    assert_eq!(reader.next().await, Err(LineError { number: 2 }));
    assert_eq!(reader.next().await, Ok(None));
}
