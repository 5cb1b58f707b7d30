//! Who contacts Larkmoor, and the values that are spoken in one conversation.

use crate::dice::Dice;
use std::collections::BTreeMap;
use touchline_model::{CrmEntity, CrmMatch};

const FIRST: [(&str, &str); 56] = [
    ("Alan", "Mr"),
    ("Barbara", "Mrs"),
    ("Carol", "Mrs"),
    ("Daniel", "Mr"),
    ("Elaine", "Mrs"),
    ("Frank", "Mr"),
    ("Grace", "Ms"),
    ("Harold", "Mr"),
    ("Irene", "Mrs"),
    ("Jamie", "Mr"),
    ("Karen", "Mrs"),
    ("Liam", "Mr"),
    ("Moira", "Mrs"),
    ("Nadia", "Ms"),
    ("Owen", "Mr"),
    ("Pauline", "Mrs"),
    ("Quentin", "Mr"),
    ("Rachel", "Ms"),
    ("Stephen", "Mr"),
    ("Theresa", "Mrs"),
    ("Umar", "Mr"),
    ("Valerie", "Mrs"),
    ("Wendy", "Mrs"),
    ("Yasmin", "Ms"),
    ("Zoe", "Ms"),
    ("Abdul", "Mr"),
    ("Bethany", "Ms"),
    ("Colin", "Mr"),
    ("Deborah", "Mrs"),
    ("Eric", "Mr"),
    ("Fiona", "Ms"),
    ("Gordon", "Mr"),
    ("Heather", "Mrs"),
    ("Ian", "Mr"),
    ("Joanne", "Mrs"),
    ("Kwame", "Mr"),
    ("Linda", "Mrs"),
    ("Mohammed", "Mr"),
    ("Natalie", "Ms"),
    ("Olga", "Mrs"),
    ("Peter", "Mr"),
    ("Ruth", "Mrs"),
    ("Simon", "Mr"),
    ("Tanya", "Ms"),
    ("Vikram", "Mr"),
    ("Winifred", "Mrs"),
    ("Agnieszka", "Ms"),
    ("Brian", "Mr"),
    ("Catherine", "Ms"),
    ("Dilip", "Mr"),
    ("Esther", "Ms"),
    ("Graham", "Mr"),
    ("Hilary", "Mrs"),
    ("Jonas", "Mr"),
    ("Keisha", "Ms"),
    ("Lorraine", "Mrs"),
];
const LAST: [&str; 64] = [
    "Abbott",
    "Barlow",
    "Chowdhury",
    "Davies",
    "Ellison",
    "Fenwick",
    "Grant",
    "Hutchings",
    "Iqbal",
    "Jarvis",
    "Kaur",
    "Lomax",
    "Mistry",
    "Norris",
    "Oakley",
    "Pearce",
    "Quigley",
    "Rawlings",
    "Sutton",
    "Tranter",
    "Upton",
    "Vickers",
    "Walsh",
    "Yates",
    "Zielinski",
    "Adeyemi",
    "Blackwood",
    "Cartwright",
    "Donnelly",
    "Eastham",
    "Farooq",
    "Goodwin",
    "Hargreaves",
    "Ingham",
    "Jessop",
    "Kellett",
    "Langley",
    "McBride",
    "Newbold",
    "Osborne",
    "Prescott",
    "Radcliffe",
    "Shah",
    "Thackray",
    "Underwood",
    "Vaughan",
    "Wetherby",
    "Younis",
    "Ainsworth",
    "Bhatt",
    "Crossley",
    "Dobson",
    "Entwistle",
    "Fletcher",
    "Gill",
    "Holroyd",
    "Illingworth",
    "Jenkins",
    "Khan",
    "Lister",
    "Mwangi",
    "Naylor",
    "Ogden",
    "Parkin",
];
const STREETS: [&str; 24] = [
    "Mill Lane",
    "Station Road",
    "Orchard Close",
    "Beech Avenue",
    "Church Street",
    "Victoria Terrace",
    "Harbour View",
    "Moorside",
    "Quarry Hill",
    "Elm Grove",
    "Tanners Row",
    "Bridge Street",
    "Chapel Walk",
    "Priory Road",
    "Larch Drive",
    "Weavers Court",
    "Castle Mount",
    "Sycamore Way",
    "Ropewalk",
    "Kiln Street",
    "Meadow Rise",
    "Fell View",
    "Abbey Gardens",
    "Dock Street",
];
/// Towns of our own invention, with the postcode area used for them.
const TOWNS: [(&str, &str); 8] = [
    ("Larkmoor", "LX1"),
    ("Harrowfell", "LX4"),
    ("Kettlewick", "LX7"),
    ("Saltby", "LX9"),
    ("Thornhaven", "LX12"),
    ("Braithby", "LX15"),
    ("Overmere", "LX18"),
    ("Cold Ashling", "LX21"),
];
const COMPANIES: [&str; 14] = [
    "Fell and Foundry Coffee",
    "Ashling Dental Practice",
    "Brackwater Joinery",
    "Northgate Veterinary Clinic",
    "Saltby Marine Supplies",
    "Overmere Lettings",
    "Tarn Cycle Works",
    "Kettlewick Bakehouse",
    "Pennant Tyres",
    "Meridian Timber",
    "Holm Lane Nursery School",
    "Quayside Hotel Thornhaven",
    "Stonebridge Accountants",
    "Wharf Street Printers",
];
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

