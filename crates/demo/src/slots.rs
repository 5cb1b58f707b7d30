//! The values that are spoken in one conversation.

use crate::customer::{Customer, FIRST, STREETS, TOWNS};
use crate::dice::Dice;
use std::collections::BTreeMap;

const COMPETITORS: [&str; 4] = ["Skybridge", "Northwire", "Tideline", "Pulse Fibre"];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) type Slots = BTreeMap<&'static str, String>;

fn spaced(digits: &str, every: usize) -> String {
    digits
        .as_bytes()
        .chunks(every)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Digits as people say them one by one: "four oh seven".
fn spelled(digits: &str, dice: &mut Dice) -> String {
    let zero = if dice.chance(0.5) { "oh" } else { "zero" };
    let names = [zero, "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let words: Vec<&str> =
        digits.bytes().filter_map(|b| names.get(usize::from(b.wrapping_sub(b'0')))).copied().collect();
    words.chunks(4).map(|group| group.join(" ")).collect::<Vec<_>>().join(", ")
}

/// A card number of the block that payment providers keep for tests, with a right check digit.
fn card(dice: &mut Dice) -> String {
    let body = format!("400000{}", dice.digits(9));
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(at, b)| {
            let digit = u32::from(b - b'0') * if at % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn pounds(pence: i64) -> String {
    if pence % 100 == 0 {
        format!("£{}", pence / 100)
    } else {
        format!("£{}.{:02}", pence / 100, pence % 100)
    }
}

fn ordinal(day: i64) -> String {
    let suffix = match (day % 10, day / 10 % 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{suffix}")
}

/// When the conversation takes place: weekday (0 is Sunday), month (1 to 12), day of month, hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) weekday: usize,
    pub(crate) month: usize,
    pub(crate) hour: i64,
}

/// The values of one conversation, chosen once, so that a price stays the same from beginning to end.
pub(crate) fn slots(
    customer: &Customer,
    agent: (&str, &str),
    queue: &str,
    at: Moment,
    dice: &mut Dice,
) -> Slots {
    let mut s = Slots::new();
    let mut put = |name: &'static str, value: String| {
        s.insert(name, value);
    };
    let month = |ahead: usize| MONTHS[(at.month + 11 + ahead) % 12].to_owned();
    // Sundays are no working days.
    let day = |ahead: usize| DAYS[1 + (at.weekday + 6 + ahead) % 7 % 6].to_owned();
    put("agent", agent.0.to_owned());
    put("agentlast", agent.1.to_owned());
    put("queue", queue.to_owned());
    put("first", customer.first.to_owned());
    put("last", customer.last.to_owned());
    let formal = dice.chance(0.3);
    put(
        "name",
        if formal { format!("{} {}", customer.title, customer.last) } else { customer.first.to_owned() },
    );
    put("house", customer.house.to_string());
    put("street", customer.street.to_owned());
    let (town, area) = TOWNS[customer.town];
    put("town", town.to_owned());
    let postcode = format!("{area} {}", customer.postcode_end);
    let number = if dice.chance(0.4) { spelled(&customer.number, dice) } else { spaced(&customer.number, 4) };
    put("postcodeornumber", if dice.chance(0.5) { postcode.clone() } else { number.clone() });
    put("postcode", postcode);
    put("custno", number);
    put(
        "dob",
        format!("{} of {} {}", ordinal(dice.int(1, 28)), MONTHS[dice.index(12)], dice.int(1944, 2001)),
    );
    let last4 = dice.digits(4);
    put("last4", if dice.chance(0.5) { spelled(&last4, dice) } else { last4 });
    let price = customer.price * 100 + if dice.chance(0.5) { 0 } else { 50 };
    let extra = [400, 450, 600, 750, 850, 1200][dice.index(6)];
    put("usual", pounds(price));
    put("diff", pounds(extra));
    put("bill", pounds(price + extra));
    put("newhigh", pounds(price + extra));
    put("newprice", pounds((price - [200, 300, 400, 500][dice.index(4)]).max(1900)));
    put("compprice", pounds(dice.int(21, 27) * 100));
    put("credit", pounds([500, 800, 933, 1000, 1500][dice.index(5)]));
    put("addon", pounds([300, 400, 500][dice.index(3)]));
    let amount = dice.int(28, 140) * 100 + dice.int(0, 3) * 25;
    put("amount", pounds(amount));
    put("part", pounds(dice.int(2, 4) * 1000));
    put("fee", pounds(dice.int(45, 190) * 100));
    put("product", customer.product.to_owned());
    put("speed", customer.speed.to_string());
    put("got", (customer.speed / dice.int(6, 12)).max(3).to_string());
    put("better", (customer.speed - dice.int(2, 9)).to_string());
    put(
        "newspeed",
        [150, 300, 500, 900].into_iter().find(|s| *s > customer.speed).unwrap_or(900).to_string(),
    );
    put("years", customer.years.to_string());
    put("months", dice.int(3, 11).to_string());
    put("wait", dice.int(12, 45).to_string());
    put("competitor", COMPETITORS[dice.index(4)].to_owned());
    put("day", day(2 + dice.index(2)));
    put("day2", day(4 + dice.index(2)));
    put("soon", day(1 + dice.index(2)));
    put("lastday", day(dice.index(3) + 3));
    put("weekday", DAYS[at.weekday].to_owned());
    put(
        "slot",
        dice.pick(&["between eight and one", "in the morning", "in the afternoon", "between one and six"])
            .to_owned(),
    );
    // What went wrong did so a little while ago, and estimates lie ahead.
    let hours =
        ["twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];
    let hour = |at: i64| hours[at.rem_euclid(12) as usize];
    put(
        "time",
        format!(
            "{} {}",
            dice.pick(&["half past", "quarter past", "ten past"]),
            hour(at.hour - dice.int(1, 2))
        ),
    );
    let evening: &[&str] = match at.hour {
        ..15 => &["six this evening", "eight o'clock tonight", "half past five this afternoon"],
        15..18 => &["nine tonight", "ten o'clock tonight", "half past eight tonight"],
        _ => &["midnight", "eight tomorrow morning", "half past nine tomorrow morning"],
    };
    put("evening", dice.pick(evening).to_owned());
    put("newperson", format!("{} {}", FIRST[dice.index(FIRST.len())].0, customer.last));
    put("month", month(2));
    put("lastmonth", month(10));
    put("date", ordinal(dice.int(2, 28)));
    put("ref", format!("LM {}", spaced(&dice.digits(6), 3)));
    let number = card(dice);
    let (card1, card2) = number.split_at(8);
    let spell = dice.chance(0.45);
    put("card1", if spell { spelled(card1, dice) } else { spaced(card1, 4) });
    put("card2", if spell { spelled(card2, dice) } else { spaced(card2, 4) });
    put("expiry", format!("{:02} {}", dice.int(1, 12), dice.int(27, 31)));
    put("sort", spaced(&format!("20{}", dice.digits(4)), 2));
    put("acct", {
        let digits = dice.digits(8);
        if dice.chance(0.4) { spelled(&digits, dice) } else { spaced(&digits, 4) }
    });
    put("pac", format!("{} {}", dice.pick(&["L K M", "N W R", "T D L"]), spaced(&dice.digits(6), 3)));
    put("phone", customer.phone.replace("+447700900", "07700 900 "));
    put("company", customer.company.unwrap_or("the company").to_owned());
    put("team", dice.pick(&["network", "back office", "second line", "planning"]).to_owned());
    put("tvpack", dice.pick(&["Sports", "Movies", "Kids", "Discovery"]).to_owned());
    put("house2", dice.int(1, 90).to_string());
    put("newstreet", STREETS[dice.index(STREETS.len())].to_owned());
    let (newtown, newarea) = TOWNS[(customer.town + 1 + dice.index(TOWNS.len() - 1)) % TOWNS.len()];
    put("newtown", newtown.to_owned());
    put("newpostcode", format!("{newarea} {}", customer.postcode_end));
    put("topicword", dice.pick(&["refund", "line fault", "complaint", "engineer visit"]).to_owned());
    let (part, greeting) = match at.hour {
        ..12 => ("morning", "Good morning"),
        12..17 => ("afternoon", "Good afternoon"),
        _ => ("evening", "Good evening"),
    };
    put("partofday", part.to_owned());
    put("daypart", greeting.to_owned());
    s
}
