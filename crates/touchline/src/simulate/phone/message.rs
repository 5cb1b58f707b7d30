//! A SIP message, as far as a simulated telephone has to understand it (RFC 3261 §7).

/// A message as it came. The server writes the long names of header fields, a field a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    start: String,
    fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    /// Reads a datagram; `None` if it is no message.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next().filter(|it| !it.is_empty())?.to_owned();
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        });
        Some(Self { start, fields: fields.collect::<Option<_>>()?, body: body.to_owned() })
    }

    /// The value of a field; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The fields that stand in every answer to a request (§8.2.6.2), as they came.
    pub(crate) fn echoed(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(name, _)| matches!(name.as_str(), "Via" | "From" | "Call-ID" | "CSeq"))
    }

    /// The status of an answer, 0 for a request.
    pub(crate) fn status(&self) -> u16 {
        let code = self.start.strip_prefix("SIP/2.0 ").and_then(|rest| rest.split(' ').next());
        code.and_then(|it| it.parse().ok()).unwrap_or_default()
    }

    /// The method of a request, or of the request that was answered.
    pub(crate) fn method(&self) -> &str {
        self.get("CSeq").split(' ').nth(1).unwrap_or_default()
    }

    /// Whether it is a request of this method.
    pub(crate) fn asks(&self, method: &str) -> bool {
        self.status() == 0 && self.start.split(' ').next() == Some(method)
    }

    /// The address to which further requests go.
    pub(crate) fn contact(&self) -> &str {
        self.get("Contact").split(['<', '>']).nth(1).unwrap_or_default()
    }

    /// The number of who calls.
    pub(crate) fn caller(&self) -> &str {
        let from = self.get("From").split("sip:").nth(1).unwrap_or_default();
        from.split(['@', '>', ';']).next().unwrap_or_default()
    }

    /// The port at which the description wants sound.
    pub(crate) fn sound_port(&self) -> Option<u16> {
        self.body.lines().find_map(|line| line.strip_prefix("m=audio "))?.split(' ').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_telephone_has_to_know_is_read_off_a_message() {
        let text = "INVITE sip:5301@127.0.0.1:4000 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n\
                    From: \"A\" <sip:07700900101@touchline>;tag=1\r\nTo: <sip:5301@x>\r\nCall-ID: c\r\n\
                    CSeq: 1 INVITE\r\nContact: <sip:127.0.0.1:5060>\r\nContent-Length: 30\r\n\r\n\
                    v=0\r\nm=audio 20002 RTP/AVP 0\r\n";
        let message = Message::read(text.as_bytes()).unwrap();
        assert!(message.asks("INVITE") && !message.asks("BYE"));
        assert_eq!(
            (message.status(), message.caller(), message.contact()),
            (0, "07700900101", "sip:127.0.0.1:5060")
        );
        assert_eq!((message.sound_port(), message.echoed().count()), (Some(20_002), 4));
        let answer = Message::read(b"SIP/2.0 486 Busy Here\r\nCSeq: 2 INVITE\r\n\r\n").unwrap();
        assert_eq!((answer.status(), answer.method(), answer.sound_port()), (486, "INVITE", None));
        assert!(Message::read(b"\r\n\r\n").is_none() && Message::read(b"no message").is_none());
    }
}
