// Comments and highlights: on selected words, on the loop, on this moment. And names while a share is being typed.

/**
 * @param {{now: () => number, loop: () => {from: number, to: number|null}|null,
 *   words: {selected: () => {from: number, to: number, box: DOMRect}|null}}} page
 */
export function remarks(page) {
  const details = /** @type {HTMLDetailsElement|null} */ (document.getElementById('remark'));
  const pop = document.getElementById('pop');
  const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

  /** A time for a form, to the hundredth, so that it names the very word. @param {number} time */
  const text = (time) => {
    const all = Math.floor(time * 100 + 0.5);
    const [h, m, s] = [Math.floor(all / 360_000), Math.floor(all / 6_000) % 60, (all % 6_000) / 100];
    const [whole, rest] = String(s).split('.');
    const seconds = whole.padStart(2, '0') + (rest ? `.${rest}` : '');
    return h ? `${h}:${String(m).padStart(2, '0')}:${seconds}` : `${m}:${seconds}`;
  };

  const kinds = () => {
    const highlight = /** @type {HTMLInputElement|null} */ (details?.querySelector('[value="highlight"]'));
    const until = document.getElementById('until');
    if (until && highlight) until.hidden = !highlight.checked && !field('end').value;
  };

  /** @param {'comment'|'highlight'} kind @param {number} from @param {number} [to] */
  const begin = (kind, from, to) => {
    if (!details) return;
    details.open = true;
    const choice = /** @type {HTMLInputElement} */ (details.querySelector(`[value="${kind}"]`));
    choice.checked = true;
    field('start').value = text(from);
    field('end').value = to === undefined ? '' : text(to);
    kinds();
    if (pop) pop.hidden = true;
    field('text').focus({ preventScroll: true });
    details.scrollIntoView({ block: 'nearest' });
  };

  if (details) {
    details.addEventListener('change', kinds);
    details.addEventListener('toggle', () => {
      if (details.open && field('start').value === '0:00') field('start').value = text(page.now());
    });
    kinds();
    document.addEventListener('keydown', (event) => {
      const typing = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) &&
        /** @type {HTMLInputElement} */ (event.target).type !== 'range';
      if (event.key !== 'c' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]')) return;
      event.preventDefault();
      const selected = page.words.selected();
      const loop = page.loop();
      if (selected) begin('comment', selected.from, selected.to);
      else if (loop && loop.to !== null) begin('highlight', loop.from, loop.to);
      else begin('comment', page.now());
    });
  }

  if (pop) {
    /** @type {{from: number, to: number}|null} */
    let range = null;
    document.addEventListener('selectionchange', () => {
      const selected = page.words.selected();
      range = selected;
      pop.hidden = !selected;
      if (!selected) return;
      const around = pop.offsetParent?.getBoundingClientRect() ?? new DOMRect();
      pop.style.left = `${Math.max(0, Math.min(selected.box.left - around.left, around.width - pop.offsetWidth))}px`;
      // Below what is selected, or above it where the window ends.
      const below = selected.box.bottom + 6;
      // The bar at the bottom of a phone is no room.
      const fits = below + pop.offsetHeight <= innerHeight - 60;
      pop.style.top = `${(fits ? below : selected.box.top - pop.offsetHeight - 6) - around.top}px`;
    });
    // Before the press takes the selection away.
    pop.addEventListener('pointerdown', (event) => event.preventDefault());
    pop.addEventListener('click', (event) => {
      const kind = /** @type {Element} */ (event.target).closest('[data-remark]')?.getAttribute('data-remark');
      if (range && (kind === 'comment' || kind === 'highlight')) begin(kind, range.from, range.to);
    });
  }

  const to = /** @type {HTMLInputElement|null} */ (document.getElementById('to'));
  let waiting = 0;
  to?.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const comma = Math.max(to.value.lastIndexOf(','), to.value.lastIndexOf(';'));
      const before = comma < 0 ? '' : `${to.value.slice(0, comma + 1)} `;
      const part = to.value.slice(comma + 1).trim();
      if (part.length < 2) return;
      const answer = await fetch(`${to.dataset.people}?${new URLSearchParams({ q: part })}`);
      if (!answer.ok) return;
      /** @type {[string, string][]} */
      const people = await answer.json();
      const options = people.map(([name, email]) => {
        const option = document.createElement('option');
        option.value = before + email;
        option.label = name;
        return option;
      });
      document.getElementById('people')?.replaceChildren(...options);
    }, 150);
  });
}
