// What was typed into a form and not sent: leaving the page asks first. Ticks and choices are made again in a moment and
// do not count, nor does what is searched for, what was put back to what it was, or a form with a password.

const TYPED = `input:not([type=hidden], [type=search], [type=checkbox], [type=radio], [type=submit], [type=button],
  [type=password]), textarea`;
const SENT = "pop-sent";

const typedHere = new WeakSet(); // fields somebody typed into since the page was shown
const stored = new WeakMap(); // what stood in a field before, where the page shows what was typed last time
let sending = null;
let handedOn = null; // address of the form whose words stand in another one now (sent_before.py)

export const isGuarded = (form) =>
  form.matches("main form[method=post]:not([data-unguarded])") && !form.querySelector("input[type=password]");
export const guardedForms = () => [...document.querySelectorAll("main form")].filter(isGuarded);

// Where a form goes to says which it is, also when it comes back with mistakes at another address.
export function addressOf(form) {
  const { pathname, search } = new URL(form.getAttribute("action") ?? "", location.href);
  return pathname + search;
}

export const before = (field) => stored.get(field) ?? (field.type === "file" ? "" : field.defaultValue);
const typedFields = (form) => [...form.elements].filter((field) => field.matches(TYPED) && !field.readOnly);
const isUnsent = (form) =>
  typedFields(form).some((field) => typedHere.has(field) && field.value.trim() !== before(field).trim());

const atDesk = () => document.querySelector("#draft-bar") !== null;

// Whether something would be lost if the page went away now.
export const anythingUnsent = () => guardedForms().some((form) => form !== sending && isUnsent(form));

// A press is remembered over the next page, which tells how it went: what was stored leads on by a redirect.
function rememberSending(form) {
  if (!atDesk()) return;
  const fields = typedFields(form).map((field) => [field.name, before(field)]);
  try {
    const addresses = [addressOf(form), handedOn].filter(Boolean);
    sessionStorage.setItem(SENT, JSON.stringify({ addresses, fields }));
  } catch {
    // no room, or storage is switched off: the next page does not know, and keeps what there is
  }
}

function lastSent() {
  try {
    return JSON.parse(sessionStorage.getItem(SENT));
  } catch {
    return null;
  }
}

// The addresses of forms whose words were stored by the press before this page, if any were. A page outside the
// desk is one to log in: whatever comes after it says nothing about the press before it.
function howItWent() {
  const sent = lastSent();
  if (!sent) return [];
  const shown = guardedForms().find((form) => addressOf(form) === sent.addresses[0]);
  const other = guardedForms().find((form) => form.matches(".kept-notice + form"));
  const refused =
    performance.getEntriesByType("navigation")[0]?.redirectCount === 0 ||
    document.querySelector("#error-summary") !== null;
  if (refused && other && !shown) {
    typedFields(other).forEach((field) => showUnsaved(field, [field.name, ""]));
    handedOn = sent.addresses[0];
  } else if (refused && shown) typedFields(shown).forEach((field, at) => showUnsaved(field, sent.fields[at]));
  else if (!atDesk()) {
    sessionStorage.setItem(SENT, JSON.stringify({ ...sent, unclear: true }));
    return [];
  }
  sessionStorage.removeItem(SENT);
  return refused || sent.unclear ? [] : sent.addresses;
}

function showUnsaved(field, known) {
  if (known?.[0] !== field.name || known[1] === field.value) return;
  stored.set(field, known[1]);
  typedHere.add(field);
}

export const storedAddresses = howItWent();

// A form whose words were stored without leaving the page; its fields say so by their defaults.
document.addEventListener("stored", ({ target }) => typedFields(target).forEach((field) => stored.delete(field)));
document.addEventListener("input", ({ target }) => typedHere.add(target));
window.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !isGuarded(event.target)) return;
  sending = event.target;
  rememberKey(sending);
  rememberSending(sending);
  setTimeout(() => (sending = null), 8000); // nothing came of it
});
window.addEventListener("beforeunload", (event) => {
  if (anythingUnsent()) event.preventDefault();
});
// Back to the page as it was left: what was sent is sent.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted || !sending) return;
  typedFields(sending).forEach((field) => typedHere.delete(field));
  sending = null;
});

// A form carries a key against being stored twice. The place in the browser's history remembers the one it was sent
// with: Back may load the page afresh, and what is sent from there is the same form all the same.
function keepKeys() {
  const known = history.state?.once ?? {};
  for (const form of guardedForms()) {
    const key = form.querySelector("input[name=once]");
    if (key && known[addressOf(form)]) key.value = known[addressOf(form)];
  }
}

function rememberKey(form) {
  const key = form.querySelector("input[name=once]")?.value;
  if (!key) return;
  const once = { ...history.state?.once, [addressOf(form)]: key };
  history.replaceState({ ...history.state, once }, "");
}

keepKeys();
