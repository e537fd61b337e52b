//! An answer on its way out: keeps the call's place until its end, ends it at its deadline, and tells how it ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::HeaderMap;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::time::Sleep;
use tonic::Status;
use tonic::body::Body;

use super::Edge;
use super::call_id::CallId;
use super::in_flight::Place;
use crate::domain::caller::Caller;
use crate::members::Permission;
use crate::server::{metric, status};

/// The number of the code for a call that nobody waits for any more.
const CANCELLED: usize = 1;

/// A call's record, written when it is dropped.
pub(super) struct Record {
    pub edge: Arc<Edge>,
    pub call: CallId,
    pub permission: &'static Permission,
    pub caller: Arc<Caller>,
    pub began: Instant,
    pub code: usize,
    pub _place: Place,
}

impl Record {
    pub(super) fn new(
        edge: Arc<Edge>,
        call: CallId,
        permission: &'static Permission,
        caller: Arc<Caller>,
        place: Place,
    ) -> Self {
        edge.meter.begin();
        Self {
            edge,
            call,
            permission,
            caller,
            began: Instant::now(),
            code: CANCELLED,
            _place: place,
        }
    }

    /// Reads how the call ended, from headers or trailers; an answer without a status goes on.
    pub(super) fn note(&mut self, headers: &HeaderMap) {
        if let Some(value) = headers.get("grpc-status") {
            self.code = value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(2);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.edge.meter.end(self.permission, self.code, took);
        tracing::debug!(
            request_id = %self.call,
            rpc = self.permission.path(),
            member = %self.caller.member_id(),
            code = metric::code_name(self.code),
            duration_us = took.as_micros(),
            "call answered"
        );
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    record: Record,
    /// Streams only: an answer of one message is there at once.
    deadline: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Answer {
    pub(super) fn new(body: Body, record: Record, deadline: Option<Pin<Box<Sleep>>>) -> Self {
        Self {
            body,
            record,
            deadline,
            ended: false,
        }
    }

    fn end_with(&mut self, status: &Status) -> Frame<Bytes> {
        self.ended = true;
        let mut trailers = HeaderMap::new();
        // A status of ours always fits: its text and details are ASCII or encoded.
        let _ = status.add_header(&mut trailers);
        self.record.note(&trailers);
        Frame::trailers(trailers)
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let answer = self.get_mut();
        if answer.ended {
            return Poll::Ready(None);
        }
        let body = &mut answer.body;
        let Ok(polled) = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))) else {
            let status = status::panicked(&answer.record.call);
            return Poll::Ready(Some(Ok(answer.end_with(&status))));
        };
        match polled {
            Poll::Ready(Some(Ok(mut frame))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    status::dress(
                        &answer.record.call,
                        trailers,
                        answer.record.edge.limits.message_bytes_max,
                    );
                    answer.record.note(trailers);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other),
            Poll::Pending => {
                let Some(deadline) = answer.deadline.as_mut() else {
                    return Poll::Pending;
                };
                if deadline.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                let status = status::late(&answer.record.call);
                Poll::Ready(Some(Ok(answer.end_with(&status))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
