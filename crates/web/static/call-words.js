// The transcript: each word knows its time. Words of turns near the screen become elements; the rest stays text, so
// that two hours are as quick as two minutes.

/** @param {HTMLElement|null} place */
export function follower(place) {
  const data = JSON.parse(document.getElementById('times')?.textContent ?? '{"starts":[],"tokens":{}}');
  /** When each word begins, in seconds. @type {Float64Array} */
  const starts = new Float64Array(data.starts.length);
  data.starts.reduce((/** @type {number} */ sum, /** @type {number} */ step, /** @type {number} */ at) => {
    starts[at] = (sum + step) / 100;
    return sum + step;
  }, 0);
  /** @type {HTMLElement[]} */
  const turns = [...(place?.querySelectorAll('.turn') ?? [])].map((it) => /** @type {HTMLElement} */ (it));
  const firsts = turns.map((turn) => Number(turn.dataset.w));
  const made = new Set();
  /** @type {(on: boolean) => void} */
  let told = () => undefined;
  /** @type {(time: number) => void} */
  let seek = () => undefined;
  let following = true;
  let word = -1;
  let turn = -1;
  /** @type {Element[]} */
  let lit = [];

  /** The last place in a sorted list that is not after a value. @param {ArrayLike<number>} list @param {number} value */
  const last = (list, value) => {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  /** Makes elements of the words of a turn. @param {number} at */
  const make = (at) => {
    if (at < 0 || made.has(at)) return;
    made.add(at);
    let index = firsts[at];
    let left = data.tokens[index] ?? 1;
    const walker = document.createTreeWalker(turns[at].querySelector('p'), NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
    for (const text of texts) {
      const parts = document.createDocumentFragment();
      for (const piece of text.data.split(/(\s+)/)) {
        if (!piece) continue;
        if (!piece.trim()) { parts.append(piece); continue; }
        while (left === 0) left = data.tokens[(index += 1)] ?? 1;
        const span = document.createElement('span');
        span.dataset.w = String(index);
        span.textContent = piece;
        parts.append(span);
        left -= 1;
      }
      text.replaceWith(parts);
    }
  };

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) make(turns.indexOf(/** @type {HTMLElement} */ (entry.target)));
  }, { rootMargin: '400px' });
  for (const it of turns) near.observe(it);

  /** @param {number} index */
  const spans = (index) => [...(place?.querySelectorAll(`span[data-w="${index}"]`) ?? [])];

  /** Where a turn should be seen: below what sticks to the top. */
  const show = () => {
    const it = turns[turn];
    if (!it) return;
    const player = document.getElementById('player')?.getBoundingClientRect();
    const top = Math.max(60, player ? player.bottom : 0) + 12;
    const box = it.getBoundingClientRect();
    const mark = spans(word)[0]?.getBoundingClientRect() ?? box;
    const bottom = innerHeight - 60;
    if (mark.top < top || mark.bottom > bottom) scrollBy({ top: mark.top - top - (bottom - top) / 3, behavior: 'instant' });
  };

  /** @param {boolean} on */
  const set = (on) => {
    if (on !== following) { following = on; told(on); }
  };
  // Only what people do by hand ends the following.
  for (const event of ['wheel', 'touchmove']) addEventListener(event, () => set(false), { passive: true });
  addEventListener('keydown', (event) => {
    if (/^(PageUp|PageDown|Home|End|ArrowUp|ArrowDown)$/.test(event.key) && !(event.target instanceof HTMLInputElement)) set(false);
  });
  addEventListener('pointerdown', (event) => {
    if (event.clientX >= document.documentElement.clientWidth) set(false);
  });

  place?.addEventListener('click', (event) => {
    const span = /** @type {Element} */ (event.target).closest('[data-w]');
    const selected = getSelection()?.toString();
    if (span instanceof HTMLSpanElement && !selected) seek(starts[Number(span.dataset.w)]);
  });

  return {
    /** Underlines the word of a time. @param {number} time @param {boolean} [jump] */
    at(time, jump) {
      const next = last(starts, time + 0.02);
      if (next === word && !jump) return;
      word = next;
      for (const span of lit) span.classList.remove('now');
      const now = last(firsts, Math.max(0, word));
      if (now !== turn) {
        turns[turn]?.removeAttribute('aria-current');
        turn = now;
      }
      make(turn);
      lit = word < 0 ? [] : spans(word);
      for (const span of lit) span.classList.add('now');
      if (word >= 0) turns[turn]?.setAttribute('aria-current', 'true');
      if ((following || jump) && (time > 0 || jump)) show();
    },
    follow() { set(true); show(); },
    /** @param {(on: boolean) => void} tell */
    onFollow(tell) { told = tell; },
    /** @param {(time: number) => void} go */
    onSeek(go) { seek = go; },
    /** Shows some words for a moment. @param {number} from @param {number} to */
    flash(from, to) {
      for (let at = last(firsts, from); at >= 0 && at < turns.length && firsts[at] <= to; at += 1) make(at);
      for (let at = from; at <= to && at < starts.length; at += 1) {
        for (const span of spans(at)) {
          span.classList.add('flash');
          setTimeout(() => span.classList.remove('flash'), 2_000);
        }
      }
    },
    /** First and last time of what is selected in the transcript; the end is where the next word begins. */
    selected() {
      const selection = getSelection();
      if (!selection || selection.isCollapsed || !place || !selection.rangeCount) return null;
      const range = selection.getRangeAt(0);
      if (!place.contains(range.commonAncestorContainer)) return null;
      const inside = [...place.querySelectorAll('span[data-w]')].filter((span) => range.intersectsNode(span));
      if (!inside.length) return null;
      const index = (/** @type {Element} */ span) => Number(/** @type {HTMLElement} */ (span).dataset.w);
      const [one, two] = [index(inside[0]), index(inside[inside.length - 1])];
      return { from: starts[one], to: two + 1 < starts.length ? starts[two + 1] : starts[two] + 1, box: range.getBoundingClientRect() };
    },
  };
}
