use super::*;
use touchline_model::{MediaTime, Speaker, SpeakerType, Word};

/// Turns of (speaker, text). With `marks` the punctuation stays, as a recogniser would give it; without, the words are
/// bare. Words take 0.3 s, turns are 0.5 s apart. Speaker 0 is the agent.
fn call(turns: &[(u16, &str)], marks: bool) -> Transcript {
    let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    let mut words = Vec::new();
    let mut clock = 0;
    for (speaker, text) in turns {
        for token in text.split(' ') {
            let bare = token.trim_end_matches(['.', '?', '!', ',']);
            let mark = &token[bare.len()..];
            words.push(Word {
                start: MediaTime::from_micros(clock),
                end: MediaTime::from_micros(clock + 250_000),
                text: if marks { bare.to_owned() } else { bare.to_lowercase() },
                punctuation: (marks && !mark.is_empty()).then(|| mark.to_owned()),
                speaker: *speaker,
                confidence: None,
            });
            // A sentence is followed by a breath.
            clock += if mark.contains(['.', '?', '!']) { 1_000_000 } else { 300_000 };
        }
        clock += 500_000;
    }
    Transcript { speakers: vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)], words }
}

const CALL: &[(u16, &str)] = &[
    (0, "Thank you for calling Northwind Energy. My name is Ana. How can I help you today?"),
    (
        1,
        "Hi Ana. How are you? I'm calling because my electricity bill doubled in March after you changed the meter.",
    ),
    (0, "I am sorry to hear that. What is your account number?"),
    (1, "Um, it's 4471 903."),
    (0, "Thank you. When did the technician install the new meter?"),
    (1, "Okay. On the twelfth of February, I think."),
    (0, "I see it. The technician entered the reading of the old meter twice, so the bill counted double."),
    (1, "Oh okay."),
    (
        0,
        "I will send you a corrected bill by email tomorrow. You will receive a refund within five business days.",
    ),
    (1, "Great. Will the direct debit stop until then?"),
    (0, "Yes, the direct debit has been paused until the corrected bill is out."),
    (1, "Perfect, thank you so much."),
    (0, "Is there anything else I can help you with?"),
    (1, "No. Bye."),
];

fn texts(lines: &[SummaryLine]) -> Vec<String> {
    lines.iter().map(|line| line.text.to_lowercase()).collect()
}

#[test]
fn the_summary_says_why_the_customer_called_and_how_it_ended_and_no_pleasantry() {
    for marks in [true, false] {
        let summary = summarise(&call(CALL, marks));
        let lines = texts(&summary.lines).join("\n");
        assert!((2..=5).contains(&summary.lines.len()), "{lines}");
        assert!(lines.contains("electricity bill doubled"), "marks {marks}: {lines}");
        assert!(lines.contains("old meter twice"), "marks {marks}: {lines}");
        for pleasantry in ["calling northwind", "anything else", "how are you", "so much"] {
            assert!(!lines.contains(pleasantry), "marks {marks}: {lines}");
        }
    }
}

#[test]
fn promises_become_next_steps_and_offers_of_help_do_not() {
    for marks in [true, false] {
        let steps = texts(&summarise(&call(CALL, marks)).next_steps);
        assert_eq!(steps.len(), 2, "marks {marks}: {steps:?}");
        assert!(steps[0].starts_with("i will send you a corrected bill"), "{steps:?}");
        assert!(steps[1].starts_with("you will receive a refund"), "{steps:?}");
    }
    let none = [
        (0, "I'll be happy to help you with that. I will just check your account."),
        (1, "Will you send me a letter?"),
        (0, "We won't send a letter."),
    ];
    for marks in [true, false] {
        assert_eq!(summarise(&call(&none, marks)).next_steps, [], "marks {marks}");
    }
    let more = [
        (0, "Someone from our team will call you back on Monday."),
        (1, "I'll send you the serial number tonight."),
        (0, "Your new card will be mailed within a week."),
        (0, "We are going to escalate this."),
    ];
    assert_eq!(summarise(&call(&more, true)).next_steps.len(), 4);
}

#[test]
fn wishes_and_farewells_are_no_next_steps() {
    let wishes = [
        (0, "I hope you will have a great day."),
        (1, "You will have a wonderful rest of your day too."),
        (0, "It will be a lovely evening."),
        (1, "Okay, I will talk to you later."),
        (0, "I will let you get back to your day, enjoy your weekend."),
        (0, "I will be right back with you in a day."),
    ];
    for marks in [true, false] {
        assert_eq!(summarise(&call(&wishes, marks)).next_steps, [], "marks {marks}");
    }
    let both = [
        (0, "I will send you the letter tomorrow, have a nice day."),
        (0, "You will have a new card within a day."),
        (0, "I will talk to my manager about the fee, take care."),
    ];
    for marks in [true, false] {
        assert_eq!(summarise(&call(&both, marks)).next_steps.len(), 3, "marks {marks}");
    }
}

