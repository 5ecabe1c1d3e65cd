// Comfort on top of pages that work without it: keys, one press per form, focus on errors.
// Every part stands alone, so that a failure in one leaves the page as the server made it.

import { countDown } from "./undo.js";
import { anythingUnsent } from "./unsent.js";

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

function focusErrors() {
  document.querySelector("#error-summary")?.focus();
}

// A second press of the same button within a moment is ignored; the server's idempotency key is the real guard.
function guardDoubleSubmit() {
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]") || event.defaultPrevented) return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    event.submitter?.setAttribute("aria-disabled", "true");
    setTimeout(() => release(form), 8000);
  });
  const release = (form) => {
    sent.delete(form);
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  };
  // Back from the next page: the browser may show this page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-once]").forEach(release);
  });
}

function submitOnChoice() {
  document.querySelectorAll("select[data-submit]").forEach((select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
  });
}

// Rows under j and k; Enter opens the row's first link, as it is focused.
function moveOverRows(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.classList.contains("chosen"));
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[at]?.classList.remove("chosen");
  rows[next].classList.add("chosen");
  rows[next].querySelector("a, button")?.focus({ preventScroll: true });
  rows[next].scrollIntoView({ block: "nearest" });
}

// "/" takes what the page searches in, else the search over everything; Ctrl-K always takes the latter. Tells whether
// there was any: public pages have none, and leave the keys to the browser. A reader's focus says where one is.
const boxOfAll = () => document.querySelector("form.search-form input[type=search]");

function goToSearch(box) {
  if (box) {
    box.focus();
    box.select();
    return true;
  }
  const link = document.querySelector('a[data-key="/"]');
  link?.click();
  return link !== null;
}

const asksForAll = (event) =>
  (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";

function showKeys() {
  const dialog = document.querySelector("dialog#keys");
  dialog?.showModal();
  return dialog !== null;
}

// The link to them is of no use without this file, so it is hidden until here.
function offerKeys() {
  const dialog = document.querySelector("dialog#keys");
  document.querySelectorAll("[data-keys]").forEach((link) => {
    link.hidden = false;
    link.addEventListener("click", showKeys);
  });
  // Beside the list, on what it covers, is out of it.
  dialog?.addEventListener("click", ({ target }) => {
    if (target === dialog || target.matches("[data-close]")) dialog.close();
  });
}

function follow(key) {
  if (key === "j") moveOverRows(1);
  else if (key === "k") moveOverRows(-1);
  else if (key === "/") return goToSearch(document.querySelector("main input[type=search]"));
  else if (key === "?") return showKeys();
  else if (key === "n") document.querySelector('main [data-key="n"]')?.click();
  else return false;
  return true;
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const plain = !(event.ctrlKey || event.metaKey || event.altKey);
    const done = asksForAll(event) ? goToSearch(boxOfAll()) : plain && follow(event.key);
    if (done) event.preventDefault();
  });
}

// While mail is on its way (<main data-waiting>), the page is asked for again, less and less often, and its content
// put in place: where one has scrolled to stays, and so does the quiet line that says what was done.
const PAUSES = [3, 5, 10, 20, 20, 20]; // seconds

function followMail() {
  const main = document.querySelector("main");
  let opened = openParts();
  const busy = () =>
    document.hidden ||
    anythingUnsent() ||
    typing(document.activeElement) ||
    main.querySelector("#guest-form input:checked") !== null ||
    (main !== document.activeElement && main.contains(document.activeElement)) ||
    openParts() !== opened ||
    !getSelection().isCollapsed;

  async function ask(turn) {
    if (busy()) return wait(turn);
    const page = await pageNow();
    const fresh = page?.querySelector("main");
    if (page && !fresh) return;
    // Somebody began to do something while the answer came, or there was none: later.
    if (!fresh || busy()) return wait(turn + 1);
    const said = main.querySelector(".toasts");
    main.replaceChildren(...fresh.childNodes);
    if (said && !main.querySelector(".toasts")) main.prepend(said);
    main.toggleAttribute("data-waiting", fresh.hasAttribute("data-waiting"));
    opened = openParts();
    submitOnChoice();
    wait(turn + 1);
  }

  function wait(turn) {
    if (turn < PAUSES.length && main.hasAttribute("data-waiting")) {
      setTimeout(() => ask(turn), PAUSES[turn] * 1000);
    }
  }

  wait(0);
}

// Some parts are open from the start; only one that a reader opened or closed is not to be taken away.
function openParts() {
  return [...document.querySelectorAll("details")].map((part) => (part.open ? "1" : "0")).join("");
}

// The page as it is now; an empty one if it has moved (signed out meanwhile), null if there was no answer.
async function pageNow() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    const gone = answer.redirected || !answer.ok;
    return new DOMParser().parseFromString(gone ? "" : await answer.text(), "text/html");
  } catch {
    return null;
  }
}

[focusErrors, guardDoubleSubmit, submitOnChoice, listenToKeys, offerKeys, followMail, countDown].forEach((part) => {
  try {
    part();
  } catch (error) {
    console.error(error);
  }
});
