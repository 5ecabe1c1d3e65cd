// Long texts that were not sent stay in this browser, for the person who typed them, and are offered when their form is
// opened again: never put in unasked. They go when the form was stored, when somebody logs out or another person logs
// in, and after a week. Fields marked data-private are left alone.

import { addressOf, before, guardedForms, isGuarded, storedAddresses } from "./unsent.js";

const PREFIX = "pop-draft ";
const LOGGED_OUT = "pop-logged-out";
const LONGEST = 7 * 24 * 3600 * 1000; // milliseconds
const FEWEST = 20; // letters worth keeping
const PAUSE = 800; // milliseconds after the last key

const bar = document.querySelector("template#draft-bar");
const own = `${PREFIX}${bar?.dataset.person} `;
const keyOf = (form) => own + addressOf(form);
const texts = (form) => [...form.querySelectorAll("textarea[name]:not([readonly], [data-private])")];
const undecided = new WeakMap(); // drafts that a form offers, so that typing on does not replace them
const changed = new Set(); // forms to be looked at after a pause
let timer = 0;
let off = false;

function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return Date.now() - draft.at < LONGEST && typeof draft.fields === "object" ? draft : null;
  } catch {
    return null;
  }
}

function write(key, draft) {
  try {
    localStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // no room: the warning on leaving is left
  }
}

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

function clearOut() {
  keys()
    .filter((key) => !key.startsWith(own) || !read(key))
    .forEach((key) => localStorage.removeItem(key));
  storedAddresses.forEach((address) => localStorage.removeItem(own + address));
}

function keep(form) {
  const fields = {};
  for (const field of texts(form)) {
    const words = field.value;
    const typed = words.trim();
    if (typed.length >= FEWEST && typed !== before(field).trim()) fields[field.name] = { words, over: before(field) };
  }
  const older = undecided.get(form) && { ...undecided.get(form), older: undefined };
  if (Object.keys(fields).length) write(keyOf(form), { at: Date.now(), fields, older });
  else if (older) write(keyOf(form), older);
  else localStorage.removeItem(keyOf(form));
}

function keepChanged() {
  clearTimeout(timer);
  if (!off) changed.forEach(keep);
  changed.clear();
}

// The fields whose words of the draft are not what stands there already.
const missing = (form, draft) =>
  texts(form).filter((field) => field.name in draft.fields && draft.fields[field.name].words !== field.value);

function offer(form, draft) {
  if (!draft || missing(form, draft).length === 0) return;
  undecided.set(form, draft);
  const shown = bar.content.cloneNode(true).firstElementChild;
  const step = (name) => {
    shown.querySelectorAll("[data-step]").forEach((part) => (part.hidden = part.dataset.step !== name));
    shown.querySelector(`[data-step=${name}] button`).focus();
  };
  sayWhen(shown, new Date(draft.at));
  shown.querySelector("[data-changed]").hidden = missing(form, draft).every(
    (field) => draft.fields[field.name].over === before(field),
  );
  shown.addEventListener("click", ({ target }) => {
    if (target.matches("[data-bring]")) bring(form, draft, step);
    else if (target.matches("[data-drop]")) drop(form, draft, step);
    else if (target.matches("[data-undo]")) undo(form, draft);
  });
  form.prepend(shown);
}

// In the time of Albania, as the service writes all times.
function sayWhen(shown, then) {
  const said = (when, parts) => when.toLocaleString("en-GB", { timeZone: "Europe/Tirane", ...parts });
  const day = (when) => said(when, { day: "2-digit", month: "2-digit", year: "numeric" }).replaceAll("/", ".");
  const today = day(then) === day(new Date());
  shown.querySelector("[data-today]").hidden = !today;
  shown.querySelector("[data-earlier]").hidden = today;
  shown.querySelector("[data-day]").textContent = day(then);
  shown.querySelectorAll("[data-hour]").forEach((place) => {
    place.textContent = said(then, { hour: "2-digit", minute: "2-digit" });
  });
}

let replaced = []; // what stood in the fields before a draft was brought back

function put(field, words) {
  field.value = words;
  field.dispatchEvent(new Event("input", { bubbles: true })); // previews follow
}

function bring(form, draft, step) {
  undecided.delete(form);
  replaced = missing(form, draft).map((field) => [field, field.value]);
  replaced.forEach(([field]) => put(field, draft.fields[field.name].words));
  step("brought");
  offer(form, draft.older);
}

function drop(form, draft, step) {
  undecided.delete(form);
  replaced = [];
  if (draft.older) undecided.set(form, draft.older);
  keep(form); // what was typed since, or nothing
  step("dropped");
  offer(form, draft.older);
}

function undo(form, draft) {
  replaced.forEach(([field, words]) => put(field, words));
  write(keyOf(form), draft);
  form.querySelectorAll(".draft-bar").forEach((old) => old.remove());
  offer(form, draft);
  form.querySelector("[data-bring]")?.focus();
}

function listen() {
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("main textarea") || !target.form || !isGuarded(target.form)) return;
    changed.add(target.form);
    clearTimeout(timer);
    timer = setTimeout(keepChanged, PAUSE);
  });
  document.addEventListener("visibilitychange", keepChanged);
  document.addEventListener("stored", ({ target }) => {
    changed.delete(target);
    keep(target);
  });
  // Logging out, here or in another tab, ends it for this page; what is on the screen stays there.
  let leaving = false;
  window.addEventListener("submit", (event) => {
    leaving = !event.defaultPrevented && event.target.matches("form[data-log-out]");
  });
  window.addEventListener("pagehide", () => {
    if (!leaving) return keepChanged();
    off = true;
    keys().forEach((key) => localStorage.removeItem(key));
    localStorage.setItem(LOGGED_OUT, String(Date.now()));
  });
  window.addEventListener("storage", (event) => {
    if (event.key === LOGGED_OUT) off = true;
  });
}

if (bar) {
  clearOut();
  listen();
  guardedForms().forEach((form) => offer(form, read(keyOf(form))));
}
