//! The little language in which the conversations are written (`scripts/*.txt`).
//!
//! ```text
//! == name                   a fragment; the same name again is a further variant of it
//! // remark
//! A: words   C: words       the agent or the customer says something
//! A#empathy: words          the same, marked as a moment that feedback and scores refer to
//! [angry,!warm] C: words    only if all conditions hold (p30: in 30 of 100 cases)
//! @name                     one variant of another fragment
//! ~hold 15 40  ~look 2 6    silence of so many seconds: on hold; the agent looks something up
//! <<   --   >>              one of several stretches
//! <<#  --   >>              the same, but all of a conversation take the same position: question and answer
//! (this|that|)  {slot}      inside words: one of several texts; a value of this conversation
//! ```

use crate::dice::Dice;
use std::{collections::BTreeMap, sync::LazyLock};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Agent,
    Customer,
}

/// A moment of a conversation that people talk about afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tag {
    Greeting,
    Empathy,
    Identity,
    NoIdentity,
    Hold,
    Question,
    Explain,
    DeadEnd,
    Objection,
    Supervisor,
    Promise,
    Upsell,
    Recap,
    AnythingElse,
    Abrupt,
    Interruption,
    DeadAir,
}

const TAGS: [(&str, Tag); 15] = [
    ("greeting", Tag::Greeting),
    ("empathy", Tag::Empathy),
    ("identity", Tag::Identity),
    ("noidentity", Tag::NoIdentity),
    ("hold", Tag::Hold),
    ("question", Tag::Question),
    ("explain", Tag::Explain),
    ("deadend", Tag::DeadEnd),
    ("objection", Tag::Objection),
    ("supervisor", Tag::Supervisor),
    ("promise", Tag::Promise),
    ("upsell", Tag::Upsell),
    ("recap", Tag::Recap),
    ("else", Tag::AnythingElse),
    ("abrupt", Tag::Abrupt),
];

/// A condition: a chance in percent, or a flag of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cond {
    Percent(u8),
    Flag(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PauseKind {
    Hold,
    Look,
}

#[derive(Clone, Debug)]
pub(crate) enum Act {
    Say(Side, Option<Tag>, &'static str),
    Call(&'static str),
    Pause(PauseKind, f64, f64),
    /// One of several stretches; keyed ones of a conversation all take the same position.
    OneOf(Vec<Vec<Step>>, bool),
}

/// An act, and when it happens: each condition with whether it must hold.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) conds: Vec<(Cond, bool)>,
    pub(crate) act: Act,
}

/// All fragments, and what is wrong with the texts (a test demands that nothing is).
#[derive(Debug, Default)]
pub(crate) struct Library {
    fragments: BTreeMap<&'static str, Vec<Vec<Step>>>,
    problems: Vec<String>,
}

/// A block being read: its conditions, whether it is keyed, and what stood before it with its parts so far.
type OpenBlock = (Vec<(Cond, bool)>, bool, Vec<Vec<Step>>);

const SOURCES: [&str; 7] = [
    include_str!("scripts/common.txt"),
    include_str!("scripts/technical.txt"),
    include_str!("scripts/billing.txt"),
    include_str!("scripts/sales.txt"),
    include_str!("scripts/business.txt"),
    include_str!("scripts/written.txt"),
    include_str!("scripts/extras.txt"),
];

pub(crate) static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let mut library = Library::default();
    SOURCES.iter().for_each(|source| library.read(source));
    library
});

impl Library {
    pub(crate) fn variants(&self, name: &str) -> &[Vec<Step>] {
        self.fragments.get(name).map_or(&[], Vec::as_slice)
    }

    fn read(&mut self, source: &'static str) {
        let mut name = "";
        let mut open: Vec<OpenBlock> = Vec::new();
        let mut body: Vec<Step> = Vec::new();
        for line in source.lines().map(str::trim).chain(["== end of file"]) {
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            if let Some(next) = line.strip_prefix("== ") {
                if !open.is_empty() {
                    self.problems.push(format!("{name}: a block is not closed"));
                    open.clear();
                }
                if !body.is_empty() {
                    self.fragments.entry(name).or_default().push(std::mem::take(&mut body));
                }
                name = next.trim();
                continue;
            }
            let (conds, rest) = self.conditions(name, line);
            match rest {
                "<<" | "<<#" => open.push((conds, rest == "<<#", vec![std::mem::take(&mut body)])),
                "--" => match open.last_mut() {
                    Some((_, _, parts)) => parts.push(std::mem::take(&mut body)),
                    None => self.problems.push(format!("{name}: `--` outside a block")),
                },
                ">>" => match open.pop() {
                    Some((conds, keyed, mut parts)) => {
                        parts.push(std::mem::take(&mut body));
                        // The first part is what stood before the block.
                        body = parts.remove(0);
                        body.push(Step { conds, act: Act::OneOf(parts, keyed) });
                    }
                    None => self.problems.push(format!("{name}: `>>` outside a block")),
                },
                _ => match act(rest) {
                    Some(act) => body.push(Step { conds, act }),
                    None => self.problems.push(format!("{name}: cannot read `{line}`")),
                },
            }
        }
    }

