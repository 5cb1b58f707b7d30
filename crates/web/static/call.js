// The page of one call: the player, the waveform, and the transcript that follows the sound. It can be read without.

import { follower } from './call-words.js';
import { remarks } from './call-remarks.js';
import { waveform } from './call-wave.js';

const player = document.getElementById('player');
const audio = /** @type {HTMLAudioElement|null} */ (document.getElementById('audio'));
const words = follower(document.getElementById('transcript'));
remarks({ now: () => audio?.currentTime ?? 0, loop: () => loop, words });

/** Whether keys belong to what is being typed or chosen. @param {EventTarget|null} target */
const busy = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
    (target instanceof HTMLInputElement && target.type !== 'range'));

/** Seconds as on a clock. @param {number} seconds */
const clock = (seconds) => {
  const all = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

/** @type {{from: number, to: number|null}|null} */
let loop = null;

/** Seconds that `#t=…` names. @param {string} hash */
const timeOf = (hash) => {
  const found = /^#t=(\d+(?:\.\d+)?)$/.exec(hash);
  return found ? Number(found[1]) : null;
};

if (player && audio) {
  const find = (/** @type {string} */ id) => document.getElementById(id);
  const play = find('play');
  const seek = /** @type {HTMLInputElement} */ (find('seek'));
  const speed = /** @type {HTMLSelectElement} */ (find('speed'));
  const repeat = find('loop');
  const follow = find('follow');
  const wrong = find('sound-wrong');
  const known = Number(player.dataset.secs);
  const length = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : known);
  // Where playing begins, before there is anything to play.
  let wanted = 0;
  const here = () => (audio.readyState > 0 ? audio.currentTime : wanted);

  audio.controls = false;
  audio.hidden = true;
  find('controls').hidden = false;
  seek.hidden = false;

  const wave = waveform(find('wave'), {
    href: `${player.dataset.href}/waveform`,
    length,
    go: (time) => go(time),
    select: (from, to) => setLoop({ from, to }),
    drawn: () => { solo(); show(); },
  });

  const show = () => {
    const time = here();
    find('time').textContent = `${clock(time)} / ${clock(length())}`;
    seek.max = String(length());
    seek.value = String(time);
    seek.setAttribute('aria-valuetext', clock(time));
    wave.at(time);
    words.at(time);
  };

  /** Goes to a time. @param {number} time */
  function go(time) {
    wanted = Math.min(Math.max(0, time), length());
    if (loop && loop.to !== null && (wanted < loop.from || wanted > loop.to)) setLoop(null);
    audio.currentTime = wanted;
    show();
  }

  const start = () => {
    if (audio.readyState === 0 && wanted > 0) audio.currentTime = wanted;
    audio.play().catch(() => undefined);
  };
  const toggle = () => (audio.paused ? start() : audio.pause());

  const drawPlay = () => {
    const text = audio.paused ? play.dataset.play : play.dataset.pause;
    play.setAttribute('aria-label', text);
    const use = play.querySelector('use');
    use.setAttribute('href', use.getAttribute('href').replace(/#.*/, audio.paused ? '#play' : '#pause'));
  };

  /** @param {{from: number, to: number|null}|null} next */
  function setLoop(next) {
    loop = next;
    const text = !loop ? 'from' : loop.to === null ? 'to' : 'off';
    repeat.textContent = repeat.dataset[text];
    repeat.setAttribute('aria-pressed', String(Boolean(loop)));
    wave.selection(loop);
  }
  const nextLoop = () => {
    if (!loop) setLoop({ from: here(), to: null });
    else if (loop.to === null && here() > loop.from + 0.2) setLoop({ from: loop.from, to: here() });
    else setLoop(null);
  };

  play.addEventListener('click', toggle);
  find('back').addEventListener('click', () => go(here() - 10));
  find('forward').addEventListener('click', () => go(here() + 10));
  repeat.addEventListener('click', nextLoop);
  seek.addEventListener('input', () => go(Number(seek.value)));
  speed.addEventListener('change', () => { audio.playbackRate = Number(speed.value); });
  /** @param {number} by */
  const faster = (by) => {
    const next = speed.selectedIndex + by;
    if (next < 0 || next >= speed.options.length) return;
    speed.selectedIndex = next;
    audio.playbackRate = Number(speed.value);
  };

  // Between two reports of the browser, which come four times a second, the word moves on.
  let frame = 0;
  const moved = () => {
    if (loop && loop.to !== null && audio.currentTime >= loop.to) audio.currentTime = loop.from;
    show();
  };
  const tick = () => {
    moved();
    frame = audio.paused ? 0 : requestAnimationFrame(tick);
  };
  audio.addEventListener('play', () => { drawPlay(); if (!frame) tick(); });
  for (const event of ['pause', 'ended']) audio.addEventListener(event, drawPlay);
  // A loop up to the very end goes on too.
  audio.addEventListener('ended', () => { if (loop && loop.to !== null) { audio.currentTime = loop.from; start(); } });
  for (const event of ['seeked', 'loadedmetadata', 'timeupdate']) audio.addEventListener(event, moved);
  const broken = () => { wrong.hidden = false; wrong.textContent = wrong.dataset.text; audio.controls = false; };
  audio.querySelector('source:last-of-type').addEventListener('error', broken);
  audio.addEventListener('error', broken);

  // One channel alone: left and right are parted only when asked for, because from then on sound goes through here.
  /** @type {((only: string) => void)|null} */
  let route = null;
  const router = () => {
    const context = new AudioContext();
    const source = context.createMediaElementSource(audio);
    const splitter = context.createChannelSplitter(2);
    const merger = context.createChannelMerger(2);
    source.connect(splitter);
    merger.connect(context.destination);
    return (/** @type {string} */ only) => {
      context.resume();
      source.disconnect();
      splitter.disconnect();
      if (only === '') return source.connect(context.destination);
      source.connect(splitter);
      for (const side of [0, 1]) splitter.connect(merger, Number(only), side);
      return undefined;
    };
  };
  function solo() {
    const group = find('solo');
    const sides = player.querySelector('.wave')?.getAttribute('data-sides')?.split(' ');
    if (!sides || !group.hidden) return;
    group.hidden = false;
    const names = sides.map((side, at) => group.dataset[side] ?? (at === 0 ? group.dataset.left : group.dataset.right));
    group.querySelector('[data-solo="0"]').textContent = names[0];
    group.querySelector('[data-solo="1"]').textContent = names[1];
    group.addEventListener('click', (event) => {
      const button = /** @type {Element} */ (event.target).closest('button');
      if (!button) return;
      for (const other of group.querySelectorAll('button')) other.setAttribute('aria-pressed', String(other === button));
      route ??= router();
      route(button.dataset.solo);
    });
  }

  follow.addEventListener('click', () => words.follow());
  words.onFollow((on) => { follow.hidden = on; });
  words.onSeek((time) => go(time));

  const jump = () => {
    const time = timeOf(location.hash);
    if (time !== null) { words.follow(); go(time); }
  };
  addEventListener('hashchange', jump);
  // The same link twice is no change of the address.
  document.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest('a[href^="#t="]');
    if (!link) return;
    if (link.getAttribute('href') === location.hash) jump();
    const [first, last] = (link.getAttribute('data-words') ?? '').split('-').map(Number);
    if (Number.isFinite(last)) words.flash(first, last);
  });

  document.body.dataset.ownKeys = 'player';
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || busy(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    const pressing = event.target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(event.target.tagName);
    /** @type {Record<string, () => void>} */
    const keys = {
      k: toggle, j: () => go(here() - 10), l: () => go(here() + 10), r: nextLoop,
      '[': () => faster(-1), ']': () => faster(1), f: () => words.follow(),
    };
    if (!pressing) keys[' '] = toggle;
    keys.ArrowLeft = () => go(here() - 10);
    keys.ArrowRight = () => go(here() + 10);
    const deed = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });

  // What was really played, in seconds of real time; told now and then, and when the page is left.
  let since = 0;
  let played = 0;
  const count = () => {
    const now = performance.now();
    if (since) played += (now - since) / 1000;
    since = !audio.paused && !audio.seeking && audio.readyState > 2 ? now : 0;
  };
  const tell = () => {
    count();
    if (played < 1) return;
    // Rounded down, so that what is told never grows by telling often.
    const seconds = Math.floor(played);
    if (navigator.sendBeacon(`${player.dataset.href}/listened`, new URLSearchParams({ seconds: String(seconds) }))) {
      played -= seconds;
    }
  };
  for (const event of ['playing', 'pause', 'waiting', 'seeking', 'seeked', 'ended', 'stalled']) {
    audio.addEventListener(event, count);
  }
  audio.addEventListener('pause', tell);
  setInterval(() => { if (!audio.paused) tell(); }, 15_000);
  addEventListener('pagehide', tell);
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') tell(); });

  solo();
  drawPlay();
  jump();
  show();
} else {
  const jump = () => {
    const time = timeOf(location.hash);
    if (time !== null) words.at(time, true);
  };
  addEventListener('hashchange', jump);
  jump();
}

// Something is going on with this call: look again, unless somebody is doing something here.
if (document.querySelector('[data-working]')) {
  setInterval(() => {
    const idle = (!audio || audio.paused) && !busy(document.activeElement) && !document.querySelector('details[open]');
    if (idle && document.visibilityState === 'visible') location.reload();
  }, 5_000);
}
