// The waveform: shows what was played, takes clicks and drags.

/**
 * @param {HTMLElement} place
 * @param {{href: string, length: () => number, go: (time: number) => void,
 *   select: (from: number, to: number) => void, drawn: () => void}} player
 */
export function waveform(place, player) {
  const strip = place.parentElement;
  const part = (/** @type {string} */ id) => place.querySelector(`#${id}`);
  /** Units of the drawing along a time. @param {number} time */
  const along = (time) => Math.min(400, Math.max(0, (time / Math.max(player.length(), 0.001)) * 400));
  const timeAt = (/** @type {PointerEvent} */ event) => {
    const box = place.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * player.length();
  };

  if (!place.querySelector('svg')) {
    // It was never drawn: the server measures it now.
    fetch(player.href)
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
      .then((text) => {
        place.replaceChildren(...new DOMParser().parseFromString(text, 'text/html').body.children);
        player.drawn();
      })
      .catch(() => { place.hidden = true; });
  }

  let from = -1;
  /** @param {PointerEvent} event */
  const drag = (event) => {
    const to = timeAt(event);
    if (from >= 0 && Math.abs(along(to) - along(from)) > 4) player.select(Math.min(from, to), Math.max(from, to));
  };
  place.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = timeAt(event);
    place.setPointerCapture(event.pointerId);
  });
  place.addEventListener('pointermove', drag);
  place.addEventListener('pointerup', (event) => {
    if (from < 0) return;
    const moved = Math.abs(along(timeAt(event)) - along(from)) > 4;
    if (!moved) player.go(timeAt(event));
    from = -1;
  });
  place.addEventListener('pointercancel', () => { from = -1; });
  strip.classList.add('alive');

  return {
    /** Shows how far it is played. @param {number} time */
    at(time) {
      part('played-part')?.setAttribute('width', along(time).toFixed(2));
      part('cursor')?.setAttribute('transform', `translate(${along(time).toFixed(2)} 0)`);
    },
    /** Shows what is looped. @param {{from: number, to: number|null}|null} loop */
    selection(loop) {
      const to = loop ? along(loop.to ?? loop.from) : 0;
      part('selection')?.setAttribute('x', (loop ? along(loop.from) : 0).toFixed(2));
      part('selection')?.setAttribute('width', Math.max(0, loop ? to - along(loop.from) : 0).toFixed(2));
    },
  };
}
