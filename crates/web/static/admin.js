// Administration: says that something was copied, and follows the check of the audit trail to its end.

const copied = document.getElementById('copied');
document.addEventListener('click', (event) => {
  if (copied && /** @type {Element} */ (event.target).closest('[data-copy]')) {
    copied.textContent = copied.dataset.words ?? '';
  }
});

/** Shows the next step of the check in place of this one, until there is none. Without it, the link is there. */
const goOn = async () => {
  const check = document.getElementById('check');
  let link = /** @type {HTMLAnchorElement|null} */ (check?.querySelector('a[data-go-on]') ?? null);
  while (check && link) {
    const answer = await fetch(link.href, { headers: { accept: 'text/html' } });
    if (!answer.ok || answer.redirected) return;
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('check');
    if (!next) return;
    check.replaceChildren(...next.childNodes);
    link = check.querySelector('a[data-go-on]');
  }
};
goOn().catch(() => { /* The link is still there. */ });
