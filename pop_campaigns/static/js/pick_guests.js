// Search as you type in the picker of guests. It asks for the same page and takes the results from it, so
// that there is one way to find guests, and all of it works without this file too.

const form = document.querySelector("#pick-guests");
const box = form?.querySelector("input[type=search]");
const results = form?.querySelector("[data-results]");
const chosen = form?.querySelector("[data-chosen]");
const PAUSE = 200; // milliseconds after the last key
let timer = 0;
let asking = null;

function address() {
  const query = new URLSearchParams({ q: box.value });
  form.querySelectorAll("input[name=guest]:checked").forEach((tick) => {
    query.append("guest", tick.value);
    const language = form.elements[`language-${tick.value}`];
    if (language) query.append(language.name, language.value);
  });
  return `${form.getAttribute("action")}?${query}`;
}

async function search() {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const url = address();
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-results]");
    if (!answer.ok || !found) return form.submit();
    if (url !== address()) return search(); // something was ticked or typed meanwhile
    // A shorter list must not pull what stands below it up under the pointer.
    results.style.minHeight = `${results.offsetHeight}px`;
    results.replaceChildren(...found.childNodes);
    history.replaceState(null, "", url);
    count();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

function count() {
  if (!chosen) return;
  const number = form.querySelectorAll("input[name=guest]:checked").length;
  chosen.textContent = number ? chosen.dataset.words.replace("%s", String(number)) : "";
}

if (box && results) {
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  form.addEventListener("change", count);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formMethod === "post") return;
    event.preventDefault();
    search();
  });
  count();
}
