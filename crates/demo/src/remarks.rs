//! What reviewers and coaches write.

use crate::contacts::Record;
use crate::dice::Dice;
use crate::quality::Measure;
use crate::script::Tag;
use crate::timing::Noted;

/// "1:07" for 67.4 seconds.
fn clock(secs: f64) -> String {
    format!("{}:{:02}", secs as i64 / 60, secs as i64 % 60)
}

/// A short reason for a score, by its share of the highest (0 to 1).
pub(crate) fn reason(measure: Measure, share: f64, dice: &mut Dice) -> String {
    let (good, poor): (&[&str], &[&str]) = match measure {
        Measure::Greeting => (
            &["Warm opening", "Name and company given, clear offer to help"],
            &["Flat opening", "Sounded rushed from the first word"],
        ),
        Measure::Empathy => (
            &["Feeling named and taken seriously", "Apology came first and sounded meant"],
            &["No acknowledgement of the customer's situation", "Went straight to the account"],
        ),
        Measure::Listening => (
            &["Let the customer finish", "Picked up a detail from earlier"],
            &["Talked over the customer", "Answered before the question was complete"],
        ),
        Measure::Knowledge => (
            &["Correct and in plain words", "Checked first, then explained"],
            &["Guessed", "Explanation incomplete", "Used terms the customer cannot know"],
        ),
        Measure::Flow => (
            &["Explained what was being looked up", "No unexplained silence"],
            &["Long silence without a word", "Customer had to ask whether anyone was there"],
        ),
        Measure::Ownership => (
            &["Clear promise with a day", "Named who does what by when"],
            &["No next step", "Left it to the customer to ring again"],
        ),
        Measure::Identity => (
            &["Two details checked before the account was opened"],
            &["Account discussed without a security check", "Relied on the calling number"],
        ),
        Measure::Hold => (
            &["Asked before the hold and thanked afterwards"],
            &["Put on hold without asking", "Searched in silence"],
        ),
        Measure::Clarity => (&["Clear and calm"], &["Many fillers"]),
        Measure::Resolution => (
            &["Fair remedy offered", "Used the options available"],
            &["Hid behind policy", "No alternative offered"],
        ),
        Measure::Courtesy => (&["Asked and waited for the answer"], &["Closed the call without asking"]),
    };
    dice.pick(if share >= 0.5 { good } else { poor }).to_owned()
}

/// A remark that points at the place it is about, where there is one.
pub(crate) fn comment(measure: Measure, share: f64, record: &Record, dice: &mut Dice) -> Option<String> {
    let good = share >= 0.5;
    let tag = match (measure, good) {
        (Measure::Greeting, _) => Tag::Greeting,
        (Measure::Empathy, true) => Tag::Empathy,
        (Measure::Empathy, false) => Tag::Objection,
        (Measure::Listening, _) => Tag::Interruption,
        (Measure::Knowledge, true) => Tag::Explain,
        (Measure::Knowledge | Measure::Resolution, false) => Tag::DeadEnd,
        (Measure::Flow | Measure::Hold, _) => Tag::DeadAir,
        (Measure::Ownership, true) => Tag::Promise,
        (Measure::Identity, true) => Tag::Identity,
        (Measure::Identity, false) => Tag::NoIdentity,
        (Measure::Courtesy, true) => Tag::AnythingElse,
        _ => return None,
    };
    let noted = record.facts.noted.iter().find(|noted| noted.tag == tag)?;
    let at = clock(noted.start);
    let texts: &[&str] = match (measure, good) {
        (Measure::Greeting, true) => &["Nice start, you can hear the smile."],
        (Measure::Greeting, false) => &["Slow down here, this is the first thing they hear."],
        (Measure::Empathy, true) => &["This sentence turned the mood.", "Good, and no \"but\" after it."],
        (Measure::Empathy, false) => {
            &["Here was the chance to say sorry first.", "They tell you how they feel and get a fact back."]
        }
        (Measure::Listening, true) => &["One small overlap, otherwise patient."],
        (Measure::Listening, false) => &[
            "Count to one before you answer.",
            "The customer had not finished, the important half came afterwards.",
        ],
        (Measure::Knowledge, true) => {
            &["Very clear, could go into the training.", "Good order: what, why, what now."]
        }
        (Measure::Knowledge | Measure::Resolution, _) => &[
            "There was something you could have done: the care desk can approve credits.",
            "Please do not stop here, offer the next best thing.",
        ],
        (Measure::Flow | Measure::Hold, true) => &["Fine, though a word during the search would help."],
        (Measure::Flow | Measure::Hold, false) => {
            &["Say what you are doing while the page loads.", "This feels twice as long on the other end."]
        }
        (Measure::Ownership, _) => {
            &["Exactly right: what, who and when.", "Good promise. Set yourself the reminder as well."]
        }
        (Measure::Identity, true) => &["Done smoothly, it did not feel like an interrogation."],
        (Measure::Identity, false) => &[
            "Never skip this, even when the number matches.",
            "Anybody could hold that phone. Two details, always.",
        ],
        _ => &["Well done."],
    };
    Some(format!("At {at}: {}", dice.pick(texts)))
}

