// A live call: how loud everybody is, some times a second. Without this script the page says how it was when it came.

const live = /** @type {HTMLElement} */ (document.getElementById('live'));
const calm = matchMedia('(prefers-reduced-motion: reduce)');
/** From this level on somebody speaks. */
const SPEAKS = 25;
/** Between two movements for those who want little of it, in milliseconds. */
const CALM = 1000;

let shown = 0;
/** @param {Record<string, number>} levels */
const show = (levels) => {
  if (calm.matches && performance.now() - shown < CALM) return;
  shown = performance.now();
  for (const meter of live.querySelectorAll('[data-level]')) {
    const level = levels[meter.getAttribute('data-level') ?? ''] ?? 0;
    const words = (level >= SPEAKS ? meter.getAttribute('data-speaks') : meter.getAttribute('data-silent')) ?? '';
    meter.setAttribute('aria-valuenow', String(level));
    if (meter.getAttribute('aria-valuetext') !== words) {
      meter.setAttribute('aria-valuetext', words);
      const text = meter.querySelector('.words');
      if (text) text.textContent = words;
    }
    meter.querySelector('.bar')?.setAttribute('width', String(level));
  }
};

/** @type {EventSource | undefined} */
let source;
const listen = () => {
  if (document.hidden || !live.querySelector('[data-level]')) { source?.close(); source = undefined; return; }
  if (source) return;
  source = new EventSource(live.dataset.levels ?? '');
  source.addEventListener('message', (event) => show(JSON.parse(event.data)));
  // The call is over, or may not be seen any more.
  source.addEventListener('over', () => { source?.close(); });
};
document.addEventListener('visibilitychange', listen);
listen();
