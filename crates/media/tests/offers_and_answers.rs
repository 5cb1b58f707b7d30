//! Offers and answers as phones send them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use touchline_media::{
    codec::Codec,
    sdp::{Agreed, Carries, Direction, Encryption, Local, Refused, Remote, SdpError, Session},
    srtp::{Master, Suite},
};

const KEY: Master = Master([7; 30]);

fn local() -> Local {
    Local {
        address: "192.0.2.1".parse().unwrap(),
        port: 30_000,
        codecs: Codec::ALL.to_vec(),
        encryption: Encryption::IfAsked,
    }
}

fn session() -> Session {
    Session::new(42 << 1, local())
}

fn offer(media: &str) -> Remote {
    let text =
        format!("v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n{media}");
    Remote::parse(text.as_bytes()).unwrap()
}

fn answered(session: &mut Session, media: &str) -> (String, Agreed) {
    session.answer(&offer(media), Direction::SendRecv, KEY).unwrap()
}

#[test]
fn a_phones_offer_is_answered_with_one_codec_and_its_own_number_for_digits() {
    let (text, agreed) = answered(
        &mut session(),
        "m=audio 4000 RTP/AVP 96 9 0 8 120\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:120 telephone-event/8000\r\n\
         a=fmtp:120 0-16\r\na=ptime:30\r\n",
    );
    assert_eq!(
        text,
        "v=0\r\no=touchline 42 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 30000 RTP/AVP 8 120\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:120 telephone-event/8000\r\n\
         a=fmtp:120 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    assert_eq!((agreed.codec, agreed.payload_type, agreed.dtmf), (Codec::Pcma, 8, Some(120)));
    assert_eq!(agreed.remote, Some("198.51.100.7:4000".parse().unwrap()));
    assert_eq!(agreed.rtcp, Some("198.51.100.7:4001".parse().unwrap()));
    assert!(!agreed.held && agreed.keys.is_none());
}

#[test]
fn a_codec_under_another_number_keeps_that_number() {
    let (text, agreed) = answered(&mut session(), "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 pcmu/8000\r\n");
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcmu, 97));
    assert!(text.contains("m=audio 30000 RTP/AVP 97\r\na=rtpmap:97 PCMU/8000\r\n"));
    // G.722 at its true rate is none that anybody speaks (RFC 3551, 4.5.2).
    let wrong = offer("m=audio 4000 RTP/AVP 98\r\na=rtpmap:98 G722/16000\r\n");
    assert_eq!(wrong.audio, None);
}

#[test]
fn each_way_to_hold_is_mirrored() {
    let table = [
        ("a=sendrecv", Direction::SendRecv, false),
        ("a=sendonly", Direction::RecvOnly, true),
        ("a=recvonly", Direction::SendOnly, false),
        ("a=inactive", Direction::Inactive, true),
        ("c=IN IP4 0.0.0.0", Direction::RecvOnly, true),
        ("c=IN IP4 0.0.0.0\r\na=inactive", Direction::Inactive, true),
    ];
    for (said, direction, held) in table {
        let (text, agreed) = answered(&mut session(), &format!("m=audio 4000 RTP/AVP 0\r\n{said}\r\n"));
        assert_eq!((agreed.direction, agreed.held), (direction, held), "{said}");
        assert!(text.ends_with(&format!("a={}\r\n", direction.name())), "{said}");
        assert_eq!(agreed.remote.is_none(), said.contains("0.0.0.0"));
    }
    // The session's attribute counts where the line has none, and what we do not want is not offered.
    let whole = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\na=sendonly\r\n\
                 m=audio 4000 RTP/AVP 0\r\n";
    let remote = Remote::parse(whole.as_bytes()).unwrap();
    assert_eq!(remote.audio.as_ref().unwrap().direction, Direction::SendOnly);
    let (_, agreed) = session().answer(&remote, Direction::SendOnly, KEY).unwrap();
    assert_eq!(agreed.direction, Direction::Inactive);
}

#[test]
fn the_version_counts_descriptions_that_differ() {
    let mut session = session();
    let version = |text: &str| text.split_ascii_whitespace().nth(3).unwrap().parse::<u64>().unwrap();
    let active = "m=audio 4000 RTP/AVP 0\r\n";
    assert_eq!(version(&answered(&mut session, active).0), 1);
    assert_eq!(version(&answered(&mut session, active).0), 1, "a refresh says the same again");
    assert_eq!(version(&answered(&mut session, "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n").0), 2);
    assert_eq!(version(&answered(&mut session, active).0), 3);
}

