//! Descriptions, packets and reports that are nearly right.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

#[path = "../../../fuzz/mutate.rs"]
#[allow(dead_code, unreachable_pub, clippy::cast_possible_truncation, reason = "shared by several tests")]
mod mutate;

use mutate::fuzz;
use std::time::Duration;
use touchline_media::{
    SILENCE,
    codec::Codec,
    jitter::JitterBuffer,
    rtcp::{self, Block, NtpTime, Report, Sender},
    rtp::Packet,
    sdp::{Direction, Encryption, Local, Remote, Session},
    srtp::Master,
};

const OFFERS: [&str; 4] = [
    "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96 9 0 8 120\r\n\
     a=rtpmap:96 opus/48000/2\r\na=rtpmap:120 telephone-event/8000\r\na=fmtp:120 0-16\r\na=ptime:30\r\n",
    "v=0\no=a 2890844526 2890844526 IN IP6 2001:db8::1\ns= \nt=0 0\nm=audio 4000 RTP/SAVP 0\nc=IN IP6 2001:db8::1\n\
     a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH|2^20|1:32\na=sendonly\n",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=video 0 RTP/AVP 31\r\nm=audio 5004 RTP/AVP 0 13\r\n\
     a=rtcp:5006 IN IP4 192.0.2.10\r\na=inactive\r\n",
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 5004 RTP/AVP 8 101\r\n\
     a=mid:0\r\na=rtcp-mux\r\na=rtpmap:101 telephone-event/8000\r\na=ssrc:1 cname:x\r\n",
];

/// Whatever is described: what we answer and offer can be read, by ourselves first of all.
#[test]
fn an_answer_to_any_description_is_a_description() {
    let words: [&[u8]; 16] = [
        b"m=audio 0 RTP/AVP 0\r\n",
        b"m=audio 4000 RTP/SAVP 8\r\n",
        b"m=",
        b"c=IN IP4 0.0.0.0\r\n",
        b"c=IN IP6 ::\r\n",
        b"a=sendrecv\r\n",
        b"a=recvonly\r\n",
        b"a=rtcp-mux\r\n",
        b"a=rtpmap:0 PCMU/8000\r\n",
        b"a=rtpmap:97 G722/8000\r\n",
        b"a=rtpmap:",
        b"a=fmtp:",
        b"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:",
        b"a=ptime:0\r\n",
        b"255",
        b"/2/3",
    ];
    let seeds = OFFERS.iter().map(|text| text.as_bytes().to_vec()).collect();
    fuzz("SDP", seeds, &words, |input| {
        let Ok(remote) = Remote::parse(input) else { return false };
        let local = Local {
            address: "192.0.2.1".parse().unwrap(),
            port: 30_000,
            codecs: Codec::ALL.to_vec(),
            encryption: Encryption::IfAsked,
        };
        let mut session = Session::new(42, local);
        let answer = session.answer(&remote, Direction::SendRecv, Master([7; 30]));
        if let Ok((text, agreed)) = &answer {
            let read = Remote::parse(text.as_bytes()).unwrap();
            assert_eq!(read.lines.len(), remote.lines.len(), "as many lines of media as were offered");
            let audio = read.audio.unwrap();
            assert_eq!(audio.codecs.first(), Some(&(agreed.codec, agreed.payload_type)));
            assert!(text.len() < input.len() * 8 + 1_000, "{} bytes for {}", text.len(), input.len());
        }
        let offer = session.offer(Direction::SendRecv, None);
        assert!(Remote::parse(offer.as_bytes()).is_ok(), "{offer}");
        answer.is_ok()
    });
}

/// Whatever is a packet: written out it is the same packet, and a jitter buffer plays on.
#[test]
fn any_packet_can_be_written_and_played() {
    let mut seeds = Vec::new();
    for (sequence, payload, csrc) in
        [(1, vec![0xFF; 160], &[][..]), (2, vec![0x55; 80], &[1, 2]), (3, vec![5, 10, 0, 160], &[])]
    {
        let extension = None;
        let packet = Packet {
            marker: true,
            payload_type: 0,
            sequence,
            timestamp: 160,
            ssrc: 7,
            csrc: &[],
            extension,
            payload: &payload,
        };
        let mut bytes = Vec::new();
        packet.write(&mut bytes).unwrap();
        bytes[0] |= csrc.len() as u8;
        bytes.splice(12..12, csrc.iter().flat_map(|source: &u32| source.to_be_bytes()));
        seeds.push(bytes);
    }
    let words: [&[u8]; 6] = [
        &[0x90],
        &[0xB0],
        &[0xBE, 0xDE, 0, 1, 0x10, 0xAA, 0, 0],
        &[0x10, 0, 0, 1, 1, 2, 3, 4],
        &[0, 0, 0, 0],
        &[0x80, 0xC8],
    ];
    let mut buffer = JitterBuffer::new(Codec::Pcmu, 1);
    let mut now = Duration::ZERO;
    fuzz("RTP", seeds, &words, |input| {
        let Ok(packet) = Packet::parse(input) else { return false };
        let mut written = Vec::new();
        packet.write(&mut written).unwrap();
        assert!(written.len() <= input.len(), "nothing is added");
        let again = Packet::parse(&written).unwrap();
        assert_eq!(
            (again.sequence, again.timestamp, again.ssrc),
            (packet.sequence, packet.timestamp, packet.ssrc)
        );
        assert_eq!(
            (again.marker, again.payload_type, again.payload),
            (packet.marker, packet.payload_type, packet.payload)
        );
        if let Some(extension) = packet.extension {
            let bytes: usize = extension.elements().map(|(_, element)| element.len()).sum();
            assert!(bytes <= extension.data.len());
        }
        now += Duration::from_millis(20);
        buffer.push(now, &packet);
        buffer.pull(now, &mut SILENCE.clone());
        assert!(buffer.waits(now) < Duration::from_secs(3), "sound does not pile up");
        true
    });
}

/// Whatever is a report: written out and read again it says the same.
#[test]
fn any_report_can_be_written_and_says_the_same() {
    let block = Block {
        ssrc: 9,
        fraction_lost: 3,
        lost: -2,
        highest: 70_000,
        jitter: 5,
        last_report: 8,
        delay: 65_536,
    };
    let sender = Sender { ntp: NtpTime::from_unix(1_767_225_600, 5), rtp: 160, packets: 50, octets: 8_000 };
    let reports = [
        Report {
            ssrc: 7,
            sender: Some(sender),
            blocks: vec![block],
            name: Some("a@b".into()),
            gone: vec![7],
        },
        Report { ssrc: 7, sender: None, blocks: vec![block; 31], name: None, gone: vec![] },
        Report { ssrc: 7, ..Report::default() },
    ];
    let seeds = reports.iter().map(|report| {
        let mut bytes = Vec::new();
        rtcp::write(report, &mut bytes);
        bytes
    });
    let words: [&[u8]; 6] = [
        &[0x80, 200, 0, 6],
        &[0x81, 201, 0, 7],
        &[0x81, 202, 0, 3],
        &[0x81, 203, 0, 1],
        &[0xFF, 0xFF],
        &[1, 255],
    ];
    fuzz("RTCP", seeds.collect(), &words, |input| {
        let Ok(report) = rtcp::parse(input) else { return false };
        let mut written = Vec::new();
        rtcp::write(&report, &mut written);
        let again = rtcp::parse(&written).unwrap();
        let mut twice = Vec::new();
        rtcp::write(&again, &mut twice);
        assert_eq!(written, twice, "{report:?}");
        assert_eq!((again.ssrc, again.sender), (report.ssrc, report.sender));
        true
    });
}
