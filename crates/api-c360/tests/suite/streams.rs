//! Long answers.

use crate::world::{EVER, basic, both, said};
use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

// covers(c360): OP-5, S3
#[tokio::test]
async fn large_pages_are_sent_in_parts() {
    both(async |world| {
        let words = said(0.0, 0, &"something ".repeat(400));
        let call = |n: usize| json!({ "id": format!("c{n:03}"), "transcript": { "words": words } });
        world.put_calls((0..120).map(call).collect()).await;
        let path = format!("/api/ev/2/calls?since={EVER}&include_transcripts=true&limit=1000");
        let request = Request::get(path).header("authorization", basic(&world.reader));
        let answer = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(answer.headers().get("content-length").is_none());
        let mut body = answer.into_body();
        let (mut text, mut largest) = (Vec::new(), 0);
        while let Some(frame) = body.frame().await {
            let part = frame.unwrap().into_data().unwrap();
            largest = largest.max(part.len());
            text.extend_from_slice(&part);
        }
        assert!(largest < 200_000 && text.len() > 2_000_000, "largest part {largest} of {}", text.len());
        let calls: Vec<Value> = serde_json::from_slice(&text).unwrap();
        assert_eq!(calls.len(), 120);
        assert!(calls.iter().all(|call| call["transcript"].as_array().unwrap().len() == 400));
    })
    .await;
}
