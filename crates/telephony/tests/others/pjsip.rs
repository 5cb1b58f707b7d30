//! PJSIP, the library behind many soft telephones.

use crate::{beside, office::World, sip::Phone, until};
use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

const CAROL: f64 = 433.0;
const AGNES: f64 = 787.0;
const BERT: f64 = 1153.0;

/// One process.
struct Pjsip {
    process: Child,
    commands: ChildStdin,
    said: Receiver<String>,
}

impl Drop for Pjsip {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

impl Pjsip {
    /// `None` where it is not installed.
    fn start(world: &World, user: &str, hertz: f64) -> Option<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let given = std::env::var("TOUCHLINE_PYTHON").map(PathBuf::from);
        let python = given.unwrap_or_else(|_| root.join(".venv/bin/python"));
        let there = Command::new(&python).args(["-c", "import pjsua2"]).output();
        if !there.is_ok_and(|it| it.status.success()) {
            println!("not tested: pjsua2-python is not installed for {}", python.display());
            return None;
        }
        let server = world.server.to_string();
        let mut process = Command::new(python)
            .arg(beside("telephone.py"))
            .args([&server, user, &format!("{user}-secret"), &hertz.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (say, said) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| say.send(line)));
        Some(Self { process, commands, said })
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// Waits until it says so.
    fn says(&self, wanted: &str) {
        let mut before = Vec::new();
        loop {
            match self.said.recv_timeout(Duration::from_secs(120)) {
                Ok(line) if line.starts_with(wanted) => return,
                Ok(line) => before.push(line),
                Err(_) => panic!("it never says `{wanted}`, but {before:?}"),
            }
        }
    }
}

fn registered(world: &World, user: &str, hertz: f64) -> Phone {
    let mut phone = Phone::new(world.server, user, hertz);
    assert_eq!(phone.register(600).status(), 200);
    phone
}

fn hears(phone: &Phone, wanted: f64, unwanted: f64) {
    until("one is heard and the other is not", || {
        let levels = phone.sound.listen(Duration::from_millis(500), &[wanted, unwanted]);
        let heard = levels[0] > -26.0 && levels[1] < -40.0;
        if heard {
            println!(
                "{} hears {wanted} Hz at {} dBFS, {unwanted} Hz at {}",
                phone.user, levels[0], levels[1]
            );
        }
        heard
    });
}

// covers(sip): L21, L10, L7
#[test]
fn pjsip_hands_a_call_over_after_having_asked() {
    let world = World::new(44_000);
    let Some(mut agnes) = Pjsip::start(&world, "agnes", AGNES) else { return };
    agnes.says("registered 200");
    let (mut carol, mut bert) = (registered(&world, "carol", CAROL), registered(&world, "bert", BERT));
    let mut call = carol.call("1001");
    carol.answered(&mut call);
    agnes.says("media 0 active");
    hears(&carol, AGNES, BERT);
    // She puts Carol aside and asks Bert.
    agnes.tell("hold 0");
    agnes.says("media 0 held");
    agnes.tell("call 1002");
    let mut asked = bert.ringing();
    bert.answer(&mut asked);
    agnes.says("call 1 CONFIRMED");
    hears(&bert, AGNES, CAROL);
    // And hands over: both of her calls end, and neither Carol nor Bert notices more than another voice.
    agnes.tell("transfer 0 1");
    agnes.says("transferred 0 200");
    hears(&carol, BERT, AGNES);
    hears(&bert, CAROL, AGNES);
    carol.hang_up(&mut call);
    bert.hung_up(&asked);
}
