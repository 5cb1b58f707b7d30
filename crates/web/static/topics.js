// Topics: what a draft would find is shown while it is typed, and how far matching has come is kept fresh. Without this
// script the Preview button and a reload do the same.

/** Pause after the last key, in milliseconds. */
const PAUSE = 400;

/** @param {HTMLFormElement} form @param {HTMLElement} shown */
const preview = (form, shown) => {
  let timer = 0;
  let asked = '';
  /** @type {AbortController|undefined} */
  let under;
  const ask = async () => {
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    fields.delete('name');
    fields.delete('active');
    fields.set('fragment', '1');
    if (fields.toString() === asked) return;
    asked = fields.toString();
    under?.abort();
    under = new AbortController();
    const { signal } = under;
    shown.setAttribute('aria-busy', 'true');
    try {
      const answer = await fetch(form.dataset.preview ?? '', { method: 'POST', body: fields, signal });
      if (answer.ok) shown.innerHTML = await answer.text();
    } catch {
      asked = signal.aborted ? asked : '';
    }
    if (!signal.aborted) shown.removeAttribute('aria-busy');
  };
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  const phrases = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem('phrases'));
  if (phrases.value.trim() && !shown.querySelector('.lines, .found')) ask();
};

const form = document.querySelector('form[data-preview]');
const shown = document.getElementById('preview');
if (form instanceof HTMLFormElement && shown) preview(form, shown);

/** Fetches the fragment every two seconds while it says something, then shows the new results. */
const poll = document.querySelector('[data-poll]');
if (poll instanceof HTMLElement && poll.textContent?.trim()) {
  const timer = setInterval(async () => {
    const answer = await fetch(poll.dataset.poll ?? '').catch(() => undefined);
    if (!answer?.ok) return;
    const text = (await answer.text()).trim();
    if (text) {
      poll.innerHTML = text;
    } else {
      clearInterval(timer);
      location.reload();
    }
  }, 2000);
}
