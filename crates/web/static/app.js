// What every page has: the zone, the theme, dialogs, keys. Pages work without it.

/** Remembers a choice for a year, for the server to see. @param {string} name @param {string} value */
const remember = (name, value) => {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`;
};

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split('; ').includes(`tz=${encodeURIComponent(zone)}`)) remember('tz', zone);

// Pages for strangers and errors are made without knowing the choice.
const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
if (chosen) document.documentElement.dataset.theme = chosen[1];

for (const button of document.querySelectorAll('[data-theme-choice]')) {
  const choice = button.getAttribute('data-theme-choice');
  const show = () => button.setAttribute('aria-pressed', String(document.documentElement.dataset.theme === choice));
  show();
  button.addEventListener('click', () => {
    remember('theme', choice);
    document.documentElement.dataset.theme = choice;
    document.querySelectorAll('[data-theme-choice]').forEach((other) => {
      other.setAttribute('aria-pressed', String(other === button));
    });
  });
}

// <button data-open="id"> opens the dialog with that id.
document.addEventListener('click', (event) => {
  const opener = /** @type {Element} */ (event.target).closest('[data-open]');
  const dialog = opener && document.getElementById(opener.getAttribute('data-open'));
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
});

// <form data-confirm="words"> asks before it is sent.
document.addEventListener('submit', (event) => {
  const words = /** @type {HTMLFormElement} */ (event.target).dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});

// <button data-copy="id"> copies what the element with that id says.
document.addEventListener('click', async (event) => {
  const button = /** @type {Element} */ (event.target).closest('[data-copy]');
  const source = button && document.getElementById(button.getAttribute('data-copy'));
  if (source) await navigator.clipboard?.writeText(source.textContent.trim());
});

/** Whether keys belong to what is being typed. @param {EventTarget|null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Moves along the rows of the list. @param {number} by */
const step = (by) => {
  const rows = [...document.querySelectorAll('table.list tbody tr:not(.words)')];
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.hasAttribute('data-here'));
  const next = Math.min(rows.length - 1, Math.max(0, at + by));
  rows.forEach((row, n) => row.toggleAttribute('data-here', n === next));
  const link = /** @type {HTMLElement|null} */ (rows[next].querySelector('a, button'));
  (link ?? rows[next]).focus?.();
  rows[next].scrollIntoView({ block: 'nearest' });
};

/** Where a key leads after `g`: only where the navigation leads too. @param {string} key */
const leads = (key) =>
  [...document.querySelectorAll('nav.side a[data-go]')].find((link) => /** @type {HTMLElement} */ (link).dataset.go === key);
let going = 0;

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === 'Escape') /** @type {HTMLElement} */ (event.target).blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const place = going && Date.now() - going < 1500 ? leads(event.key) : undefined;
  if (place) {
    going = 0;
    location.assign(/** @type {HTMLAnchorElement} */ (place).href);
    return;
  }
  going = 0;
  if (event.key === '/') {
    const find = /** @type {HTMLElement|null} */ (document.querySelector('[data-key="/"]'));
    if (find) { event.preventDefault(); find.focus(); }
  } else if (event.key === '?') {
    /** @type {HTMLDialogElement|null} */ (document.getElementById('keys'))?.showModal();
  } else if (event.key === 'g') {
    going = Date.now();
  } else if ((event.key === 'j' || event.key === 'k') && !document.body.dataset.ownKeys) {
    step(event.key === 'j' ? 1 : -1);
  } else if (event.key === 'Escape' && document.referrer.startsWith(location.origin) && document.body.dataset.back) {
    history.back();
  }
});
