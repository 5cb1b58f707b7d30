//! Web sockets (contract bayeux §6.2).

use super::{
    Entrance, Hub, Knock, Turned, Visitor, claims::Place, hub::Out, is_same_origin, polling::peer,
    routes::peer_of,
};
use axum::{
    extract::{
        FromRequestParts, Request, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
    response::{IntoResponse, Response},
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::{HeaderMap, StatusCode, header};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::tungstenite;
use touchline_bayeux::{CLOSE_FAILED, CLOSE_TOO_BIG, Peer, SocketId, Transport, is_heartbeat, parse_frame};

/// What a socket buffers of what it reads: most messages are short, and there are many sockets.
const READ_BUFFER: usize = 4 * 1024;
/// So many frames go to the system at once, and to the engine's account: each costs a call and a lock.
const AT_ONCE: usize = 32;
/// How long a peer may take to say goodbye too.
const GOODBYE: Duration = Duration::from_secs(2);

/// A GET of the endpoint: a web socket, or nothing that we offer (B01, B20).
pub(super) async fn get<E: Entrance>(hub: Hub, entrance: E, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let Ok(upgrade) = upgrade else { return StatusCode::BAD_REQUEST.into_response() };
    if !hub.settings().offers(Transport::WebSocket) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if !may_come_from(&entrance, &parts.headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let knock = Knock { headers: &parts.headers, peer: peer_of(&parts.extensions), upgrade: true };
    let visitor = match entrance.enter(knock).await {
        Ok(visitor) => visitor,
        Err(turned) => return turned.into_response(),
    };
    let Some(place) = hub.place(&visitor.identity) else { return Turned::Unavailable.into_response() };
    let peer = peer(&visitor, &parts.headers, parts.version);
    let headers = visitor.headers.clone();
    let limit = hub.settings().max_message_size;
    let mut response = upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| carry(hub, entrance, visitor, peer, place, socket));
    for (name, value) in &headers {
        response.headers_mut().append(name, value.clone());
    }
    response
}

fn may_come_from<E: Entrance>(entrance: &E, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok());
    is_same_origin(headers) || origin.is_some_and(|origin| entrance.allows_origin(origin))
}

/// Carries messages both ways until the socket is closed.
async fn carry<E: Entrance>(
    hub: Hub,
    entrance: E,
    visitor: Visitor,
    peer: Peer,
    _place: Place,
    socket: WebSocket,
) {
    let Some((id, out)) = hub.open_socket(peer) else { return };
    let gone = Gone(&hub, id);
    let (sink, mut stream) = socket.split();
    let mut writing = std::pin::pin!(write(&hub, id, sink, out));
    let said_goodbye = tokio::select! {
        closed = &mut writing => closed,
        refused = read(&hub, &entrance, &visitor, id, &mut stream) => match refused {
            // Too long to be read at all: the engine never saw it.
            Some(code) => {
                hub.refuse(id, code);
                writing.await
            }
            None => false,
        },
    };
    drop(gone);
    if said_goodbye {
        // What is still on its way is read, so that the goodbye is not lost with a reset.
        let rest = async { while let Some(Ok(_)) = stream.next().await {} };
        let _late = tokio::time::timeout(GOODBYE, rest).await;
    }
}

/// Tells the engine that a socket is no more, however that comes.
struct Gone<'a>(&'a Hub, SocketId);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.socket_gone(self.1);
    }
}

/// Sends what is to be sent; `true` if it ended with a goodbye. A peer that takes nothing is given up by the listener.
async fn write(
    hub: &Hub,
    id: SocketId,
    mut sink: SplitSink<WebSocket, Message>,
    mut out: UnboundedReceiver<Out>,
) -> bool {
    let mut some = Vec::new();
    while out.recv_many(&mut some, AT_ONCE).await > 0 {
        let (mut is_open, mut length, mut receipts, mut close) = (true, 0, Vec::new(), None);
        for next in some.drain(..) {
            match next {
                Out::Frame(frame, receipt) => {
                    length += frame.len();
                    receipts.extend(receipt);
                    // The engine writes JSON, so this never fails.
                    let Ok(text) = Utf8Bytes::try_from(frame) else { continue };
                    is_open = is_open && sink.feed(Message::Text(text)).await.is_ok();
                }
                Out::Close(code) => close = Some(code),
            }
        }
        is_open = is_open && sink.flush().await.is_ok();
        hub.socket(|engine, now| {
            receipts.into_iter().for_each(|receipt| engine.written(now.at, receipt));
            engine.socket_sent(id, length);
        });
        if let Some(code) = close.filter(|_| is_open) {
            let frame = CloseFrame { code, reason: Utf8Bytes::default() };
            return sink.send(Message::Close(Some(frame))).await.is_ok();
        }
        if !is_open {
            return false;
        }
    }
    false
}

/// Reads until the end; gives the code to close with, if it ends with something that cannot be read.
async fn read<E: Entrance>(
    hub: &Hub,
    entrance: &E,
    visitor: &Visitor,
    id: SocketId,
    stream: &mut SplitStream<WebSocket>,
) -> Option<u16> {
    loop {
        match stream.next().await? {
            Ok(Message::Text(text)) => {
                let settings = hub.settings();
                // Parsed for this alone only where somebody asked for it.
                let heartbeat = settings.max_inactivity.is_some()
                    && parse_frame(text.as_bytes(), settings).is_ok_and(|it| is_heartbeat(&it));
                entrance.heard(visitor, heartbeat);
                hub.socket(|engine, now| engine.socket_text(now, id, text.as_bytes()));
            }
            Ok(Message::Binary(_)) => hub.socket(|engine, now| engine.socket_binary(now.at, id)),
            Ok(Message::Ping(_) | Message::Pong(_)) => {
                hub.socket(|engine, now| engine.socket_alive(now.at, id));
            }
            Ok(Message::Close(_)) => return None,
            Err(error) => {
                return match error.into_inner().downcast_ref::<tungstenite::Error>()? {
                    tungstenite::Error::Capacity(_) => Some(CLOSE_TOO_BIG),
                    tungstenite::Error::Utf8(_) | tungstenite::Error::Protocol(_) => Some(CLOSE_FAILED),
                    _ => None,
                };
            }
        }
    }
}