#[test]
fn a_re_invite_with_duplicate_codecs_keeps_the_codec_in_use() {
    let mut session = session();
    answered(&mut session, "m=audio 4000 RTP/AVP 0\r\n");
    let (text, agreed) = answered(
        &mut session,
        "m=audio 4000 RTP/AVP 8 8 0 0 8 97 101 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:97 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=rtpmap:101 telephone-event/8000\r\n",
    );
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcmu, 0));
    assert!(text.contains("m=audio 30000 RTP/AVP 0 101\r\n"), "{text}");
}

#[test]
fn lines_that_we_do_not_use_come_back_with_port_zero_in_their_place() {
    let (text, agreed) = answered(
        &mut session(),
        "m=video 5000 RTP/AVP 31 34\r\na=rtpmap:31 H261/90000\r\nm=audio 0 RTP/AVP 0\r\n\
         m=audio 4000 RTP/AVPF 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
    );
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 31 34",
            "m=audio 0 RTP/AVP 0",
            "m=audio 30000 RTP/AVPF 0",
            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
        ]
    );
    assert_eq!(agreed.remote.unwrap().port(), 4000);
}

#[test]
fn without_a_common_codec_or_sound_there_is_no_call() {
    for media in [
        "",
        "m=video 5000 RTP/AVP 31\r\n",
        "m=audio 0 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 18\r\n",
        "m=audio 4000 TCP/RTP/AVP 0\r\n",
    ] {
        let refused = session().answer(&offer(media), Direction::SendRecv, KEY);
        assert_eq!(refused, Err(Refused::NoSound), "{media}");
    }
    let only = Local { codecs: vec![Codec::G722], ..local() };
    let refused =
        Session::new(1, only).answer(&offer("m=audio 4000 RTP/AVP 0 8\r\n"), Direction::SendRecv, KEY);
    assert_eq!(refused, Err(Refused::NoSound));
}

#[test]
fn an_invite_without_an_offer_is_offered_everything_and_the_answer_is_read() {
    let mut session = session();
    let text = session.offer(Direction::SendRecv, None);
    assert!(text.contains("m=audio 30000 RTP/AVP 8 0 9 101\r\n"), "{text}");
    let (answer, theirs) = Session::new(5, local())
        .answer(&Remote::parse(text.as_bytes()).unwrap(), Direction::SendRecv, KEY)
        .unwrap();
    assert_eq!(theirs.codec, Codec::Pcma);
    assert!(answer.contains("a=rtcp-mux\r\n"));
    let agreed = session.agree(&Remote::parse(answer.as_bytes()).unwrap()).unwrap();
    assert_eq!((agreed.codec, agreed.dtmf, agreed.rtcp_mux), (Codec::Pcma, Some(101), true));
    assert_eq!(agreed.rtcp, agreed.remote);
    // A second answer to the same offer is none.
    assert_eq!(session.agree(&Remote::parse(answer.as_bytes()).unwrap()), Err(Refused::NoSound));
}

#[test]
fn our_own_re_invite_keeps_numbers_and_lines() {
    let mut session = session();
    let (_, agreed) = answered(
        &mut session,
        "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 97 120 13\r\na=rtpmap:97 PCMU/8000\r\n\
         a=rtpmap:120 telephone-event/8000\r\n",
    );
    let kinds = [97, 120, 13, 0].map(|number| agreed.carries(number));
    assert_eq!(kinds, [Carries::Sound, Carries::Digits, Carries::Noise, Carries::Unknown]);
    let text = session.offer(Direction::SendOnly, None);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=video 0 RTP/AVP 31", "m=audio 30000 RTP/AVP 97 8 9 120"]);
    assert!(text.contains("o=touchline 42 2 ") && text.ends_with("a=sendonly\r\n"), "{text}");
    // Encrypted from now on: the profile is ours.
    assert!(session.offer(Direction::SendRecv, Some(KEY)).contains("m=audio 30000 RTP/SAVP 97 8 9 120"));
}

#[test]
fn keys_are_exchanged_when_the_offer_is_encrypted() {
    let mut caller = session();
    let theirs = Master([9; 30]);
    let text = caller.offer(Direction::SendRecv, Some(theirs));
    assert!(text.contains("m=audio 30000 RTP/SAVP 8 0 9 101\r\n"));
    let mut called = Session::new(5, local());
    let (answer, agreed) =
        called.answer(&Remote::parse(text.as_bytes()).unwrap(), Direction::SendRecv, KEY).unwrap();
    let keys = agreed.keys.unwrap();
    assert_eq!((keys.suite, keys.ours, keys.theirs), (Suite::AesCm128HmacSha1_80, KEY, theirs));
    assert_eq!(answer.matches("a=crypto:1 ").count(), 1);
    assert_eq!(answer.matches("a=crypto:").count(), 1);
    let keys = caller.agree(&Remote::parse(answer.as_bytes()).unwrap()).unwrap().keys.unwrap();
    assert_eq!((keys.ours, keys.theirs), (theirs, KEY));
}

