// Parts of a live page: what has changed is put in its place, everything else stays, so that nobody loses the focus or
// misses a button. Timers count on by themselves.

const live = /** @type {HTMLElement} */ (document.getElementById('live'));

/** Seconds as on a clock. @param {number} all */
const clock = (all) => {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
};

/** When what a timer counts began. @type {WeakMap<Element, number>} */
const began = new WeakMap();
export const tick = () => {
  for (const timer of live.querySelectorAll('.timer')) {
    if (!began.has(timer)) began.set(timer, performance.now() - Number(timer.getAttribute('data-secs')) * 1000);
    const text = clock(Math.max(0, Math.floor((performance.now() - (began.get(timer) ?? 0)) / 1000)));
    if (timer.textContent !== text) timer.textContent = text;
  }
};

/** A part as it would be without what moves by itself. @param {Element} part */
const still = (part) => {
  const copy = /** @type {Element} */ (part.cloneNode(true));
  for (const timer of copy.querySelectorAll('.timer')) { timer.textContent = ''; timer.removeAttribute('data-secs'); }
  for (const level of copy.querySelectorAll('[data-level]')) level.replaceWith('');
  for (const volatile of copy.querySelectorAll('[data-volatile]')) volatile.textContent = '';
  return copy.outerHTML;
};

/** What a part looked like when it came. @type {WeakMap<Element, string>} */
const looks = new WeakMap();

/** Makes the parts of `old` those of `fresh`: what is alike stays where it is. @param {Element} old @param {Element} fresh */
const merge = (old, fresh) => {
  const parts = new Map([...old.children].map((it) => [it.getAttribute('data-part'), it]));
  let at = old.firstElementChild;
  for (const next of [...fresh.children]) {
    const known = parts.get(next.getAttribute('data-part'));
    parts.delete(next.getAttribute('data-part'));
    let stays = next;
    if (known && known.matches('[data-tiles]')) {
      merge(known, next);
      stays = known;
    } else if (known && (looks.get(known) ?? still(known)) === still(next)) {
      // Timers go on; they are set right should the server think otherwise.
      const timers = next.querySelectorAll('.timer');
      known.querySelectorAll('.timer').forEach((timer, n) => {
        began.set(timer, performance.now() - Number(timers[n]?.getAttribute('data-secs')) * 1000);
      });
      const told = next.querySelectorAll('[data-volatile]');
      known.querySelectorAll('[data-volatile]').forEach((it, n) => { it.textContent = told[n]?.textContent ?? ''; });
      stays = known;
    } else if (known && known.matches('[role="status"]')) {
      // What is read aloud is a change inside of what was there.
      known.replaceChildren(...next.childNodes);
      looks.set(known, still(known));
      stays = known;
    } else {
      looks.set(next, still(next));
      if (known) { if (at === known) at = known.nextElementSibling; known.replaceWith(next); }
    }
    if (stays === at) at = stays.nextElementSibling;
    else if (stays.nextElementSibling !== at || stays.parentElement !== old) old.insertBefore(stays, at);
  }
  parts.forEach((gone) => gone.remove());
};

/** What has the focus, so that it is found again in what takes its place. */
const focused = () => {
  const it = document.activeElement;
  if (!(it instanceof HTMLElement) || !live.contains(it)) return () => {};
  const part = it.closest('[data-part]')?.getAttribute('data-part');
  const value = it.getAttribute('value');
  return () => {
    if (document.activeElement === it && it.isConnected) return;
    const same = [...live.querySelectorAll('[data-part]')].find((other) => other.getAttribute('data-part') === part);
    const button = value && same ? same.querySelector(`button[value="${CSS.escape(value)}"]:not(:disabled)`) : null;
    // Nothing that does something else under the next key: the part itself, which says what is.
    const next = it.isConnected ? it : button ?? (same?.matches('[tabindex]') ? same : document.getElementById('content'));
    /** @type {HTMLElement} */ (next).focus({ preventScroll: true });
  };
};

/** Puts what the server says in place of what was. @param {string} text */
export const put = (text) => {
  const fresh = document.createElement('div');
  fresh.innerHTML = text;
  const back = focused();
  merge(live, fresh);
  back();
  tick();
};
