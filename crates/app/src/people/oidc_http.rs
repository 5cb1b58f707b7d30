//! Asking the identity provider. Its address is the operator's own setting, so unlike webhooks it may be a private one.

use crate::tls;
use futures::future::BoxFuture;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::{fmt, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

/// How long the provider may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Most bytes of an answer.
const ANSWER_BYTES: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Unreachable(String);

impl Unreachable {
    pub(super) fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}
impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Unreachable {}

/// One request on a connection of its own; redirects are not followed.
pub(super) struct Http(TlsConnector);

impl Http {
    pub(super) fn new() -> Result<Self, String> {
        tls::connector(tls::system_roots()).map(Self)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let url = request.uri().clone();
        let host = url.host().ok_or_else(|| Unreachable::new("the URL names no host"))?;
        let secure = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let plain = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let stream = TcpStream::connect((plain.as_str(), port)).await.map_err(Unreachable::new)?;
        if !secure {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(plain).map_err(Unreachable::new)?;
        exchange(self.0.connect(name, stream).await.map_err(Unreachable::new)?, request).await
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Unreachable;
    type Future = BoxFuture<'c, Result<HttpResponse, Unreachable>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            match tokio::time::timeout(TIMEOUT, self.ask(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(Unreachable::new("no answer in time")),
            }
        })
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: HttpRequest,
) -> Result<HttpResponse, Unreachable> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().map(|it| it.as_str().to_owned()).unwrap_or_default();
    head.headers.insert(header::HOST, HeaderValue::from_str(&authority).map_err(Unreachable::new)?);
    let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
    head.uri = path.parse().map_err(Unreachable::new)?;
    let request = http::Request::from_parts(head, Full::new(bytes::Bytes::from(body)));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Unreachable::new)?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(Unreachable::new)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await.map_err(Unreachable::new)?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    };
    // The connection moves only while somebody looks at it. When it ends first, what has come is still to be read.
    tokio::pin!(talk, connection);
    tokio::select! {
        answer = &mut talk => answer,
        _ = &mut connection => talk.await,
    }
}