#[test]
fn encryption_is_never_dropped_silently() {
    let plain = offer("m=audio 4000 RTP/AVP 0\r\n");
    let keyless = offer("m=audio 4000 RTP/SAVP 0\r\n");
    let encrypted = offer(
        "m=audio 4000 RTP/SAVP 0\r\n\
         a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n",
    );
    let answer = |encryption, remote: &Remote| {
        Session::new(1, Local { encryption, ..local() }).answer(remote, Direction::SendRecv, KEY)
    };
    assert_eq!(answer(Encryption::Always, &plain), Err(Refused::Encryption));
    assert_eq!(answer(Encryption::Never, &encrypted), Err(Refused::Encryption));
    assert_eq!(answer(Encryption::IfAsked, &keyless), Err(Refused::Encryption));
    let (text, agreed) = answer(Encryption::IfAsked, &encrypted).unwrap();
    assert_eq!(agreed.keys.unwrap().suite, Suite::AesCm128HmacSha1_32);
    assert!(text.contains("a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:"));
    // A plain answer to an encrypted offer is refused too.
    let mut caller = session();
    caller.offer(Direction::SendRecv, Some(KEY));
    assert_eq!(caller.agree(&plain), Err(Refused::Encryption));
}

#[test]
fn addresses_of_both_families_names_and_other_ports_for_reports_are_read() {
    let six = "v=0\r\no=- 1 1 IN IP6 2001:db8::7\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n\
               c=IN IP6 2001:db8::7\r\na=rtcp:4100 IN IP6 2001:db8::8\r\n";
    let audio = Remote::parse(six.as_bytes()).unwrap().audio.unwrap();
    assert_eq!(audio.address, Some("[2001:db8::7]:4000".parse().unwrap()));
    assert_eq!(audio.rtcp, Some("[2001:db8::8]:4100".parse().unwrap()));
    let mut ours = Session::new(1, Local { address: "2001:db8::1".parse().unwrap(), ..local() });
    let (text, _) = ours.answer(&Remote::parse(six.as_bytes()).unwrap(), Direction::SendRecv, KEY).unwrap();
    assert!(text.contains("c=IN IP6 2001:db8::1\r\n"));
    let named = offer("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n");
    assert_eq!(named.audio.unwrap().address, None);
    let port = offer("m=audio 4000 RTP/AVP 0\r\na=rtcp:4100\r\n").audio.unwrap();
    assert_eq!(port.rtcp, Some("198.51.100.7:4100".parse().unwrap()));
}

#[test]
fn junk_lines_bare_line_feeds_and_a_missing_name_are_forgiven() {
    let text = "v=0\no=- 1 1 IN IP4 198.51.100.7\nc=IN IP4 198.51.100.7\nt=0 0\nthis is junk\n\n\
                m=audio 4000 RTP/AVP 0 13\n=\na=ptime:20 \n";
    let audio = Remote::parse(text.as_bytes()).unwrap().audio.unwrap();
    assert_eq!(audio.codecs, [(Codec::Pcmu, 0)]);
    assert_eq!((audio.comfort_noise, audio.ptime), (Some(13), Some(20)));
}

#[test]
fn what_is_no_description_is_refused_with_a_reason() {
    assert!(matches!(Remote::parse(b""), Err(SdpError::Malformed(_))));
    assert!(matches!(Remote::parse(b"GET / HTTP/1.1"), Err(SdpError::Malformed(_))));
    assert_eq!(Remote::parse(&vec![b'a'; 70_000]), Err(SdpError::TooLong));
    let many = format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n{}",
        "m=audio 1 RTP/AVP 0\r\n".repeat(33)
    );
    assert_eq!(Remote::parse(many.as_bytes()), Err(SdpError::TooLong));
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _any = Remote::parse(&bytes);
    }

    #[test]
    fn arbitrary_lines_never_panic_and_what_is_answered_can_be_read(
        lines in proptest::collection::vec("[acmbt]=(audio |video |rtpmap:|crypto:1 |IN IP[46] |rtcp:)?[ -~]{0,30}", 0..12),
    ) {
        let media = format!("m=audio 4000 RTP/AVP 0 8\r\n{}\r\n", lines.join("\r\n"));
        let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n{media}");
        if let Ok(remote) = Remote::parse(text.as_bytes())
            && let Ok((answer, agreed)) = session().answer(&remote, Direction::SendRecv, KEY)
        {
            let again = Remote::parse(answer.as_bytes()).unwrap();
            proptest::prop_assert_eq!(again.lines.len(), remote.lines.len());
            proptest::prop_assert_eq!(again.audio.unwrap().codecs, vec![(agreed.codec, agreed.payload_type)]);
        }
    }
}
