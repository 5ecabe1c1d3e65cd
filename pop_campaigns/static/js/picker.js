// The picker of guests, recipients and members, live: results as one types, ticks apart at once, addresses saved in
// place. Every part asks the same page that works without this file, and takes from it what has changed.

const PAUSE = 200; // milliseconds after the last key
const FEWEST = 3; // letters worth a search
const PLACE = ["q", "at", "chosen"];
const OURS = [...PLACE, "guest"];
const STAYS = /^(search|all|clear|page-|list-|group-|address-)/;

const form = document.querySelector("#pick-guests");
const box = form?.querySelector("#q");
const results = form?.querySelector("[data-results]");
const chosen = form?.querySelector("[data-chosen]");
const said = form?.querySelector("[data-found]");
let timer = 0;
let asking = null;
let plain = false; // the next press is the browser's own
let page = 1;
let byMouse = false;

const boxes = (part) => [...part.querySelectorAll("input[name=guest]")];
const typed = () => box.value.trim();
const filled = (words, number) => words.replace("%s", String(number));

// The address of the page as it is now; what else stands in it (whom a list is looked at for) stays.
function address() {
  const query = new URLSearchParams(location.search);
  OURS.forEach((name) => query.delete(name));
  if (typed()) query.set("q", typed());
  if (page > 1) query.set("at", String(page));
  const short = boxes(chosen).map((tick) => {
    const [kind, number] = tick.value.split("-");
    return kind[0] + number + (form.elements[`language-${tick.value}`]?.value ?? "");
  });
  if (short.length) query.set("chosen", short.join("."));
  return [form.getAttribute("action"), query.toString()].filter(Boolean).join("?");
}

// The page an address or a press gives; null if something newer was asked meanwhile.
async function ask(url, options = {}) {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(url, { ...options, signal: asking.signal, headers: { Accept: "text/html" } });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { found, url: answer.url, fits: found.querySelector("#pick-guests [data-results]") !== null };
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return null;
  }
}

// The page's address says where one is; so do the other forms of the page and the links to the other steps, which come
// back with it.
function keep(url) {
  history.replaceState(null, "", url);
  const query = new URL(url, location.href).searchParams;
  document.querySelectorAll("input[data-place]").forEach((one) => {
    one.value = query.get(one.name) ?? "";
  });
  document.querySelectorAll("a[data-place]").forEach((one) => {
    const to = new URL(one.href);
    PLACE.forEach((name) => (query.get(name) ? to.searchParams.set(name, query.get(name)) : to.searchParams.delete(name)));
    one.href = to.href;
  });
  document.querySelectorAll("a[data-back]").forEach((one) => {
    const to = new URL(one.href);
    to.searchParams.set("back", location.pathname + location.search);
    one.href = to.href;
  });
}

function take(found, ...parts) {
  for (const part of parts) {
    const fresh = found.querySelector(`#pick-guests [${part}]`);
    const shown = form.querySelector(`[${part}]`);
    shown.replaceChildren(...fresh.childNodes);
    if (part === "data-results") {
      shown.dataset.number = fresh.dataset.number;
      shown.toggleAttribute("data-counted", fresh.hasAttribute("data-counted"));
    }
  }
  count();
}

async function search() {
  const url = address();
  const answer = await ask(url);
  if (!answer) return;
  if (!answer.fits) return location.assign(url); // signed out meanwhile: the page says so
  if (url !== address()) return search(); // something was ticked or typed meanwhile
  take(answer.found, "data-results", "data-found");
  keep(url);
}

// Any other press that stays on the page: sent as the form would send it, ticks and all.
async function press(button) {
  const answer = await ask(form.getAttribute("action"), { method: "POST", body: new FormData(form, button) });
  if (!answer) return;
  if (!answer.fits) {
    plain = true;
    return form.requestSubmit(button);
  }
  const main = document.querySelector("main");
  main.querySelectorAll(".toasts, #error-summary").forEach((old) => old.remove());
  const lines = answer.found.querySelectorAll("main .toasts, main #error-summary");
  take(answer.found, "data-results", "data-found", "data-chosen");
  main.prepend(...lines);
  page = Number(new URL(answer.url).searchParams.get("at") ?? 1);
  form.elements.at.value = String(page);
  keep(address());
  const wrong = form.querySelector("[aria-invalid=true]");
  (wrong ?? (button.value.startsWith("page-") ? results : box)).focus({ preventScroll: !wrong });
}

