// The note of an invitation, the words of a message to guests: the mail beside it follows what is typed, as the server makes it; another guest or part of
// the mail is shown in place. Whoever goes to another step has the note kept. All of it works without this file, by
// presses that send the whole form.

const WORDS = "textarea, input[type=text]";
const PAUSE = 400; // milliseconds after the last key

const form = document.querySelector("#note-form");
const look = document.querySelector("[data-look]");
let timer = 0;
let turn = 0;
let plain = false; // the next press is the browser's own

// A new frame for each picture, put in place once it is there: no flicker, and nothing for the browser's Back.
function followFrame(frame) {
  const fresh = frame.cloneNode();
  fresh.removeAttribute("src");
  fresh.removeAttribute("loading");
  fresh.name = `mail-${(turn += 1)}`;
  fresh.classList.add("is-coming");
  frame.after(fresh);
  fresh.addEventListener("load", () => {
    if (!fresh.isConnected) return;
    look.querySelectorAll(".mail-frame").forEach((old) => old !== fresh && old.remove());
    fresh.classList.remove("is-coming");
  });
  const typed = document.createElement("form");
  Object.assign(typed, { method: "post", action: frame.dataset.look, target: fresh.name, hidden: true });
  for (const [name, value] of new FormData(form)) {
    const one = document.createElement("input");
    Object.assign(one, { type: "hidden", name, value });
    typed.append(one);
  }
  document.body.append(typed);
  typed.submit();
  typed.remove();
}

async function followText(shown) {
  const now = (turn += 1);
  const answer = await fetch(shown.dataset.text, { method: "POST", body: new FormData(form) });
  const text = await answer.text();
  if (now === turn && answer.ok && !answer.redirected) shown.textContent = text;
}

function follow() {
  const frame = look.querySelector(".mail-frame:not(.is-coming)");
  const text = look.querySelector("[data-text]");
  if (frame) followFrame(frame);
  else if (text) followText(text);
}

// Another guest or part: the note is kept, the page stays where it is.
async function show(button) {
  clearTimeout(timer);
  turn += 1;
  const kept = [...form.querySelectorAll(WORDS)].map((field) => [field, field.value]);
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form, button) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-look]");
  if (!answer.ok || !fresh) {
    plain = true; // too long, changed meanwhile, signed out: the page says so
    form.requestSubmit(button);
    return;
  }
  kept.forEach(([field, words]) => (field.defaultValue = words));
  form.dispatchEvent(new Event("stored", { bubbles: true })); // unsent.js, drafts.js
  const { name, value } = button;
  look.replaceChildren(...fresh.childNodes);
  form.elements.part.value = page.querySelector("#note-form [name=part]").value;
  form.elements.version.value = page.querySelector("#note-form [name=version]").value;
  keptNow(page);
  history.replaceState(null, "", answer.url);
  look.querySelector(`button[name="${name}"][value="${value}"]`)?.focus({ preventScroll: true });
}

// What was kept is nothing that leaving would lose (unsent.js), and no draft of it is needed (drafts.js).
function keptNow(page) {
  form.querySelectorAll(WORDS).forEach((field) => {
    field.defaultValue = page.getElementById(field.id).defaultValue;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// Where nothing is stored (own words with a cancellation, …) a view is only turned to.
function turnTo(button) {
  clearTimeout(timer);
  look.querySelectorAll("button[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
  button.setAttribute("aria-current", "true");
  look.querySelector(".mail-frame:not(.is-coming)").dataset.look = button.formAction;
  follow();
}

function listen() {
  form.addEventListener("input", ({ target }) => {
    if (!target.matches(WORDS)) return;
    clearTimeout(timer);
    timer = setTimeout(follow, PAUSE);
  });
  look.addEventListener("change", ({ target }) => {
    if (target.name === "guest") form.requestSubmit(look.querySelector("button[value=guest]"));
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (event.submitter?.formTarget) {
      event.preventDefault();
      event.stopPropagation();
      turnTo(event.submitter);
      return;
    }
    if (plain || event.submitter?.name !== "look") return;
    event.preventDefault();
    event.stopPropagation();
    show(event.submitter);
  });
  document.querySelectorAll(".steps a").forEach((link) => {
    const next = new URL(link.href).pathname.endsWith("/send") ? "send" : "who";
    link.addEventListener("click", (event) => {
      const button = form.querySelector(`button[name=next][value=${next}]`);
      if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      form.requestSubmit(button);
    });
  });
}

if (form && look) {
  listen();
  // Words that came back, after a mistake or an undo, stand in the mail too.
  const back = "storesNothing" in form.dataset && [...form.querySelectorAll("textarea")].some(({ value }) => value);
  if (back) follow();
}