/// Somebody who contacts Larkmoor.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    title: &'static str,
    pub(crate) number: String,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) product: &'static str,
    pub(crate) speed: i64,
    pub(crate) company: Option<&'static str>,
    price: i64,
    years: i64,
    house: i64,
    street: &'static str,
    town: usize,
    postcode_end: String,
}

impl Customer {
    pub(crate) fn new(dice: &mut Dice, business: bool) -> Self {
        let (first, title) = FIRST[dice.index(FIRST.len())];
        let last = LAST[dice.index(LAST.len())];
        let company = business.then(|| COMPANIES[dice.index(COMPANIES.len())]);
        let (product, speed, price) = [
            ("Fibre 75", 75, 29),
            ("Fibre 150", 150, 34),
            ("Fibre 300", 300, 39),
            ("Fibre 500", 500, 45),
            ("Copper Classic", 40, 27),
        ][dice.weighted([3.0, 4.0, 2.0, 1.0, 1.5].into_iter())];
        let product = if business { "Business Fibre" } else { product };
        let domain = company.map_or("mail.example.com".to_owned(), |name| {
            format!("{}.example.com", name.to_lowercase().replace(" and ", "-").replace(' ', "-"))
        });
        let letters = |dice: &mut Dice| char::from(b'A' + dice.index(8) as u8);
        let postcode_end = format!("{}{}{}", dice.int(1, 9), letters(dice), letters(dice));
        Self {
            first,
            last,
            title,
            number: format!("{}", dice.int(40_100_000, 48_999_999)),
            // 07700 900xxx is kept free for fiction by the British regulator.
            phone: format!("+447700900{:03}", dice.int(0, 999)),
            email: format!("{}.{}@{domain}", first.to_lowercase(), last.to_lowercase()),
            product,
            speed,
            company,
            price: if business { dice.int(48, 95) } else { price + dice.int(0, 6) },
            years: dice.int(2, 14),
            house: dice.int(1, 148),
            street: STREETS[dice.index(STREETS.len())],
            town: dice.index(TOWNS.len()),
            postcode_end,
        }
    }

    /// What a CRM knows of the customer. Its phone number and e-mail are the speaker's.
    pub(crate) fn crm(&self, dice: &mut Dice, reason: &str) -> CrmMatch {
        let entity = |dice: &mut Dice, prefix: &str, name: String| CrmEntity {
            crm_id: format!("{prefix}{}", dice.digits(12)),
            name,
            email: None,
            phone_number: None,
        };
        let person = CrmEntity {
            email: Some(self.email.clone()),
            phone_number: Some(self.phone.clone()),
            ..entity(dice, "003", format!("{} {}", self.first, self.last))
        };
        let account = self.company.map_or_else(|| format!("{} household", self.last), str::to_owned);
        let engagement = ["cancel", "upgrade", "renewal", "moving", "price"]
            .contains(&reason)
            .then(|| entity(dice, "006", format!("{} {reason}", account)));
        CrmMatch {
            crm_name: if dice.chance(0.8) { "Salesforce" } else { "HubSpot" }.to_owned(),
            activity_crm_id: format!("00T{}", dice.digits(12)),
            account: Some(entity(dice, "001", account)),
            contacts: vec![person],
            engagement,
        }
    }
}

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
    put("team", dice.pick(&["network", "billing", "second line", "planning"]).to_owned());
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
