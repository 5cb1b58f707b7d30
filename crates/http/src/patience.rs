//! How long we wait for a client: for the next bytes of its request's body, and for it to take those of our answer.
//! Only waiting counts. Whoever moves, however slowly, and whoever is waiting for us, is left alone.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// A clock that runs while something is waited for.
struct Patience {
    longest: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    const fn new(longest: Duration) -> Self {
        Self { longest, waiting: None }
    }

    /// Passes on what came of a step; an error if the next one has been waited for too long.
    fn judge<T>(&mut self, context: &mut Context<'_>, step: Poll<T>) -> Poll<Result<T, io::Error>> {
        if let Poll::Ready(it) = step {
            self.waiting = None;
            return Poll::Ready(Ok(it));
        }
        let longest = self.longest;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
        ready!(waiting.as_mut().poll(context));
        self.waiting = None;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client made us wait too long")))
    }
}

/// The body of a request. It breaks off when a reader has waited too long for the next bytes.
pub(crate) struct Impatient {
    body: Incoming,
    patience: Patience,
}

impl Impatient {
    pub(crate) const fn new(body: Incoming, longest: Duration) -> Self {
        Self { body, patience: Patience::new(longest) }
    }
}

impl HttpBody for Impatient {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let step = Pin::new(&mut self.body).poll_frame(context);
        match ready!(self.patience.judge(context, step)) {
            Ok(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Err(late) => Poll::Ready(Some(Err(late.into()))),
        }
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection. Writing fails when the other side has taken nothing for too long.
pub(crate) struct Unread {
    stream: TcpStream,
    patience: Patience,
}

impl Unread {
    pub(crate) const fn new(stream: TcpStream, longest: Duration) -> Self {
        Self { stream, patience: Patience::new(longest) }
    }
}

impl AsyncRead for Unread {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Unread {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.patience.judge(context, step).map(Result::flatten)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.patience.judge(context, step).map(Result::flatten)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    // A socket has nothing of its own to flush, and does not wait when it is shut down.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
