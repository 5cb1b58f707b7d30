// A live page: asked for anew whenever the server says that it has changed, and every two seconds while nothing can be
// heard. Without this script a reload does the same.

import { put, tick } from './live-parts.js';
import { follow } from './news.js';

/** Between two questions while there are no news, in milliseconds. */
const EVERY = 2000;
/** How long an answer may take. With the pause it is known within 5 s that there is none. */
const PATIENCE = 2500;
/** Between two questions while there are news: should one have been lost. */
const ANYWAY = 30_000;
/** News that come closer together are asked for together. */
const TOGETHER = 250;

const live = /** @type {HTMLElement} */ (document.getElementById('live'));
const lost = /** @type {HTMLElement} */ (document.getElementById('lost'));
let heard = new Date();
let [pressing, owed, asking, again, hears] = [false, false, false, false, false];

const isLost = () => live.hasAttribute('data-lost');
const lose = () => {
  if (isLost()) return;
  lost.textContent = (lost.dataset.words ?? '').replace('{time}', heard.toLocaleTimeString());
  lost.hidden = false;
  live.setAttribute('data-lost', '');
};
const found = () => {
  heard = new Date();
  lost.hidden = true;
  live.removeAttribute('data-lost');
};
/** A press that has begun must end on the same button, and a choice that is open stays open. */
const isBusy = () => pressing || document.activeElement?.matches('#live select') === true;

const ask = async () => {
  if (document.hidden) return;
  if (asking) { again = true; return; }
  asking = true;
  try {
    const group = new URLSearchParams(location.search).get('group');
    const answer = await fetch(`${live.dataset.live}${group ? `?${new URLSearchParams({ group })}` : ''}`, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    found();
    if (isBusy()) owed = true; else put(text);
  } catch {
    lose();
  } finally {
    asking = false;
    if (again) { again = false; soon(); }
  }
};

/** @type {ReturnType<typeof setTimeout> | undefined} */
let next;
let left = 30;
const loop = async () => {
  clearTimeout(next);
  await ask();
  clearTimeout(next);
  // What is still being made is asked for again, but not for ever.
  const unfinished = live.querySelector('[data-again]') !== null && (left -= 1) > 0;
  next = setTimeout(loop, hears && !isLost() && !unfinished ? ANYWAY : EVERY);
};
/** @type {ReturnType<typeof setTimeout> | undefined} */
let called;
let last = 0;
const soon = () => {
  called ??= setTimeout(() => { called = undefined; last = performance.now(); loop(); }, Math.max(0, last + TOGETHER - performance.now()));
};

document.addEventListener('pointerdown', () => { pressing = true; });
for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, () => { setTimeout(() => { pressing = false; }); });
document.addEventListener('visibilitychange', soon);
tick();
setInterval(() => {
  tick();
  if (owed && !isBusy()) { owed = false; soon(); }
}, 500);
next = setTimeout(loop, EVERY);
if (live.dataset.news) {
  follow(live.dataset.news, ['/touchline/live/wall', '/touchline/live/own'], {
    news: soon,
    up: () => { hears = true; live.setAttribute('data-hears', ''); soon(); },
    alive: () => { if (isLost()) soon(); else heard = new Date(); },
    down: (isDead) => {
      hears = false;
      live.removeAttribute('data-hears');
      if (isDead && !document.hidden) lose();
      soon();
    },
  });
}
