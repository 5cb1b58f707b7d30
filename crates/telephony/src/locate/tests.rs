use super::{Transport::*, *};
use std::collections::HashMap;

#[derive(Default)]
struct Book {
    naptr: HashMap<&'static str, Vec<Naptr>>,
    srv: HashMap<&'static str, Vec<Srv>>,
    addresses: HashMap<&'static str, Vec<IpAddr>>,
}

fn of<T: Clone + Send + 'static>(
    book: &HashMap<&'static str, Vec<T>>,
    name: &str,
) -> Promised<'static, Vec<T>> {
    let found = book.get(name).cloned().unwrap_or_default();
    Box::pin(async move { found })
}

impl Names for Book {
    fn naptr<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Naptr>> {
        of(&self.naptr, name)
    }
    fn srv<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Srv>> {
        of(&self.srv, name)
    }
    fn addresses<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<IpAddr>> {
        of(&self.addresses, name)
    }
}

fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Naptr {
    Naptr { order, preference, flags: "s".into(), service: service.into(), replacement: replacement.into() }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
    Srv { priority, weight, port, target: target.into() }
}

fn book() -> Book {
    let mut book = Book::default();
    for (name, ip) in
        [("one.example", "192.0.2.1"), ("two.example", "192.0.2.2"), ("plain.example", "192.0.2.9")]
    {
        book.addresses.insert(name, vec![ip.parse().unwrap()]);
    }
    book
}

async fn found(book: &Book, server: &str) -> Vec<String> {
    let server = Server::read(server).unwrap();
    let hops = locate(book, &server, &mut |_| 0).await;
    hops.iter().map(|hop| format!("{:?} {}", hop.transport, hop.address)).collect()
}

#[test]
fn what_an_administrator_writes_is_read() {
    let read = |text| Server::read(text).map(|it| (it.address, it.host, it.port, it.transport));
    assert_eq!(read("sip.example"), Some(("sip.example", "sip.example", None, None)));
    assert_eq!(read("sip.example:5070"), Some(("sip.example:5070", "sip.example", Some(5070), None)));
    assert_eq!(
        read("[2001:db8::1]:5061;transport=TLS"),
        Some(("[2001:db8::1]:5061", "2001:db8::1", Some(5061), Some(Tls)))
    );
    for wrong in ["", "a b", "host;transport=sctp", "host;lr", "host:x"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn an_address_or_a_port_names_one_machine() {
    let mut book = book();
    book.srv.insert("_sip._udp.plain.example", vec![srv(1, 1, 7000, "one.example")]);
    assert_eq!(found(&book, "192.0.2.7").await, ["Udp 192.0.2.7:5060"]);
    assert_eq!(found(&book, "192.0.2.7;transport=tls").await, ["Tls 192.0.2.7:5061"]);
    assert_eq!(found(&book, "[2001:db8::1]:5080;transport=tcp").await, ["Tcp [2001:db8::1]:5080"]);
    assert_eq!(found(&book, "plain.example:5070").await, ["Udp 192.0.2.9:5070"], "no SRV with a port");
    assert_eq!(found(&book, "nowhere.example").await, Vec::<String>::new());
}

#[tokio::test]
async fn naptr_says_how_srv_says_who_and_without_them_it_is_udp() {
    let mut book = book();
    assert_eq!(found(&book, "plain.example").await, ["Udp 192.0.2.9:5060"]);
    book.srv.insert(
        "_sip._tcp.plain.example",
        vec![srv(20, 0, 5060, "two.example"), srv(10, 0, 5062, "one.example")],
    );
    book.srv.insert("_sips._tcp.plain.example", vec![srv(1, 0, 5061, "two.example"), srv(0, 0, 1, ".")]);
    assert_eq!(
        found(&book, "plain.example").await,
        ["Tcp 192.0.2.1:5062", "Tcp 192.0.2.2:5060", "Tls 192.0.2.2:5061"],
        "without NAPTR all that we speak is asked for"
    );
    assert_eq!(found(&book, "plain.example;transport=tls").await, ["Tls 192.0.2.2:5061"]);
    assert_eq!(found(&book, "plain.example;transport=udp").await, ["Udp 192.0.2.9:5060"], "no SRV for that");
    book.naptr.insert(
        "plain.example",
        vec![
            naptr(50, 50, "SIP+D2T", "_sip._tcp.plain.example"),
            naptr(40, 60, "SIP+D2S", "_sip._sctp.plain.example"),
            naptr(40, 70, "SIPS+D2T", "_sips._tcp.plain.example"),
        ],
    );
    assert_eq!(
        found(&book, "plain.example").await,
        ["Tls 192.0.2.2:5061", "Tcp 192.0.2.1:5062", "Tcp 192.0.2.2:5060"]
    );
}

#[test]
fn weights_decide_among_equals_and_nobody_is_left_out() {
    let records = vec![srv(1, 90, 1, "a"), srv(1, 10, 2, "b"), srv(0, 0, 3, "first"), srv(1, 0, 4, "c")];
    let names = |drawn: u32| {
        let ordered = in_order(records.clone(), &mut |below| drawn.min(below - 1));
        ordered.iter().map(|it| it.target.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["first", "c", "b", "a"]);
    assert_eq!(names(5), ["first", "b", "a", "c"]);
    assert_eq!(names(50), ["first", "a", "b", "c"]);
    let mut seen = 0;
    for drawn in 0..=100 {
        seen += u32::from(names(drawn)[1] == "a");
    }
    assert_eq!(seen, 90, "in proportion to their weights");
}

proptest::proptest! {
    #[test]
    fn every_record_comes_once_and_priorities_rise(
        all in proptest::collection::vec((0u16..4, 0u16..100), 0..20), seed: u32
    ) {
        let records: Vec<Srv> = all.iter().map(|(priority, weight)| srv(*priority, *weight, 1, "x")).collect();
        let mut state = seed;
        let ordered = in_order(records.clone(), &mut |below| { state = state.wrapping_mul(48_271).wrapping_add(1); state % below });
        proptest::prop_assert_eq!(ordered.len(), records.len());
        proptest::prop_assert!(ordered.is_sorted_by_key(|it| it.priority));
    }
}
