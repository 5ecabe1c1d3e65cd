// The guests of an event, more at hand: a menu closes when one goes elsewhere, a guest's history opens beside the table
// without leaving it, and ticking all ticks those in sight. Everything works without this file.

const form = document.querySelector("#guest-form");
const side = document.querySelector(".event-page .side");

const menus = () => [...document.querySelectorAll(".row-menu[open]")];

document.addEventListener("click", (event) => {
  menus().forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menus().forEach((menu) => {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
});

// The page as it is with the guest beside it, asked for where one is; only that part is taken.
async function look(button) {
  const query = new URLSearchParams(location.search);
  query.set("about", button.value);
  const url = `${location.pathname}?${query}`;
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  const panel = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#about");
  if (!answer.ok || !panel) throw new Error("no such guest");
  document.querySelector("#about")?.remove();
  side.prepend(panel);
  history.replaceState(null, "", url);
  button.closest("details").removeAttribute("open");
  panel.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

form?.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=about]");
  if (!button || !side) return;
  event.preventDefault();
  look(button).catch(() => form.requestSubmit(button)); // the browser's own way, which says what is wrong
});

side?.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close-about]");
  if (!close) return;
  event.preventDefault();
  const panel = close.closest("#about");
  const query = new URLSearchParams(location.search);
  query.delete("about");
  history.replaceState(null, "", [location.pathname, query.toString()].filter(Boolean).join("?"));
  document.querySelector(`#guest-${panel.dataset.about} summary`)?.focus();
  panel.remove();
});

form?.addEventListener("change", (event) => {
  if (event.target.name !== "all") return;
  form.querySelectorAll("input[name=g]").forEach((box) => {
    box.checked = event.target.checked;
  });
});
