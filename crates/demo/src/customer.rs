//! Who contacts Larkmoor.

use crate::dice::Dice;
use touchline_model::{CrmEntity, CrmMatch};

pub(crate) const FIRST: [(&str, &str); 56] = [
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
pub(crate) const STREETS: [&str; 24] = [
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
pub(crate) const TOWNS: [(&str, &str); 8] = [
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

/// Somebody who contacts Larkmoor.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) title: &'static str,
    pub(crate) number: String,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) product: &'static str,
    pub(crate) speed: i64,
    pub(crate) company: Option<&'static str>,
    pub(crate) price: i64,
    pub(crate) years: i64,
    pub(crate) house: i64,
    pub(crate) street: &'static str,
    pub(crate) town: usize,
    pub(crate) postcode_end: String,
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
