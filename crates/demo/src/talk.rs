//! Plays a script: chooses variants by the agent's traits and the customer's mood, and notes what happened.

use crate::dice::Dice;
use crate::people::Traits;
use crate::script::{Act, Cond, LIBRARY, PauseKind, Side, Step, Tag, expand};
use crate::slots::Slots;
use std::collections::BTreeSet;

/// One thing that happens in a conversation, before it has a time.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    Say { side: Side, tag: Option<Tag>, text: String },
    Pause { kind: PauseKind, secs: f64 },
}

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mood {
    pub(crate) long: bool,
    /// Much to talk about: more questions, stories and waiting.
    pub(crate) deep: bool,
    pub(crate) angry: bool,
    pub(crate) chatty: bool,
    pub(crate) anxious: bool,
    pub(crate) repeat: bool,
}

/// How the agent does in this conversation: rolled once from the traits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) warm: bool,
    pub(crate) know: bool,
    pub(crate) id: bool,
    pub(crate) promise: bool,
    pub(crate) recap: bool,
    pub(crate) upsell: bool,
    pub(crate) slow: bool,
    pub(crate) resolved: bool,
}

impl Form {
    pub(crate) fn roll(traits: &Traits, angry: bool, repeat: bool, dice: &mut Dice) -> Self {
        let know = dice.chance(0.25 + 0.73 * traits.knowledge);
        let warm = dice.chance(0.1 + 0.88 * traits.empathy);
        let odds = 0.88
            - if know { 0.0 } else { 0.72 }
            - if angry { 0.1 } else { 0.0 }
            - if repeat { 0.06 } else { 0.0 };
        Self {
            warm,
            know,
            id: dice.chance(0.2 + 0.8 * traits.identity),
            promise: dice.chance(0.1 + 0.88 * traits.ownership),
            recap: dice.chance(0.05 + 0.6 * traits.ownership),
            upsell: dice.chance(traits.upsell * if angry { 0.35 } else { 0.75 }),
            slow: dice.chance(0.85 * (1.0 - traits.flow)),
            resolved: dice.chance(odds),
        }
    }
}

pub(crate) struct Player<'a> {
    pub(crate) traits: &'a Traits,
    pub(crate) mood: Mood,
    pub(crate) form: Form,
    pub(crate) slots: &'a Slots,
    pub(crate) dice: &'a mut Dice,
    said: BTreeSet<String>,
    heard: Vec<*const Step>,
    /// The position that all keyed stretches take.
    key: Option<usize>,
    turns: Vec<Turn>,
}

const HELLOS: [&str; 9] = [
    "Yes, hello, ",
    "Hello, yes, ",
    "Hi there, ",
    "Yeah, hi, ",
    "Hello there, ",
    "Hello, ",
    "Hiya, ",
    "Hi, ",
    "Yes, hi, ",
];

/// Fragments inside fragments; far more than any script uses.
const DEEPEST: u8 = 12;

impl<'a> Player<'a> {
    pub(crate) fn play(
        script: &str,
        traits: &'a Traits,
        mood: Mood,
        form: Form,
        slots: &'a Slots,
        dice: &'a mut Dice,
    ) -> Vec<Turn> {
        let mut player = Self {
            traits,
            mood,
            form,
            slots,
            dice,
            said: BTreeSet::new(),
            heard: Vec::new(),
            key: None,
            turns: Vec::new(),
        };
        player.fragment(script, 0);
        player.turns
    }

    fn fragment(&mut self, name: &str, depth: u8) {
        let variants = LIBRARY.variants(name);
        let chosen = self.dice.index(variants.len());
        if let (Some(steps), true) = (variants.get(chosen), depth < DEEPEST) {
            self.steps(steps, depth + 1);
        }
    }

    fn steps(&mut self, steps: &[Step], depth: u8) {
        // One roll for all `emp` and percentages of a fragment: an `[emp]` line and its `[!emp]`
        // counterpart must not both be spoken, nor a question without its answer.
        let emp = self.dice.chance(if self.form.warm { 0.35 + 0.65 * self.traits.empathy } else { 0.12 });
        let percent = self.dice.int(0, 99);
        for step in steps {
            if !step.conds.iter().all(|(cond, wanted)| self.holds(*cond, emp, percent) == *wanted) {
                continue;
            }
            match &step.act {
                Act::Say(side, tag, text) => self.say(*side, *tag, text),
                Act::Call(name) => self.fragment(name, depth),
                Act::Pause(kind, low, high) => {
                    let secs = self.dice.range(*low, *high) * if self.mood.long { 1.0 } else { 0.45 };
                    self.turns.push(Turn::Pause { kind: *kind, secs });
                }
                Act::OneOf(parts, true) => {
                    let key = *self.key.get_or_insert(self.dice.index(parts.len()));
                    self.steps(&parts[key % parts.len()], depth + 1);
                }
                Act::OneOf(parts, false) => {
                    // Nobody tells the same story twice: a stretch is heard once in a conversation.
                    let fresh: Vec<&Vec<Step>> =
                        parts.iter().filter(|part| !self.heard.contains(&part.as_ptr())).collect();
                    let chosen = self.dice.index(fresh.len());
                    if let Some(part) = fresh.get(chosen) {
                        self.heard.push(part.as_ptr());
                        self.steps(part, depth + 1);
                    }
                }
            }
        }
    }

    fn holds(&self, cond: Cond, emp: bool, percent: i64) -> bool {
        let Cond::Flag(flag) = cond else {
            let Cond::Percent(limit) = cond else { return false };
            return percent < i64::from(limit);
        };
        match flag {
            "long" => self.mood.long,
            "deep" => self.mood.deep,
            "angry" => self.mood.angry,
            "chatty" => self.mood.chatty,
            "anxious" => self.mood.anxious,
            "repeat" => self.mood.repeat,
            "resolved" => self.form.resolved,
            "warm" => self.form.warm,
            "know" => self.form.know,
            "id" => self.form.id,
            "promise" => self.form.promise,
            "recap" => self.form.recap,
            "upsell" => self.form.upsell,
            "slow" => self.form.slow,
            _ => emp,
        }
    }

    fn say(&mut self, side: Side, tag: Option<Tag>, template: &str) {
        let slots = self.slots;
        let fill = |name: &str| slots.get(name).cloned().unwrap_or_else(|| format!("<{name}>"));
        let mut text = expand(template, self.dice, &fill);
        // People seldom say the same sentence twice in one conversation.
        for _ in 0..4 {
            if !self.said.contains(&text) {
                break;
            }
            text = expand(template, self.dice, &fill);
        }
        // One says hello once.
        let greeted = |turn: &Turn| matches!(turn, Turn::Say { side: Side::Customer, .. });
        if side == Side::Customer && self.turns.iter().any(greeted) {
            for hello in HELLOS {
                if let Some(rest) = text.strip_prefix(hello).filter(|rest| rest.len() > 12) {
                    let mut letters = rest.chars();
                    text = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
                    break;
                }
            }
        }
        if text.is_empty() || (text.len() > 24 && self.said.contains(&text)) {
            return;
        }
        self.said.insert(text.clone());
        self.turns.push(Turn::Say { side, tag, text });
    }
}
