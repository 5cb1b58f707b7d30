//! SIPp: many calls at once, each with a password, and callers who behave badly.

use crate::{beside, office::World, sip::Phone, until};
use std::{
    net::{SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
};
use touchline_live::numbers::Trunk;

/// Calls, and how many begin in a second.
const CALLS: u32 = 200;
const A_SECOND: u32 = 20;

fn is_there() -> bool {
    let there = Command::new("sipp").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        println!("not tested: sipp is not installed (Debian: sip-tester)");
    }
    there
}

/// A running one, which ends with the test.
struct Sipp(Child);

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn sipp(folder: &tempfile::TempDir, scenario: &str, ip: &str, port: u16, rest: &[&str]) -> Sipp {
    let log = std::fs::File::create(folder.path().join(format!("{scenario}.log"))).unwrap();
    let process = Command::new("sipp")
        .arg("-sf")
        .arg(beside("sipp").join(format!("{scenario}.xml")))
        .args([
            "-i",
            ip,
            "-p",
            &port.to_string(),
            "-nostdin",
            "-trace_err",
            "-timeout",
            "240s",
            "-timeout_error",
        ])
        // What comes twice on a slow machine is no reason to give a call up; what never comes is.
        .args(["-default_behaviors", "all,-abortunexp"])
        .arg("-error_file")
        .arg(folder.path().join(format!("{scenario}.errors")))
        .args(rest)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    Sipp(process)
}

/// A port that was free a moment ago: SIPp wants a number.
fn free_port(ip: &str) -> u16 {
    UdpSocket::bind((ip, 0)).unwrap().local_addr().unwrap().port()
}

/// Carol calls a number as a scenario says; all her calls must go as it wants.
fn carol_calls(folder: &tempfile::TempDir, server: SocketAddr, scenario: &str, number: &str, rest: &[&str]) {
    // By itself it would sign for another address than the one that it calls.
    let (uri, server) = (format!("{number}@{server}"), server.to_string());
    let who = ["-s", number, "-au", "carol", "-ap", "carol-secret", "-auth_uri", &uri];
    let all: Vec<&str> = [server.as_str()].into_iter().chain(who).chain(rest.iter().copied()).collect();
    let mut running = sipp(folder, scenario, "127.0.0.1", free_port("127.0.0.1"), &all);
    let status = running.0.wait().unwrap();
    let errors =
        std::fs::read_to_string(folder.path().join(format!("{scenario}.errors"))).unwrap_or_default();
    assert!(status.success(), "{scenario}: {status}\n{errors}");
}

fn nothing_is_left(world: &World) {
    let endpoint = world.endpoint.as_ref().unwrap();
    until("all transactions end", || endpoint.transactions().0 == 0);
}

// covers(sip): L21, L2, L3
#[test]
fn sipp_calls_twenty_times_a_second_with_a_password_and_every_call_goes_through() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let world = World::with(
        44_100,
        |rules| {
            rules.ports = 44_100..=44_899;
            // One address, and more calls than one telephone may begin.
            rules.limits.trusted = vec![("127.0.0.1".parse().unwrap(), 32)];
        },
        |_| {},
    );
    let port = free_port("127.0.0.3");
    world.office.trunks.lock().unwrap().push(Trunk {
        name: "net".into(),
        server: format!("127.0.0.3:{port}"),
        addresses: vec![],
        register: None,
        prefixes: vec![],
        caller_number: None,
        default: None,
    });
    let _network = sipp(&folder, "answers", "127.0.0.3", port, &[]);
    until("the network listens", || UdpSocket::bind(("127.0.0.3", port)).is_err());
    let (calls, rate) = (CALLS.to_string(), A_SECOND.to_string());
    carol_calls(&folder, world.server, "calls", "+442079460100", &["-m", &calls, "-r", &rate]);
    nothing_is_left(&world);
    let answered = world.office.signals.lock().unwrap();
    let answered = answered.iter().filter(|it| matches!(it, touchline_live::Signal::Answered(_))).count();
    assert_eq!(answered, CALLS as usize);
}

// covers(sip): L21, L3, L5, L8, L12
#[test]
fn sipp_behaves_badly_and_the_server_goes_on() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(44_900);
    let mut agnes = Phone::new(world.server, "agnes", 787.0);
    assert_eq!(agnes.register(600).status(), 200);
    let server = world.server;
    for scenario in
        ["cancels", "says_nothing_of_its_sound", "hangs_up_twice", "describes_twice", "never_acknowledges"]
    {
        std::thread::scope(|scope| {
            let caller = scope.spawn(|| carol_calls(&folder, server, scenario, "1001", &["-m", "1"]));
            let mut call = agnes.ringing();
            if scenario == "cancels" {
                agnes.taken_back(&call);
            } else {
                agnes.answer(&mut call);
                agnes.hung_up(&call);
            }
            caller.join().unwrap();
        });
        println!("{scenario}: as it should be");
    }
    nothing_is_left(&world);
    // And a call as ever.
    let mut carol = Phone::new(world.server, "carol", 433.0);
    let mut call = carol.call("1001");
    let mut incoming = agnes.ringing();
    agnes.answer(&mut incoming);
    carol.answered(&mut call);
    carol.hang_up(&mut call);
    agnes.hung_up(&incoming);
}
