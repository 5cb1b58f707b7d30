//! Long answers: whole or visibly broken, never silently short.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use common::bytes;
use futures::stream::{self, Stream, StreamExt};
use http::header;
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::Value;
use touchline_http::{JSON, NDJSON, stream_array, stream_ndjson};

type Chunk = Result<Vec<u64>, String>;

fn chunks(list: Vec<Chunk>) -> impl Stream<Item = Chunk> + Send + 'static {
    // One pause between chunks, as a reader on another thread makes it.
    stream::iter(list).then(async |chunk| {
        tokio::task::yield_now().await;
        chunk
    })
}

#[tokio::test]
async fn small_arrays_have_a_length() {
    for (list, text) in
        [(vec![], "[]"), (vec![Ok(vec![])], "[]"), (vec![Ok(vec![1, 2]), Ok(vec![]), Ok(vec![3])], "[1,2,3]")]
    {
        let response = stream_array(JSON, chunks(list)).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], JSON);
        assert_eq!(response.body().size_hint().exact(), Some(text.len() as u64));
        assert_eq!(bytes(response).await, text);
    }
}

#[tokio::test]
async fn large_arrays_come_in_parts_of_moderate_size() {
    let list = (0..100).map(|chunk| Ok((chunk * 1000..(chunk + 1) * 1000).collect())).collect();
    let response = stream_array(JSON, chunks(list)).await.unwrap();
    let mut body = response.into_body();
    let (mut text, mut parts) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let part = frame.unwrap().into_data().unwrap();
        assert!(part.len() < 65_536, "{}", part.len());
        text.extend_from_slice(&part);
        parts += 1;
    }
    assert!(parts >= 9, "{parts}");
    let numbers: Vec<u64> = serde_json::from_slice(&text).unwrap();
    assert!(numbers.into_iter().eq(0..100_000));
}

#[tokio::test]
async fn an_early_error_is_left_to_the_caller() {
    let error = stream_array(JSON, chunks(vec![Err("no table".into())])).await.unwrap_err();
    assert_eq!(error, "no table");
    let error = stream_array(JSON, chunks(vec![Ok(vec![1]), Err("late".into())])).await.unwrap_err();
    assert_eq!(error, "late", "nothing was sent yet");
    let error = stream_ndjson(NDJSON, chunks(vec![Err("no table".into())])).await.unwrap_err();
    assert_eq!(error, "no table");
}

#[tokio::test]
async fn a_late_error_breaks_the_answer() {
    let list = vec![Ok((0..30_000).collect()), Err("disk gone".into()), Ok(vec![7])];
    let response = stream_array(JSON, chunks(list)).await.unwrap();
    assert_eq!(response.status(), 200);
    let error = response.into_body().collect().await.unwrap_err();
    assert!(error.to_string().contains("disk gone"));
}

#[derive(Serialize)]
struct Odd(#[serde(serialize_with = "refuse")] u8);

fn refuse<S: serde::Serializer>(_: &u8, _: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("cannot be written"))
}

#[tokio::test]
async fn a_row_that_cannot_be_written_breaks_the_answer() {
    let rows = stream::iter([Ok::<_, Infallible>(vec![Odd(1)])]);
    let response = stream_array(JSON, rows).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn lines() {
    let rows = vec![Ok(vec![serde_json::json!({ "a": "x\ny" }), Value::Null]), Ok(vec![Value::from(3)])];
    let response = stream_ndjson(NDJSON, stream::iter(rows).map(|row: Result<_, String>| row)).await.unwrap();
    assert_eq!(bytes(response).await, "{\"a\":\"x\\ny\"}\nnull\n3\n");
    let response = stream_ndjson(NDJSON, chunks(vec![])).await.unwrap();
    assert!(bytes(response).await.is_empty());
}

#[tokio::test]
async fn live_lines_arrive_before_the_next_ones_exist() {
    let (sender, receiver) = futures::channel::mpsc::unbounded::<Chunk>();
    sender.unbounded_send(Ok(vec![1])).unwrap();
    let mut body: Body = stream_ndjson(NDJSON, receiver).await.unwrap().into_body();
    let mut part = async || {
        let frame = tokio::time::timeout(Duration::from_secs(5), body.frame()).await.unwrap();
        frame.map(|frame| frame.unwrap().into_data().unwrap())
    };
    assert_eq!(part().await.unwrap(), "1\n");
    sender.unbounded_send(Ok(vec![2, 3])).unwrap();
    assert_eq!(part().await.unwrap(), "2\n3\n");
    drop(sender);
    assert_eq!(part().await, None);
}
