//! Telephones that others have written: baresip registers, calls, is coached, holds and hands over.
//!
//! Says so and passes where baresip is not installed (`cargo xtask install` brings it).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "phone/office.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
mod office;

use office::World;
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use touchline_live::{Mode, Signal};
use touchline_media::{RATE, level::tone, record::Recorder, tone::sine};

const CAROL: f64 = 433.0;
const AGNES: f64 = 787.0;
const SUSAN: f64 = 1153.0;
const BERT: f64 = 1777.0;

/// One process.
struct Baresip {
    process: Child,
    control: TcpStream,
    folder: PathBuf,
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// A minute of a tone at -12 dBFS.
fn write_tone(path: &Path, hertz: f64) {
    let mut recorder = Recorder::new(1, 10_000);
    recorder.push(&[&sine(hertz, -12.0, 60 * RATE as usize)]).unwrap();
    recorder.flush();
    let mut bytes = Vec::new();
    while let Some(write) = recorder.next_write() {
        let (from, to) = (write.offset as usize, write.offset as usize + write.bytes.len());
        bytes.resize(bytes.len().max(to), 0);
        bytes[from..to].copy_from_slice(&write.bytes);
    }
    fs::write(path, bytes).unwrap();
}

impl Baresip {
    fn start(within: &Path, server: SocketAddr, user: &str, hertz: f64, port: u16, codec: &str) -> Self {
        let folder = within.join(user);
        fs::create_dir_all(folder.join("rec")).unwrap();
        write_tone(&folder.join("tone.wav"), hertz);
        let (at, control, rtp) = (folder.display(), port + 1_000, port + 2_000);
        let config = format!(
            "sip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_player aubridge,sink\n\
             audio_source aufile,{at}/tone.wav\naudio_alert aubridge,alert\nausrc_srate 8000\nauplay_srate 8000\n\
             ausrc_channels 1\nauplay_channels 1\naudio_txmode thread\naudio_buffer 20-160\njitter_buffer_delay 1-5\n\
             rtp_ports {rtp}-{}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n\
             module aubridge.so\nmodule sndfile.so\nmodule srtp.so\nmodule_tmp uuid.so\nmodule_tmp account.so\n\
             module_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\nsnd_path {at}/rec\n",
            rtp + 8
        );
        fs::write(folder.join("config"), config).unwrap();
        let answers = if user == "carol" { "manual" } else { "auto" };
        let account = format!(
            "<sip:{user}@{server};transport=udp>;auth_user={user};auth_pass={user}-secret;answermode={answers};\
             audio_codecs={codec};regint=60;dtmfmode=rtpevent\n"
        );
        fs::write(folder.join("accounts"), account).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let process = Command::new("baresip")
            .args(["-4", "-f"])
            .arg(&folder)
            .args(["-t", "60"])
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap();
        let begin = Instant::now();
        let control = loop {
            match TcpStream::connect(("127.0.0.1", control)) {
                Ok(stream) => break stream,
                Err(error) => assert!(begin.elapsed() < Duration::from_secs(10), "{user}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        Self { process, control, folder }
    }

    fn tell(&mut self, command: &str, params: &str) {
        let text = format!("{{\"command\":\"{command}\",\"params\":\"{params}\",\"token\":\"t\"}}");
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// What it has heard in its last call, until now.
    fn heard(&self) -> Vec<i16> {
        let dumps = fs::read_dir(self.folder.join("rec")).unwrap().flatten().map(|it| it.path());
        let newest = dumps.filter(|it| it.to_string_lossy().ends_with("-dec.wav")).max().unwrap();
        let mut bytes = Vec::new();
        fs::File::open(newest).unwrap().read_to_end(&mut bytes).unwrap();
        bytes[44..].chunks_exact(2).map(|it| i16::from_le_bytes([it[0], it[1]])).collect()
    }

    /// The levels of tones in what it hears within the next second and a half, without its first half second.
    fn levels(&self, hertz: &[f64]) -> Vec<f32> {
        std::thread::sleep(Duration::from_millis(500));
        let from = self.heard().len();
        std::thread::sleep(Duration::from_millis(1_000));
        let heard = self.heard();
        assert!(heard.len() >= from + 6_000, "{} heard nothing", self.folder.display());
        hertz.iter().map(|hertz| tone(&heard[from..], *hertz, RATE)).collect()
    }
}

fn until(what: &str, is: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_heard(level: f32) -> bool {
    level > -20.0
}

fn is_silent(level: f32) -> bool {
    level < -60.0
}

// covers(sip): L21, L7, L9, M1
#[test]
fn baresip_phones_call_are_coached_hold_and_hand_over() {
    if Command::new("baresip").arg("-h").output().is_err() {
        println!("not tested: baresip is not installed");
        return;
    }
    let world = World::new(47_000);
    let folder = tempfile::tempdir().unwrap();
    let start =
        |user, hertz, port, codec| Baresip::start(folder.path(), world.server, user, hertz, port, codec);
    let mut carol = start("carol", CAROL, 47_200, "PCMU/8000/1");
    let mut agnes = start("agnes", AGNES, 47_210, "PCMA/8000/1");
    let susan = start("susan", SUSAN, 47_220, "PCMU/8000/1");
    let bert = start("bert", BERT, 47_230, "PCMU/8000/1");
    let there = |name: &str| world.office.reachable.lock().unwrap().get(name) == Some(&true);
    until("all register", || ["carol", "agnes", "susan", "bert"].into_iter().all(there));

    let answered = || {
        let signals = world.office.signals.lock().unwrap();
        signals.iter().filter(|it| matches!(it, Signal::Answered(_))).count()
    };
    carol.tell("dial", &format!("sip:1001@{}", world.server));
    until("Agnes answers", || answered() == 1);
    for mode in [None, Some(Mode::Listen), Some(Mode::Coach), Some(Mode::BargeIn)] {
        if let Some(mode) = mode {
            world.office.watch(mode, "agnes");
            until("Susan answers", || answered() == 2);
        }
        let (at_carol, at_agnes, at_susan) = std::thread::scope(|scope| {
            let carol = scope.spawn(|| carol.levels(&[AGNES, SUSAN]));
            let agnes = scope.spawn(|| agnes.levels(&[CAROL, SUSAN]));
            let susan = scope.spawn(|| mode.map(|_| susan.levels(&[CAROL, AGNES])));
            (carol.join().unwrap(), agnes.join().unwrap(), susan.join().unwrap())
        });
        println!("{mode:?}: customer {at_carol:?}, agent {at_agnes:?}, supervisor {at_susan:?}");
        assert!(is_heard(at_carol[0]) && is_heard(at_agnes[0]), "{mode:?}");
        let (to_carol, to_agnes) =
            (mode == Some(Mode::BargeIn), matches!(mode, Some(Mode::Coach | Mode::BargeIn)));
        assert!(if to_carol { is_heard(at_carol[1]) } else { is_silent(at_carol[1]) }, "{mode:?}");
        assert!(if to_agnes { is_heard(at_agnes[1]) } else { is_silent(at_agnes[1]) }, "{mode:?}");
        assert!(at_susan.is_none_or(|it| it.into_iter().all(is_heard)), "{mode:?}");
    }

    agnes.tell("hold", "");
    let holds = |on: bool| {
        let signals = world.office.signals.lock().unwrap();
        signals.iter().any(|it| matches!(it, Signal::Holds(_, held) if *held == on))
    };
    until("Agnes holds", || holds(true));
    assert!(is_silent(carol.levels(&[AGNES])[0]));
    agnes.tell("resume", "");
    until("Agnes takes it up again", || holds(false));
    assert!(is_heard(carol.levels(&[AGNES])[0]));

    agnes.tell("transfer", &format!("sip:1002@{}", world.server));
    until("Bert answers", || answered() == 3);
    let at_carol = carol.levels(&[BERT, AGNES]);
    println!("handed over: customer {at_carol:?}");
    assert!(is_heard(at_carol[0]) && is_silent(at_carol[1]));
    assert!(is_heard(bert.levels(&[CAROL])[0]));
    carol.tell("hangup", "");
    let over = || matches!(world.office.signals.lock().unwrap().last(), Some(Signal::HungUp(_)));
    until("Carol hangs up", over);
}
