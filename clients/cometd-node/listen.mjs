// A voice client on the notification endpoint, with the libraries that such clients use: npm `cometd` (and
// `cometd-nodejs-client`) or npm `faye`. Says on standard output, a line of JSON each, what it is told.
//
//     node listen.mjs '{"library":"cometd","transport":"long-polling","api":URL,"notifications":URL,"user":...,"password":...}'
//
// `api` and `notifications` may be different places: a proxy that cuts connections stands before one of them. With
// `"ack":true` the acknowledge extension is used, with `"start":true` the voice session is started as soon
// as the client is ready.

import { AckExtension, CometD } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import faye from 'faye';
import WebSocket from 'ws';

const options = JSON.parse(process.argv[2]);
const authorization = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;

function say(event, more = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
}

/** Logs in as clients do: a GET with the password gives the cookie and the token. */
async function logIn() {
  const response = await fetch(`${options.api}/me?subresources=*`, { headers: { authorization } });
  const body = await response.json();
  if (body.statusCode !== 0) throw new Error(`log-in: ${JSON.stringify(body)}`);
  const name = response.headers.get('x-csrf-header');
  const cookie = response.headers.getSetCookie().find((it) => it.startsWith('JSESSIONID=')).split(';')[0];
  return { cookie, headers: { [name]: response.headers.get('x-csrf-token') } };
}

/** Whatever is told from now on is heard. */
async function ready({ cookie, headers }) {
  say('ready');
  if (!options.start) return;
  const body = JSON.stringify({ operationName: 'StartContactCenterSession', channels: ['voice'] });
  const wanted = { method: 'POST', body, headers: { ...headers, cookie, 'content-type': 'application/json' } };
  const answer = await (await fetch(`${options.api}/me`, wanted)).json();
  say('started', { statusCode: answer.statusCode });
}

function withCometd(session) {
  adapt();
  const headers = { Cookie: session.cookie, ...session.headers };
  // The adapter's own web socket sends neither cookies nor headers.
  globalThis.window.WebSocket = class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { headers: { Cookie: session.cookie } });
    }
  };
  const client = new CometD();
  for (const other of ['websocket', 'long-polling', 'callback-polling']) {
    if (other !== options.transport) client.unregisterTransport(other);
  }
  client.configure({
    url: options.notifications,
    requestHeaders: headers,
    maxNetworkDelay: 5000,
    backoffIncrement: options.backoff ?? 100,
    maxBackoff: 1000,
    logLevel: options.log ?? 'error',
  });
  // Both requests are on their way at once, each on a connection of its own, and the later one may well arrive first: in
  // Node the connect takes the connection that the handshake has left, the subscription opens a new one. What is told
  // before a subscription has arrived is for nobody, so the client is ready when both have been answered.
  let [connected, subscribed, begun] = [false, false, false];
  const begin = () => {
    if (begun || !connected || !subscribed) return undefined;
    begun = true;
    return ready(session);
  };
  // The library forgets a subscription whose answer is lost on the way, and leaves it to the application to try again.
  let again;
  const subscribe = () => client.subscribe(
    '/v2/me/*',
    ({ channel, data }) => say('message', { channel, data }),
    (answer) => {
      if (!answer.successful) return void (again = setTimeout(subscribe, 100));
      subscribed = true;
      return begin();
    },
  );
  if (options.ack) client.registerExtension('ack', new AckExtension());
  client.addListener('/meta/handshake', (reply) => {
    say('handshake', { successful: reply.successful === true });
    clearTimeout(again);
    if (reply.successful) subscribe();
  });
  client.addListener('/meta/connect', (reply) => {
    if (!reply.successful) return say('broken');
    if (connected) return undefined;
    connected = true;
    return begin();
  });
  client.handshake();
  return () => new Promise((done) => { client.disconnect(done); });
}

async function withFaye(session) {
  const client = new faye.Client(options.notifications, { timeout: 60, retry: 1 });
  const address = new URL(options.notifications);
  client._dispatcher.cookies.setCookieSync(session.cookie, `${address.origin}/`);
  for (const [name, value] of Object.entries(session.headers)) client.setHeader(name, value);
  client.setHeader('Authorization', authorization);
  if (options.transport === 'long-polling') client.disable('websocket');
  client.on('transport:down', () => say('broken'));
  await client.subscribe('/v2/me/**').withChannel((channel, data) => say('message', { channel, data }));
  await ready(session);
  return () => client.disconnect();
}

const session = await logIn();
const stop = await (options.library === 'faye' ? withFaye(session) : withCometd(session));
// The test says goodbye by closing standard input.
process.stdin.resume();
process.stdin.on('end', async () => {
  await Promise.race([stop(), new Promise((done) => { setTimeout(done, 2000); })]);
  process.exit(0);
});