/// What a coach says about a moment; `None` for moments that nobody comments on.
pub(crate) fn feedback(noted: &Noted, first_name: &str, dice: &mut Dice) -> Option<String> {
    let texts: &[&str] = match noted.tag {
        Tag::Empathy => &[
            "Lovely. You name what it means for them before you touch the keyboard.",
            "This is the sentence that calms the call down. Keep it.",
            "{name}, listen to how the customer's voice changes after this.",
            "Real apology, no excuses. Great example for the team meeting.",
        ],
        Tag::Identity => &[
            "Security check done in one breath, very smooth.",
            "Good: two details, and you say why you ask.",
        ],
        Tag::NoIdentity => &[
            "We need two details here, please, even if the number matches. Let's practise a quick way to ask.",
            "{name}, this would fail an audit. It takes ten seconds.",
        ],
        Tag::Hold => &[
            "Good that you ask and say for how long.",
            "Try to give a time here, then come back before it is up.",
        ],
        Tag::Explain => &[
            "Clear and short. You could stop here and ask whether it made sense.",
            "Very good explanation, no jargon at all.",
            "I like that you start with what it means for them.",
            "Nice and honest. Customers notice.",
        ],
        Tag::DeadEnd => &[
            "Avoid \"there's nothing I can do\". What could you offer instead?",
            "Here we lose them. Say what you <em>can</em> do.",
            "Policy is never the answer, even if it is the reason.",
        ],
        Tag::Objection => &[
            "Here is the real reason for the call. One question more and you would have had it.",
            "Strong feeling here. Acknowledge first, then explain.",
            "Good moment to use the loyalty offer.",
        ],
        Tag::Supervisor => &[
            "What happened just before this? Let's listen to the thirty seconds that led here.",
            "Escalation could have been avoided a minute earlier.",
        ],
        Tag::Promise => &[
            "Next step with a day: exactly what we want.",
            "Great close. They know what happens and who does it.",
            "Please put the call back into the system as well, not only on paper.",
        ],
        Tag::Upsell => {
            &["Good timing, it fits what they told you.", "Careful: solve the problem first, then offer."]
        }
        Tag::Recap => &["The summary saves us the second call.", "Good recap, and you let them confirm it."],
        Tag::Interruption => &[
            "You come in too early here, {name}. Listen for the breath.",
            "They were about to tell you the reason. Let them finish.",
        ],
        Tag::DeadAir => &[
            "Long silence. Tell them what you are looking for.",
            "Here I wasn't sure you were still there. A short \"still with you\" is enough.",
        ],
        Tag::Abrupt => &["Ends a bit suddenly. One sentence more and it is a good call."],
        Tag::Greeting | Tag::Question | Tag::AnythingElse => return None,
    };
    let text = dice.pick(texts).replace("{name}", first_name);
    Some(if dice.chance(0.4) { format!("<p>{text}</p>") } else { text })
}
