//! A dialog: what both sides of a line know of each other (RFC 3261 §12).

use crate::{
    uri::{self, Uri},
    wire::{
        Flow,
        message::{address_of, header, request, tag, value, values},
    },
};
use rsipstack::sip::{Header, Headers, Method, Request, Response};
use std::net::SocketAddr;

/// Both sides of a line.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: String,
    /// Our From, or To, with our tag.
    local: String,
    pub(crate) local_tag: String,
    /// Theirs, with their tag once there is one.
    remote: String,
    pub(crate) remote_tag: Option<String>,
    /// Where requests go to.
    target: String,
    routes: Vec<String>,
    /// Our last CSeq.
    sequence: u32,
    /// Their last CSeq.
    theirs: Option<u32>,
    pub(crate) flow: Flow,
    /// Only over a trunk: a telephone may be behind a router, and is reached where it registered from.
    by_route: bool,
    /// They know UPDATE (RFC 3311).
    pub(crate) knows_update: bool,
}

impl Dialog {
    /// We begin it.
    pub(crate) fn ours(
        call_id: String,
        from: &str,
        tag: String,
        target: String,
        flow: Flow,
        by_route: bool,
    ) -> Self {
        Self {
            call_id,
            local: format!("{from};tag={tag}"),
            local_tag: tag,
            remote: format!("<{target}>"),
            remote_tag: None,
            target,
            routes: Vec::new(),
            sequence: 0,
            theirs: None,
            flow,
            by_route,
            knows_update: false,
        }
    }

    /// They begin it; `None` if their request lacks what the guard wants of every request.
    pub(crate) fn theirs(request: &Request, tag_of_ours: String, flow: Flow, by_route: bool) -> Option<Self> {
        let headers = &request.headers;
        let mut dialog = Self {
            call_id: value(headers, "Call-ID")?.to_owned(),
            local: format!("{};tag={tag_of_ours}", value(headers, "To")?),
            local_tag: tag_of_ours,
            remote: value(headers, "From")?.to_owned(),
            remote_tag: tag(headers, "From"),
            target: address_of(value(headers, "From")?)?,
            routes: values(headers, "Record-Route").into_iter().map(str::to_owned).collect(),
            sequence: 0,
            theirs: crate::wire::message::sequence(headers),
            flow,
            by_route,
            knows_update: false,
        };
        dialog.refresh(headers);
        Some(dialog)
    }

    /// They have answered, for now or for good (RFC 3261 §12.1.2).
    pub(crate) fn answered(&mut self, response: &Response) {
        let headers = &response.headers;
        if let (Some(remote), Some(tag)) = (value(headers, "To"), tag(headers, "To")) {
            self.remote = remote.to_owned();
            self.remote_tag = Some(tag);
            self.routes = values(headers, "Record-Route").into_iter().rev().map(str::to_owned).collect();
        }
        self.refresh(headers);
    }

    /// A new Contact is a new target (RFC 3261 §12.2).
    pub(crate) fn refresh(&mut self, headers: &Headers) {
        if let Some(target) = values(headers, "Contact").first().and_then(|contact| address_of(contact)) {
            self.target = target;
        }
        let allowed = values(headers, "Allow");
        if !allowed.is_empty() {
            self.knows_update = allowed.contains(&"UPDATE");
        }
    }

    /// Their request within the dialog: false if it is older than one that was seen (RFC 3261 §12.2.2).
    pub(crate) fn is_next(&mut self, sequence: u32) -> bool {
        let next = self.theirs.is_none_or(|theirs| sequence > theirs);
        if next {
            self.theirs = Some(sequence);
        }
        next
    }

    /// The next request of ours.
    pub(crate) fn next(
        &mut self,
        method: Method,
        branch: &str,
        lines: Vec<Header>,
        body: Option<(&str, String)>,
    ) -> Request {
        self.sequence += 1;
        self.numbered(self.sequence, method, branch, lines, body)
    }

    /// A request with the CSeq of one before: ACK.
    pub(crate) fn numbered(
        &self,
        sequence: u32,
        method: Method,
        branch: &str,
        lines: Vec<Header>,
        body: Option<(&str, String)>,
    ) -> Request {
        let mut headers = vec![
            header(
                "Via",
                format!("SIP/2.0/{} {};branch={branch};rport", self.flow.via_name(), self.flow.local),
            ),
            header("From", self.local.clone()),
            header("To", self.remote.clone()),
            header("Call-ID", self.call_id.clone()),
            header("CSeq", format!("{sequence} {method}")),
            header("Contact", self.flow.contact()),
        ];
        headers.extend(self.routes.iter().map(|route| header("Route", route.clone())));
        headers.extend(lines);
        request(method, &self.target, headers, body)
    }

    /// CANCEL of an INVITE of ours: the same but for the method (RFC 3261 §9.1).
    pub(crate) fn cancel(invite: &Request) -> Request {
        let kept = |header: &&Header| ["Via", "From", "To", "Call-ID", "Route"].contains(&header.name());
        let mut headers: Vec<Header> = invite.headers.iter().filter(kept).cloned().collect();
        let number = crate::wire::message::sequence(&invite.headers).unwrap_or_default();
        headers.push(header("CSeq", format!("{number} CANCEL")));
        let mut cancel = request(Method::Cancel, "", headers, None);
        cancel.uri = invite.uri.clone();
        cancel
    }

    /// The way of the next request.
    pub(crate) fn way(&self) -> Flow {
        if !self.by_route {
            return self.flow.clone();
        }
        let next =
            self.routes.first().and_then(|route| address_of(route)).unwrap_or_else(|| self.target.clone());
        match uri::parse(&next) {
            Ok(Uri::Sip(sip)) => match sip.address() {
                Some(ip) => self.flow.towards(SocketAddr::new(ip, sip.port.unwrap_or(5060))),
                // A name: where it came from will know it.
                None => self.flow.clone(),
            },
            _ => self.flow.clone(),
        }
    }
}
