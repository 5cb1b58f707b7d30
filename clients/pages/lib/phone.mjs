// A telephone as small as can be: SIP over UDP (RFC 3261) with a digest, G.711 sound that is a tone. It registers, calls, and
// answers at once; enough for a page to have a live call to show.

import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const md5 = (text) => createHash("md5").update(text).digest("hex");
const token = () => randomBytes(8).toString("hex");
const HERE = "127.0.0.1";

/** A UDP socket on a free port, which keeps no program running. */
async function open() {
  const socket = createSocket("udp4");
  await new Promise((resolve) => { socket.bind(0, HERE, resolve); });
  socket.unref();
  return socket;
}

/** Status or method, headers (the first of each name) and all of one name. */
function parse(text) {
  const [head, body] = text.split("\r\n\r\n");
  const [first, ...lines] = head.split("\r\n");
  const all = lines.map((line) => [line.slice(0, line.indexOf(":")).trim().toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]);
  const every = (name) => all.filter(([key]) => key === name).map(([, value]) => value);
  const status = /^SIP\/2.0 (\d+)/.exec(first)?.[1];
  return { method: status ? undefined : first.split(" ")[0], status: Number(status ?? 0), every, one: (name) => every(name)[0] ?? "", body: body ?? "" };
}

export class Phone {
  /** @param {string} server `host:port` @param {{ user: string, password: string }} account */
  static async open(server, account) {
    const phone = new Phone();
    const [host, port] = server.split(":");
    Object.assign(phone, { host, port: Number(port), account, waiting: new Map(), socket: await open(), sound: await open(), sequence: 0, nonces: 0 });
    phone.own = `sip:${account.user}@${HERE}:${phone.socket.address().port}`;
    phone.socket.on("message", (bytes) => phone.heard(bytes.toString()));
    await phone.ask("REGISTER", `sip:${host}`, `sip:${account.user}@${host}`, { Expires: "600" });
    return phone;
  }

  /** Calls a number, and speaks as soon as it is answered. */
  async call(number) {
    const answer = await this.ask("INVITE", `sip:${number}@${this.host}`, `sip:${number}@${this.host}`, { "Content-Type": "application/sdp" }, this.offer());
    this.speak(answer.body);
  }

  offer() {
    const { port } = this.sound.address();
    return ["v=0", `o=- 1 1 IN IP4 ${HERE}`, "s=-", `c=IN IP4 ${HERE}`, "t=0 0", `m=audio ${port} RTP/AVP 0`, "a=rtpmap:0 PCMU/8000", "a=sendrecv", ""].join("\r\n");
  }

  /** A tone of 400 Hz, 50 packets a second, to where the other side's description says. */
  speak(description) {
    const port = Number(/m=audio (\d+)/.exec(description)?.[1]);
    const address = /c=IN IP4 (\S+)/.exec(description)?.[1];
    if (!port || !address) throw new Error(`no sound in ${description}`);
    clearInterval(this.tone);
    let [sequence, time] = [1, 160];
    this.tone = setInterval(() => {
      const packet = Buffer.alloc(172);
      packet[0] = 0x80;
      packet.writeUInt16BE((sequence += 1) & 0xffff, 2);
      packet.writeUInt32BE((time += 160) >>> 0, 4);
      packet.writeUInt32BE(4711, 8);
      // Ten samples up, ten down.
      for (let n = 0; n < 160; n += 1) packet[12 + n] = Math.floor(n / 10) % 2 ? 0x95 : 0x15;
      this.sound.send(packet, port, address);
    }, 20);
    this.tone.unref();
  }

  send(lines, body = "") {
    const text = [...lines, `Content-Length: ${Buffer.byteLength(body)}`, "", body].join("\r\n");
    this.socket.send(text, this.port, this.host);
  }

