// News from the server: a small Bayeux client over long-polling (CometD's protocol, bayeux.org). Each connect is held for
// a moment only, so that a line that is dead is known to be so within 5 s. Who cannot hear news goes on without.

/** How long a connect is held when there is nothing to say, in milliseconds. */
const HELD = 1500;
/** How long an answer may take beyond that. */
const PATIENCE = 2500;
/** Pauses between attempts to begin anew. */
const FIRST_PAUSE = 1000, LONGEST_PAUSE = 30_000;

/** @typedef {{ channel: string, successful?: boolean, clientId?: string, error?: string, data?: object, advice?: { reconnect?: string, interval?: number } }} Message */

const pause = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Resolves when somebody looks at the page. */
const looked = () => new Promise((resolve) => {
  if (!document.hidden) { resolve(undefined); return; }
  const shown = () => { if (!document.hidden) { document.removeEventListener('visibilitychange', shown); resolve(undefined); } };
  document.addEventListener('visibilitychange', shown);
});

/** The session is not known any more, or was never given. */
class Anew extends Error {}
/** There is nothing to be heard here. */
class Never extends Error {}

/**
 * Follows topics for as long as the page lives.
 * @param {string} address where news are
 * @param {string[]} topics
 * @param {{ news: (message: Message) => void, up: () => void, alive: () => void, down: (isLost: boolean) => void }} told
 *   `up`: from now on every change is told; what was before is to be looked up once. `alive`: an answer has come.
 *   `down`: no more, and whether even the server does not answer.
 */
export const follow = async (address, topics, told) => {
  let id = 0;
  /** @param {object[]} messages @param {number} wait @returns {Promise<Message[]>} */
  const send = async (messages, wait) => {
    const body = JSON.stringify(messages.map((message) => ({ ...message, id: String(id += 1) })));
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(address, { method: 'POST', headers, body, cache: 'no-store', signal: AbortSignal.timeout(wait) });
    if ([401, 403, 404, 405].includes(answer.status)) throw new Never(String(answer.status));
    if (!answer.ok) throw new Anew(String(answer.status));
    const replies = await answer.json();
    told.alive();
    for (const reply of replies) if (topics.includes(reply.channel)) told.news(reply);
    return replies.filter((/** @type {Message} */ it) => it.channel.startsWith('/meta/'));
  };
  /** One session, until it breaks. */
  const session = async () => {
    const [hello] = await send([{ channel: '/meta/handshake', version: '1.0', minimumVersion: '1.0', supportedConnectionTypes: ['long-polling'] }], PATIENCE);
    if (!hello?.successful) throw hello?.advice?.reconnect === 'none' ? new Never(hello.error) : new Anew(hello?.error);
    const { clientId } = hello;
    const begun = await send(topics.map((subscription) => ({ channel: '/meta/subscribe', clientId, subscription })), PATIENCE);
    if (begun.some((it) => !it.successful)) throw new Never('no such topic');
    told.up();
    let [interval, held] = [0, 0];
    for (;;) {
      await pause(interval);
      await looked();
      const replies = await send([{ channel: '/meta/connect', clientId, connectionType: 'long-polling', advice: { timeout: held } }], held + PATIENCE);
      const connect = replies.find((it) => it.channel === '/meta/connect');
      if (!connect?.successful || connect.advice?.reconnect === 'handshake') throw new Anew(connect?.error);
      if (connect.advice?.reconnect === 'none') throw new Never();
      // Of several windows of a browser one is held, the others ask now and then, as the server says.
      interval = connect.advice?.interval ?? interval;
      held = HELD;
    }
  };
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
    await looked();
    const began = performance.now();
    try {
      await session();
    } catch (error) {
      told.down(!(error instanceof Anew || error instanceof Never));
      if (error instanceof Never) return;
    }
    if (performance.now() - began > LONGEST_PAUSE) wait = FIRST_PAUSE;
    await pause(wait);
  }
};
