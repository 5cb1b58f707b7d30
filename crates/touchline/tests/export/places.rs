//! Where it goes: a bucket, a full disk, a place that cannot be.

use crate::{
    common::{Engine, Site, on_both_engines},
    tools::{Ended, MARCH, Target, chat, day, export, python, tell},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

on_both_engines!(a_bucket_is_as_good_as_a_folder, what_cannot_be_done_is_said_and_leaves_no_manifest,);

/// A server that speaks S3, with the bucket `bucket`.
struct S3 {
    child: Child,
    port: u16,
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl S3 {
    async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let moto = python().with_file_name("moto_server");
        let child = Command::new(moto)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let it = Self { child, port };
        for _ in 0..300 {
            if let Ok(made) = reqwest::Client::new().put(format!("{}/bucket", it.url())).send().await {
                assert!(made.status().is_success(), "{}", made.status());
                return it;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the S3 server does not start");
    }
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
    async fn get(&self, path: &str) -> Option<Vec<u8>> {
        // Nobody checks the signature; without any, the object is private.
        let signed = "AWS4-HMAC-SHA256 Credential=id/20260301/eu-central-1/s3/aws4_request, SignedHeaders=host, \
                      Signature=0";
        let request = reqwest::Client::new().get(format!("{}/bucket/{path}", self.url()));
        let answer = request.header("authorization", signed).send().await.unwrap();
        match answer.status().as_u16() {
            404 => None,
            status => {
                assert_eq!(status, 200, "{path}");
                Some(answer.bytes().await.unwrap().to_vec())
            }
        }
    }
}

/// A door that speaks TLS before a server that does not; the certificate that it shows is the one to be trusted.
struct Tls {
    port: u16,
    certificate: tempfile::NamedTempFile,
}

impl Tls {
    fn before(port: u16) -> Self {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = tempfile::NamedTempFile::new().unwrap();
        fs::write(&certificate, pair.cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(pair.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let door = Self { port: listener.local_addr().unwrap().port(), certificate };
        // A thread of its own: the test's waits for the program that calls here.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((client, _)) = listener.accept().await {
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        let Ok(mut client) = acceptor.accept(client).await else { return };
                        let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                        let _gone = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    });
                }
            });
        });
        door
    }
    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

