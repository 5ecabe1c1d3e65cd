// The search over everything, as one types: it asks for the same page and takes the results from it, so that there is one
// way to search, and all of it works without this file too.

const PAUSE = 200; // milliseconds after the last key
const FEWEST = 3; // letters worth a search before somebody asks for it

const form = document.querySelector("form.search-form");
const box = form?.querySelector("input[type=search]");
const results = document.querySelector("[data-results]");
const found = document.querySelector("[data-found]");
let timer = 0;
let asking = null;
let shown = box?.value.trim() ?? "";

const typed = () => box.value.trim();
const address = (words) => `${form.getAttribute("action")}?${new URLSearchParams({ q: words })}`;

async function search() {
  const words = typed();
  if (words === shown || (words.length < FEWEST && words !== "")) return;
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(address(words), { signal: asking.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-results]");
    if (!answer.ok || !fresh) return location.assign(address(words)); // signed out meanwhile: the page says so
    results.replaceChildren(...fresh.childNodes);
    found.textContent = page.querySelector("[data-found]").textContent;
    shown = words;
    history.replaceState(null, "", words ? address(words) : form.getAttribute("action"));
  } catch (error) {
    if (error.name !== "AbortError") found.textContent = ""; // offline: the button still asks
  }
}

if (box && results && found) {
  box.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort(); // what is on its way is no longer wanted
    timer = setTimeout(search, PAUSE);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
  });
}