    fn conditions(&mut self, name: &str, line: &'static str) -> (Vec<(Cond, bool)>, &'static str) {
        let Some((list, rest)) = line.strip_prefix('[').and_then(|l| l.split_once(']')) else {
            return (Vec::new(), line);
        };
        let mut conds = Vec::new();
        for part in list.split(',').map(str::trim) {
            let (word, wanted) = part.strip_prefix('!').map_or((part, true), |word| (word, false));
            let percent = word.strip_prefix('p').and_then(|digits| digits.parse().ok());
            match (percent, FLAGS.contains(&word)) {
                (Some(percent), _) => conds.push((Cond::Percent(percent), wanted)),
                (None, true) => conds.push((Cond::Flag(word), wanted)),
                (None, false) => self.problems.push(format!("{name}: no condition `{word}`")),
            }
        }
        (conds, rest.trim())
    }
}

/// What a condition may ask.
pub(crate) const FLAGS: [&str; 15] = [
    "long", "deep", "angry", "chatty", "anxious", "resolved", "emp", "warm", "know", "id", "promise",
    "upsell", "slow", "repeat", "recap",
];

fn act(line: &'static str) -> Option<Act> {
    if let Some(name) = line.strip_prefix('@') {
        return Some(Act::Call(name.trim()));
    }
    if let Some(pause) = line.strip_prefix('~') {
        let mut parts = pause.split_whitespace();
        let kind = match parts.next()? {
            "hold" => PauseKind::Hold,
            "look" => PauseKind::Look,
            _ => return None,
        };
        return Some(Act::Pause(kind, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?));
    }
    let (head, text) = line.split_once(':')?;
    let (side, tag) = match head.split_once('#') {
        Some((side, tag)) => (side, Some(TAGS.iter().find(|(name, _)| *name == tag)?.1)),
        None => (head, None),
    };
    let side = match side {
        "A" => Side::Agent,
        "C" => Side::Customer,
        _ => return None,
    };
    Some(Act::Say(side, tag, text.trim()))
}

/// Chooses among alternatives and fills in slots.
pub(crate) fn expand(text: &str, dice: &mut Dice, slot: &impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    expand_into(text, dice, slot, &mut out);
    tidy(&out)
}

fn expand_into(text: &str, dice: &mut Dice, slot: &impl Fn(&str) -> String, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['(', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('{') {
            let end = rest.find('}').unwrap_or(rest.len() - 1);
            out.push_str(&slot(&rest[1..end]));
            rest = &rest[end + 1..];
            continue;
        }
        let (mut depth, mut from, mut parts, mut end) = (0, 1, Vec::new(), rest.len());
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'|' if depth == 1 => {
                    parts.push(&rest[from..at]);
                    from = at + 1;
                }
                _ => {}
            }
            if depth == 0 {
                parts.push(&rest[from..at]);
                end = at + 1;
                break;
            }
        }
        if !parts.is_empty() {
            let chosen = dice.index(parts.len());
            expand_into(parts[chosen], dice, slot, out);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
}

/// How questions begin that the scripts may have left with a full stop.
const ASKING: [&str; 19] = [
    "How long",
    "How much",
    "Can I ",
    "Can you",
    "Could you",
    "Is that",
    "Is it",
    "Do you",
    "Do I",
    "Did you",
    "Are you",
    "Would that",
    "Would you",
    "Shall we",
    "Shall I",
    "Have you",
    "Was that",
    "Any good",
    "Could somebody",
];

/// Single spaces, none before punctuation, capitals at sentence starts, question marks after questions.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut capital, mut sentence) = (true, 0);
    for word in text.split_whitespace() {
        let lone = word.chars().all(|c| ",.?!;:".contains(c));
        if lone && out.ends_with(|c: char| ",.?!;:".contains(c)) {
            continue;
        }
        if !lone && !word.starts_with('\'') && !out.is_empty() {
            out.push(' ');
        }
        if capital {
            sentence = out.len();
        }
        let mut chars = word.chars();
        match (capital && !lone, chars.next()) {
            (true, Some(first)) => {
                out.extend(first.to_uppercase());
                out.push_str(chars.as_str());
            }
            _ => out.push_str(word),
        }
        // "for you?." comes of a text that brings its own mark.
        while out.ends_with("?.") || out.ends_with("..?") || out.ends_with("??") || out.ends_with("?,") {
            out.pop();
        }
        let asks = || ASKING.iter().any(|start| out[sentence..].starts_with(start));
        if out.ends_with('.') && !out.ends_with("..") && asks() {
            out.pop();
            out.push('?');
        }
        capital = out.ends_with(['.', '?', '!']) && !out.ends_with("..");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_have_no_mistakes() {
        assert_eq!(LIBRARY.problems, Vec::<String>::new());
        fn calls(steps: &[Step], out: &mut Vec<&'static str>) {
            for step in steps {
                match &step.act {
                    Act::Call(name) => out.push(name),
                    Act::OneOf(parts, _) => parts.iter().for_each(|part| calls(part, out)),
                    Act::Say(_, _, text) => {
                        let depth =
                            text.chars().fold(0i32, |d, c| d + i32::from(c == '(') - i32::from(c == ')'));
                        assert_eq!(depth, 0, "parentheses in: {text}");
                    }
                    Act::Pause(..) => {}
                }
            }
        }
        let mut names = Vec::new();
        LIBRARY.fragments.values().flatten().for_each(|body| calls(body, &mut names));
        for name in names {
            assert!(!LIBRARY.variants(name).is_empty(), "no fragment `{name}`");
        }
    }

    #[test]
    fn words_are_chosen_filled_and_tidied() {
        let mut dice = Dice::new(1);
        let text =
            expand("(so|so|so) I'm ( really (very|very)|really very) {mood} , yes .", &mut dice, &|slot| {
                format!("<{slot}>")
            });
        assert_eq!(text, "So I'm really very <mood>, yes.");
    }
}
