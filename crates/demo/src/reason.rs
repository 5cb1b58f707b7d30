//! Why people get in touch, and who deals with it.

use crate::people::Queue;
use touchline_model::{Channel, Direction};

#[derive(Debug)]
pub(crate) struct Reason {
    /// Name in scripts: `call.bill`, `chat.bill`, `mail.bill`.
    pub(crate) key: &'static str,
    /// Name in the metadata.
    pub(crate) label: &'static str,
    pub(crate) chat: bool,
    pub(crate) mail: bool,
    pub(crate) direction: Direction,
    /// How likely the customer is cross from the start.
    pub(crate) anger: f64,
    /// What the agent sums up.
    pub(crate) recap: &'static str,
}

const fn reason(key: &'static str, label: &'static str, anger: f64, recap: &'static str) -> Reason {
    Reason { key, label, chat: false, mail: false, direction: Direction::Inbound, anger, recap }
}

pub(crate) const REASONS: [Reason; 18] = [
    Reason {
        chat: true,
        mail: true,
        ..reason(
            "bill",
            "bill query",
            0.3,
            "(we've gone through the bill|you know now where the {diff} comes from), and (the next one's back to normal|your bill date stays the same)",
        )
    },
    Reason {
        chat: true,
        ..reason(
            "price",
            "price rise",
            0.55,
            "(your current price stays until the end of this month|nothing changes on your service), and (you've until the {date} to decide|you've got the dates from me)",
        )
    },
    reason(
        "payment",
        "payment",
        0.1,
        "(your account's in order|we've sorted out the payment), and (your next bill comes on the {date}|nothing gets cut off)",
    ),
    Reason {
        mail: true,
        ..reason(
            "refund",
            "refund",
            0.5,
            "(the refund is on its way|I've got the refund moving), and (it goes back to your bank account|you don't have to do anything else)",
        )
    },
    Reason {
        chat: true,
        ..reason(
            "outage",
            "outage",
            0.35,
            "(the fault's logged on your line|I've got your fault on the system), and (there's nothing to do at your end|please leave the hub on)",
        )
    },
    reason(
        "slow",
        "slow speed",
        0.3,
        "(we've checked the line|we've looked at the speed together), and (you'll see how it goes over the next few evenings|we'll check again on {day})",
    ),
    Reason {
        chat: true,
        ..reason(
            "router",
            "router",
            0.12,
            "(the hub's sorted|that's the hub dealt with), and (you keep the old one until it's all working|everything else stays the same)",
        )
    },
    reason(
        "tv",
        "television",
        0.2,
        "(your channels are on the account|we've looked at the box), and (there's no extra charge|your recordings stay where they are)",
    ),
    Reason {
        chat: true,
        ..reason(
            "engineer",
            "engineer visit",
            0.4,
            "(the job's on the system for you|I've updated the job), and (somebody over 18 needs to be in|he'll ring before he comes)",
        )
    },
    Reason {
        mail: true,
        ..reason(
            "cancel",
            "cancellation",
            0.3,
            "(I've noted what you've decided|you know where you stand with the contract), and (you can change your mind within 14 days|it'll all be in writing)",
        )
    },
    Reason {
        mail: true,
        ..reason(
            "moving",
            "moving home",
            0.05,
            "(you're moving to {newstreet} on {day}|we've got the new address on the order), and (the old line stops when the new one starts|your number stays the same)",
        )
    },
    reason(
        "upgrade",
        "upgrade",
        0.04,
        "(we've talked about the {newspeed} meg|you're looking at {newspeed} meg), and (it's {newprice} a month|that's at {newprice})",
    ),
    Reason {
        chat: true,
        ..reason(
            "mobile",
            "mobile",
            0.2,
            "(I've done that on the SIM|the mobile's sorted), and (your number stays the same|nothing changes on the bill)",
        )
    },
    reason(
        "holder",
        "change of account holder",
        0.0,
        "(we're taking care of the account|I've noted everything), and (you don't need to ring again|we'll write to you rather than to your mum)",
    ),
    reason(
        "business",
        "business fault",
        0.4,
        "(the case is open under {ref}|your reference is {ref}), and (it's on priority care|I'm the one looking after it)",
    ),
    Reason {
        direction: Direction::Outbound,
        ..reason(
            "renewal",
            "renewal",
            0.06,
            "(your price until the {date} stays as it is|nothing changes unless you want it to), and (you get it all in writing first|then it'd be {newprice})",
        )
    },
    Reason {
        direction: Direction::Outbound,
        ..reason("followup", "follow-up", 0.15, "we're all done on this one")
    },
    Reason {
        direction: Direction::Screenshare,
        ..reason(
            "screenshare",
            "portal training",
            0.0,
            "(you can add people and sites yourself now|you've seen where everything is), and (every change is logged|your colleague gets an own login)",
        )
    },
];

/// Positions in [`REASONS`] with how often a queue sees them.
pub(crate) fn mix_of(queue: Queue, spike: f64) -> Vec<(usize, f64)> {
    let list: &[(&str, f64)] = match queue {
        Queue::Billing => &[
            ("bill", 4.0),
            ("price", 1.2),
            ("payment", 3.0),
            ("refund", 2.0),
            ("holder", 0.7),
            ("moving", 0.4),
            ("followup", 0.5),
        ],
        Queue::Technical => &[
            ("outage", 4.0),
            ("slow", 4.0),
            ("router", 2.6),
            ("tv", 2.2),
            ("engineer", 1.0),
            ("followup", 0.6),
        ],
        Queue::Appointments => &[("engineer", 6.0), ("moving", 2.0), ("outage", 0.8), ("followup", 1.0)],
        Queue::Retention => &[
            ("cancel", 5.0),
            ("price", 1.2),
            ("renewal", 3.0),
            ("followup", 1.0),
            ("refund", 0.6),
            ("holder", 0.3),
        ],
        Queue::Sales => &[("upgrade", 5.0), ("moving", 2.0), ("mobile", 3.0), ("renewal", 1.5)],
        Queue::Business => &[("business", 6.0), ("screenshare", 0.9), ("followup", 0.8)],
    };
    list.iter()
        .filter_map(|(key, weight)| {
            let at = REASONS.iter().position(|reason| reason.key == *key)?;
            Some((at, if *key == "price" { weight * spike } else { *weight }))
        })
        .collect()
}

impl Reason {
    pub(crate) fn script(&self, channel: Channel) -> String {
        format!("{}.{}", channel.name(), self.key)
    }
    pub(crate) fn offers(&self, channel: Channel) -> bool {
        match channel {
            Channel::Call => true,
            Channel::Chat => self.chat,
            Channel::Mail => self.mail,
        }
    }
}
