// The guests of an event, more at hand: a menu closes when one goes elsewhere, a guest's history opens beside the table
// without leaving it, and ticking all ticks those in sight. Everything works without this file; it listens to the page as
// a whole, whose parts are put in anew while mail is on its way.

const menus = () => [...document.querySelectorAll(".row-menu[open]")];

function address(about) {
  const query = new URLSearchParams(location.search);
  if (about) query.set("about", about);
  else query.delete("about");
  return [location.pathname, query.toString()].filter(Boolean).join("?");
}

// The page as it is with the guest beside it, asked for where one is; only that part is taken.
async function look(button) {
  const url = address(button.value);
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  const panel = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#about");
  if (!answer.ok || !panel) throw new Error("no such guest");
  document.querySelector("#about")?.remove();
  document.querySelector(".event-page .side").prepend(panel);
  history.replaceState(null, "", url);
  button.closest("details").removeAttribute("open");
  panel.focus({ preventScroll: true });
  panel.scrollIntoView({ block: "nearest" });
}

function close(panel) {
  history.replaceState(null, "", address(null));
  document.querySelector(`#guest-${panel.dataset.about} summary`)?.focus();
  panel.remove();
}

document.addEventListener("click", (event) => {
  menus().forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open"));
  const button = event.target.closest("#guest-form button[name=about]");
  if (button) {
    event.preventDefault();
    look(button).catch(() => button.form.requestSubmit(button)); // the browser's own way, which says what is wrong
  } else if (event.target.closest("[data-close-about]")) {
    event.preventDefault();
    close(event.target.closest("#about"));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menus().forEach((menu) => {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("#guest-form input[name=all]")) return;
  event.target.form.querySelectorAll("input[name=g]").forEach((box) => {
    box.checked = event.target.checked;
  });
});
