//! Which side a speaker is on: given at ingest, else a user, else a CRM contact, else unknown (contract c360 R-14).

use std::collections::BTreeSet;
use touchline_model::{Contact, CrmEntity, Speaker, SpeakerType, Transcript, User};

/// The digits of a telephone number; too few to be one: nothing.
fn digits(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 5).then_some(digits)
}

fn same_number(one: Option<&str>, other: &str) -> bool {
    matches!((one.and_then(digits), digits(other)), (Some(a), Some(b)) if a == b)
}

fn same_text(one: Option<&str>, other: &str) -> bool {
    one.is_some_and(|one| !one.is_empty() && one.eq_ignore_ascii_case(other))
}

fn is_user(speaker: &Speaker, user: &User) -> bool {
    speaker.user_id.as_ref() == Some(&user.id)
        || same_text(speaker.email.as_deref(), &user.email)
        || user.phone_numbers.iter().any(|number| same_number(speaker.phone_number.as_deref(), number))
        || user.system_ids.iter().any(|id| speaker.system_id.as_deref() == Some(id))
}

fn is_customer(speaker: &Speaker, known: &CrmEntity) -> bool {
    known.email.as_deref().is_some_and(|email| same_text(speaker.email.as_deref(), email))
        || known
            .phone_number
            .as_deref()
            .is_some_and(|number| same_number(speaker.phone_number.as_deref(), number))
}

/// The speakers that occur in the words, with side and name where they can be found, in the order of numbers.
pub fn recognise(transcript: &Transcript, contact: &Contact, users: &[User]) -> Vec<Speaker> {
    let numbers: BTreeSet<u16> = transcript.words.iter().map(|word| word.speaker).collect();
    numbers
        .into_iter()
        .map(|number| {
            let given = transcript.speakers.iter().find(|speaker| speaker.number == number);
            let mut speaker = given.cloned().unwrap_or(Speaker { number, ..Speaker::default() });
            let may_be_user = speaker.speaker_type.is_none_or(|side| side == SpeakerType::Internal);
            let user = users.iter().find(|user| may_be_user && is_user(&speaker, user));
            let mut people = contact.crm_matches.iter().flat_map(|found| &found.contacts);
            if let Some(user) = user {
                speaker.speaker_type = Some(SpeakerType::Internal);
                fill(&mut speaker.email, &user.email);
                fill(&mut speaker.first_name, &user.first_name);
                fill(&mut speaker.last_name, &user.last_name);
                speaker.user_id.get_or_insert_with(|| user.id.clone());
            } else if let Some(person) = people.find(|person| is_customer(&speaker, person)) {
                speaker.speaker_type.get_or_insert(SpeakerType::External);
                if speaker.first_name.is_none() && speaker.last_name.is_none() {
                    let (first, last) = person.name.rsplit_once(' ').unwrap_or((&person.name, ""));
                    fill(&mut speaker.first_name, first);
                    fill(&mut speaker.last_name, last);
                }
                fill(&mut speaker.email, person.email.as_deref().unwrap_or_default());
            }
            speaker.speaker_type.get_or_insert(SpeakerType::Unknown);
            speaker
        })
        .collect()
}

fn fill(field: &mut Option<String>, text: &str) {
    if field.is_none() && !text.is_empty() {
        *field = Some(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::{CrmMatch, MediaTime, Word};

    // covers(c360): R-14, S4.17
    #[test]
    fn a_speaker_is_a_user_before_a_customer_and_unknown_when_nobody_fits() {
        let word = |speaker| Word {
            start: MediaTime::default(),
            end: MediaTime::default(),
            text: "hi".into(),
            punctuation: None,
            speaker,
            confidence: None,
        };
        let speaker = |number, email: &str, phone: &str| Speaker {
            number,
            email: (!email.is_empty()).then(|| email.to_owned()),
            phone_number: (!phone.is_empty()).then(|| phone.to_owned()),
            ..Speaker::default()
        };
        let user = User {
            id: "u1".into(),
            email: "ana@example.com".into(),
            first_name: "Ana".into(),
            last_name: "Ruiz".into(),
            phone_numbers: vec!["+44 20 7946 0018".into()],
            active: true,
            ..User::default()
        };
        let customer = CrmEntity {
            crm_id: "c".into(),
            name: "Kim van Dam".into(),
            email: Some("kim@customer.example".into()),
            phone_number: None,
        };
        let contact = Contact {
            crm_matches: vec![CrmMatch {
                crm_name: "Salesforce".into(),
                activity_crm_id: "a".into(),
                account: None,
                contacts: vec![customer],
                engagement: None,
            }],
            ..serde_json::from_str(r#"{"started_at":"2026-03-01T00:00:00Z"}"#).unwrap()
        };
        let transcript = Transcript {
            speakers: vec![
                speaker(0, "ANA@example.com", ""),
                speaker(1, "kim@customer.example", ""),
                speaker(2, "", "442079460018"),
                speaker(7, "nobody@example.com", ""),
            ],
            words: vec![word(0), word(1), word(2), word(3)],
        };
        let found = recognise(&transcript, &contact, &[user]);
        let sides: Vec<_> = found.iter().map(|it| (it.number, it.speaker_type.unwrap())).collect();
        assert_eq!(
            sides,
            [
                (0, SpeakerType::Internal),
                (1, SpeakerType::External),
                (2, SpeakerType::Internal),
                (3, SpeakerType::Unknown)
            ],
            "only speakers that occur in the words are listed"
        );
        assert_eq!(
            (found[1].first_name.as_deref(), found[1].last_name.as_deref()),
            (Some("Kim van"), Some("Dam"))
        );
        assert_eq!(found[2].email.as_deref(), Some("ana@example.com"));
    }
}