  /** Sends a request, again with a password when that is wanted, and resolves with the good answer. */
  async ask(method, uri, to, headers, body = "") {
    const dialog = { tag: token(), id: token() };
    let credentials;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const branch = `z9hG4bK${token()}`;
      const cseq = (this.sequence += 1);
      const from = `<sip:${this.account.user}@${this.host}>;tag=${dialog.tag}`;
      const common = (name, target) => [
        `${name} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${HERE}:${this.socket.address().port};branch=${branch};rport`, "Max-Forwards: 70",
        `From: ${from}`, `To: ${target}`, `Call-ID: ${dialog.id}`, `CSeq: ${cseq} ${name}`,
      ];
      const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const lines = [...common(method, `<${to}>`), `Contact: <${this.own}>`, ...more, ...(credentials ? [credentials] : [])];
      const answer = await this.answered(branch, () => this.send(lines, body));
      if (method === "INVITE") {
        const ack = answer.status < 300 ? `z9hG4bK${token()}` : branch;
        const target = answer.status < 300 ? (/<([^>]+)>/.exec(answer.one("contact"))?.[1] ?? uri) : uri;
        this.send([`ACK ${target} SIP/2.0`, ...common("ACK", answer.one("to")).slice(1).map((line) => line.replace(branch, ack))]);
      }
      if (answer.status < 300) return answer;
      if (answer.status !== 401 && answer.status !== 407) throw new Error(`${method} ${to}: ${answer.status}`);
      credentials = this.credentials(answer, method, uri);
    }
    throw new Error(`${method} ${to}: the password was not taken`);
  }

  /** The last answer to a request, which is sent again until there is any. */
  answered(branch, send) {
    return new Promise((resolve, reject) => {
      const again = setInterval(send, 1000);
      const late = setTimeout(() => { clearInterval(again); reject(new Error("no answer in 60 s")); }, 60_000);
      this.waiting.set(branch, (answer) => {
        clearInterval(again);
        if (answer.status < 200) return;
        clearTimeout(late);
        this.waiting.delete(branch);
        resolve(answer);
      });
      send();
    });
  }

  /** Digest with MD5 (RFC 2617). */
  credentials(answer, method, uri) {
    const proxy = answer.status === 407;
    const all = answer.every(proxy ? "proxy-authenticate" : "www-authenticate");
    const challenge = all.find((it) => !/algorithm="?SHA/i.test(it)) ?? "";
    const value = (name) => new RegExp(`${name}="?([^",]+)`).exec(challenge)?.[1] ?? "";
    const [nc, cnonce] = [String((this.nonces += 1)).padStart(8, "0"), token()];
    const { user, password } = this.account;
    const [one, two] = [md5(`${user}:${value("realm")}:${password}`), md5(`${method}:${uri}`)];
    const response = md5([one, value("nonce"), nc, cnonce, "auth", two].join(":"));
    const opaque = value("opaque") ? `, opaque="${value("opaque")}"` : "";
    return `${proxy ? "Proxy-" : ""}Authorization: Digest username="${user}", realm="${value("realm")}", nonce="${value("nonce")}", uri="${uri}", response="${response}", algorithm=MD5, qop=auth, nc=${nc}, cnonce="${cnonce}"${opaque}`;
  }

  heard(text) {
    const message = parse(text);
    if (!message.method) {
      const branch = /branch=([^;,\s]+)/.exec(message.one("via"))?.[1];
      this.waiting.get(branch)?.(message);
      return;
    }
    if (message.method === "ACK") return;
    const to = message.one("to");
    const tagged = to.includes(";tag=") ? to : `${to};tag=${(this.tag ??= token())}`;
    const kept = [...message.every("via").map((it) => `Via: ${it}`), ...message.every("record-route").map((it) => `Record-Route: ${it}`)];
    const lines = ["SIP/2.0 200 OK", ...kept, `From: ${message.one("from")}`, `To: ${tagged}`, `Call-ID: ${message.one("call-id")}`, `CSeq: ${message.one("cseq")}`, `Contact: <${this.own}>`];
    if (message.method !== "INVITE") { this.send(lines); return; }
    this.send([...lines, "Content-Type: application/sdp"], this.offer());
    if (message.body.includes("m=audio")) this.speak(message.body);
  }
}