#[test]
fn lines_begin_with_a_capital_letter_and_names_stay_as_they_are() {
    for (said, shown) in [
        ("when is it due", "When is it due"),
        ("\u{201c}yes\u{201d}, she said", "\u{201c}Yes\u{201d}, she said"),
        ("\u{e9}t\u{e9} comes", "\u{c9}t\u{e9} comes"),
        ("iPhone is lost", "iPhone is lost"),
        ("4 of them", "4 of them"),
        ("stra\u{df}e", "Stra\u{df}e"),
        ("\u{df}x", "\u{df}x"),
        ("...", "..."),
    ] {
        assert_eq!(capitalised(said.to_owned()), shown);
    }
    let steps = summarise(&call(&[(0, "Okay so I'll send you the letter tomorrow")], false)).next_steps;
    assert_eq!(steps[0].text, "I'll send you the letter tomorrow");
}

#[test]
fn questions_are_listed_with_what_the_other_side_answers() {
    for marks in [true, false] {
        let pairs: Vec<_> = summarise(&call(CALL, marks))
            .questions
            .iter()
            .map(|pair| (pair.question.text.to_lowercase(), pair.answer.text.to_lowercase()))
            .collect();
        let bare = |text: &str| text.replace(['.', ',', '?'], "");
        let pairs: Vec<_> = pairs.iter().map(|(q, a)| (bare(q), bare(a))).collect();
        let expected = [
            ("what is your account number", "it's 4471 903"),
            ("when did the technician install the new meter", "on the twelfth of february i think"),
            (
                "will the direct debit stop until then",
                "the direct debit has been paused until the corrected bill is out",
            ),
        ];
        let pairs: Vec<_> = pairs.iter().map(|(q, a)| (q.as_str(), a.as_str())).collect();
        assert_eq!(pairs, expected, "marks {marks}");
    }
}

#[test]
fn a_bare_yes_is_an_answer_and_a_question_back_is_none() {
    let yes = [(0, "Do you still have the card with you?"), (1, "Yes."), (0, "Good to know.")];
    let summary = summarise(&call(&yes, true));
    assert_eq!(summary.questions[0].answer.text, "Yes.");
    let back = [
        (0, "Which card do you mean exactly?"),
        (1, "Which cards do I have?"),
        (0, "A gold and a blue one."),
    ];
    let summary = summarise(&call(&back, true));
    assert_eq!(summary.questions.len(), 1);
    assert_eq!(summary.questions[0].answer.text, "A gold and a blue one.");
}

#[test]
fn every_line_is_the_text_of_its_words() {
    for marks in [true, false] {
        let transcript = call(CALL, marks);
        let summary = summarise(&transcript);
        let pairs = summary.questions.iter().flat_map(|pair| [&pair.question, &pair.answer]);
        for line in summary.lines.iter().chain(&summary.next_steps).chain(pairs) {
            assert!(line.first_word <= line.last_word);
            let said = transcript.text(line.first_word, line.last_word + 1);
            assert_eq!(line.text.to_lowercase(), said.to_lowercase());
            assert!(!line.text.starts_with(char::is_lowercase), "{}", line.text);
            let speaker = transcript.words[line.first_word].speaker;
            let words = &transcript.words[line.first_word..=line.last_word];
            assert!(words.iter().all(|word| word.speaker == speaker), "{} is of two speakers", line.text);
        }
        assert_eq!(summary, summarise(&transcript), "the same transcript, the same summary");
    }
}

#[test]
fn what_is_said_twice_is_summarised_once() {
    let turns = [
        (1, "I need to cancel my flight to Lisbon on Thursday."),
        (0, "You need to cancel the flight to Lisbon on Thursday."),
        (1, "I need to cancel my flight to Lisbon on Thursday."),
        (0, "The cancellation fee has been waived because of the storm warning."),
    ];
    let lines = texts(&summarise(&call(&turns, true)).lines);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("lisbon") && lines[1].contains("waived"), "{lines:?}");
}

#[test]
fn nothing_said_is_an_empty_summary() {
    assert_eq!(summarise(&Transcript::default()), Summary::default());
    assert_eq!(summarise(&call(&[(0, "um"), (1, "-")], true)), Summary::default());
}

#[test]
fn a_speech_without_marks_or_pauses_is_cut_into_readable_pieces() {
    let words: Vec<String> = (0..400).map(|n| format!("reading{}", n % 37)).collect();
    let mut transcript = call(&[(0, &words.join(" "))], false);
    for word in &mut transcript.words {
        word.end = MediaTime::from_micros(word.start.micros() + 300_000);
    }
    let summary = summarise(&transcript);
    assert!(!summary.lines.is_empty());
    assert!(summary.lines.iter().all(|line| line.last_word - line.first_word < 41));
}