function count() {
  const number = boxes(chosen).length;
  form.querySelectorAll("[data-number]:not([data-results])").forEach((one) => {
    one.textContent = String(number);
  });
  form.querySelectorAll("button[data-many]").forEach((button) => {
    const words = number === 0 ? "none" : number === 1 ? "one" : "many";
    button.textContent = filled(button.dataset[words], number);
  });
  chosen.querySelector("#chosen-picks").hidden = number === 0;
  chosen.querySelector("[data-clear]").hidden = number === 0;
  form.querySelectorAll("[data-to-chosen]").forEach((link) => {
    link.hidden = number === 0;
  });
  chosen.querySelector("[data-none]").hidden = number > 0;
}

function tick(target) {
  const all = boxes(results);
  const at = all.indexOf(target);
  const row = target.closest(".pick");
  const group = row.closest(".pick-group");
  chosen.querySelector("#chosen-picks").append(row);
  if (group && !group.querySelector(".pick")) group.remove();
  // The hand on a mouse goes on typing the next name; on keys one goes on ticking.
  const next = byMouse ? null : (all[at + 1] ?? all[at - 1]);
  const missing = row.querySelector(".pick-mend"); // no address: asked for where it is ticked
  if (missing) missing.open = true;
  (missing?.querySelector("input") ?? next ?? box).focus({ preventScroll: !missing });
  if (!next && !missing) box.select(); // the next name is typed over the last
  const left = Number(results.dataset.number) - 1;
  results.dataset.number = String(left);
  if (results.hasAttribute("data-counted")) {
    said.textContent = filled(left === 1 ? form.dataset.foundOne : form.dataset.foundMany, left);
  }
  count();
  keep(address());
  if (!results.querySelector(".pick")) search();
}

function untick(target) {
  const all = boxes(chosen);
  const next = all[all.indexOf(target) + 1] ?? all[all.indexOf(target) - 1] ?? box;
  target.closest(".pick").remove();
  next.focus({ preventScroll: true });
  count();
  search();
}

function typeOn() {
  clearTimeout(timer);
  page = 1;
  form.elements.at.value = "1";
  if (typed() && typed().length < FEWEST) {
    asking?.abort();
    said.textContent = form.dataset.short;
    return;
  }
  timer = setTimeout(search, PAUSE);
}

// Enter takes the only one found, else it searches at once.
function enter() {
  const found = boxes(results);
  const current = new URLSearchParams(location.search).get("q") === typed();
  if (current && typed() && found.length === 1 && results.dataset.number === "1") {
    found[0].checked = true;
    tick(found[0]);
    box.focus();
    box.select();
  } else search();
}

function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const ways = [box, ...boxes(results)];
  const at = ways.indexOf(event.target);
  if (event.key === "Escape" && at > 0) box.focus();
  else if (step && at >= 0 && ways[at + step]) ways[at + step].focus();
  else return;
  event.preventDefault();
}

function listen() {
  page = Number(form.elements.at.value) || 1;
  box.addEventListener("input", typeOn);
  form.addEventListener("pointerdown", (event) => {
    byMouse = event.pointerType === "mouse";
  });
  form.addEventListener("keydown", (event) => {
    byMouse = false;
    const missing = event.target.closest(".pick-mend input");
    if (event.key !== "Enter" || event.isComposing || !missing) return move(event);
    event.preventDefault();
    missing.closest(".pick-mend").querySelector("button").click();
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "guest") (target.checked ? tick : untick)(target);
    else if (target.name.startsWith("language-")) keep(address());
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (plain || !button || button.name !== "do" || !STAYS.test(button.value)) return;
    event.preventDefault();
    if (button.value === "search") enter();
    else press(button);
  });
  count();
}

if (box && results && chosen) {
  form.classList.add("is-live");
  listen();
}