/// A small disk of its own, which only root may mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn full() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output();
        if !mounted.is_ok_and(|it| it.status.success()) {
            println!("not tested: a small disk cannot be mounted here");
            return None;
        }
        let disk = Self(folder);
        // Until nothing more fits.
        let _full = fs::write(disk.ballast(), vec![0; 2 << 20]);
        Some(disk)
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn a_bucket_is_as_good_as_a_folder(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    tell(&server, &[chat("c1", 11), chat("c2", 12)].concat()).await;
    let s3 = S3::start().await;
    let door = Tls::before(s3.port);
    // As anybody, who trusts those whom the system trusts.
    let untrusting = |args: &[&str]| {
        let mut command =
            site.command(&[&["export"], args, &MARCH[..], &["--to", "s3://bucket/warehouse/acme"]].concat());
        command
            .env("TOUCHLINE_S3__ENDPOINT", door.url())
            .env("TOUCHLINE_S3__REGION", "eu-central-1")
            .env("TOUCHLINE_S3__ACCESS_KEY_ID", "id")
            .env("TOUCHLINE_S3__SECRET_ACCESS_KEY", "secret");
        command
    };
    let ended = |mut command: Command| {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    let to_bucket = |args: &[&str]| {
        let mut command = untrusting(args);
        command.env("SSL_CERT_FILE", door.certificate.path());
        ended(command)
    };
    let over_http = |allowed: &str| {
        let mut command = untrusting(&["work-sessions"]);
        command.env("TOUCHLINE_S3__ENDPOINT", s3.url()).env("TOUCHLINE_S3__ALLOW_HTTP", allowed);
        ended(command)
    };
    let stranger = ended(untrusting(&["work-sessions"])).refused();
    assert!(stranger.contains("certificate"), "{stranger}");
    let plain = over_http("false").refused();
    assert!(plain.contains("s3.allow_http"), "{plain}");
    let said = to_bucket(&["work-sessions", "--format", "parquet"]).well();
    assert!(said.contains("s3://bucket/warehouse/acme/work-sessions/manifest.json"), "{said}");
    let folder = Target::fresh();
    export(&site, &[&["work-sessions", "--format", "parquet", "--to", folder.arg()][..], &MARCH].concat())
        .well();
    for (name, bytes) in folder.files() {
        assert_eq!(s3.get(&format!("warehouse/acme/{name}")).await.as_ref(), Some(&bytes), "{name}");
    }
    let again = to_bucket(&["work-sessions", "--format", "parquet"]).well();
    assert!(again.contains("nothing has changed"), "{again}");
    tell(&server, &chat("late", 13)).await;
    let revised = to_bucket(&["work-sessions", "--format", "parquet"]).well();
    assert!(revised.contains("made anew for events that came late: 2026-03-01"), "{revised}");
    let manifest: Value =
        serde_json::from_slice(&s3.get("warehouse/acme/work-sessions/manifest.json").await.unwrap()).unwrap();
    assert_eq!(day(&manifest, "2026-03-01")["rows"], 3);
    let other = to_bucket(&["work-sessions", "--format", "csv"]).refused();
    assert!(other.contains("format `parquet`, not `csv`"), "{other}");
    assert!(over_http("true").refused().contains("format `parquet`, not `csv`"));
    let shown =
        site.command(&["config", "show"]).env("TOUCHLINE_S3__SECRET_ACCESS_KEY", "hush").output().unwrap();
    assert!(!String::from_utf8(shown.stdout).unwrap().contains("hush"));
}

async fn what_cannot_be_done_is_said_and_leaves_no_manifest(engine: Engine) {
    let site = Site::fresh(engine).await;
    let server = site.serve();
    tell(&server, &chat("c1", 11)).await;
    let target = Target::fresh();
    let run = |args: &[&str]| export(&site, &[&["work-sessions"], args].concat());
    let to = ["--to", target.arg()];
    for (args, said) in [
        (&["--since", "yesterday"][..], "--since: `yesterday` is neither a date"),
        (&["--since", "2026-03-02", "--until", "2026-03-01"], "the last day lies before the first"),
        (&["--since", "2026-03-01", "--zone", "Nowhere"], "there is no time zone `Nowhere`"),
        (&["--since", "2026-03-01", "--tenant", "nobody"], "there is no tenant `nobody`"),
    ] {
        let error = run(&[args, &to].concat()).refused();
        assert!(error.contains(said), "{error}");
    }
    for (to, said) in [
        ("gs://bucket", "there is no destination of the kind `gs://`"),
        ("s3://", "names no bucket"),
        ("/proc/nowhere", "/proc/nowhere"),
    ] {
        let error = run(&["--since", "2026-03-01", "--to", to]).refused();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(export(&site, &["work-sessions", "--to", "x"]).code, Some(2), "--since is missing");
    assert_eq!(export(&site, &["shoes", "--since", "0d", "--to", "x"]).code, Some(2));
    // A disk without room: every write fails half-way.
    if let Some(disk) = SmallDisk::full() {
        for format in ["csv", "parquet"] {
            let args = [&MARCH[..], &["--format", format, "--to", disk.path().to_str().unwrap()]].concat();
            let error = run(&args).refused();
            assert!(error.contains("the disk is full") && error.contains("nothing was published"), "{error}");
            let manifest = disk.path().join("work-sessions/manifest.json");
            assert!(!manifest.exists());
            let ballast = fs::File::options().write(true).open(disk.ballast()).unwrap();
            ballast.set_len(0).unwrap();
            run(&args).well();
            fs::remove_dir_all(disk.path().join("work-sessions")).unwrap();
            let _full = fs::write(disk.ballast(), vec![0; 2 << 20]);
        }
    }
    assert!(target.files().is_empty());
    run(&[&MARCH[..], &to].concat()).well();
    // Another format, zone or tenant does not mix with what is there.
    for (args, said) in [
        (&["--format", "ndjson"][..], "format `csv`, not `ndjson`"),
        (&["--zone", "Asia/Kolkata"], "zone `UTC`"),
    ] {
        let before = target.files();
        let error = run(&[args, &MARCH, &to].concat()).refused();
        assert!(error.contains(said) && error.contains("choose another destination"), "{error}");
        assert_eq!(target.files(), before);
    }
    // Days of a zone, its change of clocks included.
    let zoned = Target::fresh();
    let args = ["work-sessions", "--since", "2026-03-29", "--until", "2026-03-29", "--zone", "Europe/Berlin"];
    export(&site, &[&args[..], &["--to", zoned.arg()]].concat()).well();
    let manifest = zoned.manifest("work-sessions");
    let short = &manifest["days"][0];
    assert_eq!(
        (&short["from"], &short["to"]),
        (&json!("2026-03-28T23:00:00Z"), &json!("2026-03-29T22:00:00Z"))
    );
    site.assert_healthy();
}
