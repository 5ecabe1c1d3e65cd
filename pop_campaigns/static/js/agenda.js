// The order of an agenda by dragging, and by the buttons without the page being loaded anew. The buttons alone work
// without this file; the server's page says what holds, times included, and is put in the place of what was shown.

const form = document.querySelector("form[data-agenda]");
const list = () => form.querySelector("ol");
const rows = () => [...list().querySelectorAll(":scope > li")];
const order = () => rows().map((row) => row.dataset.point).join(",");

async function save(fields, focus) {
  const body = new FormData(form);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(body) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("form[data-agenda]");
    if (!answer.ok || !fresh) throw new Error("look again");
    // Somebody else was quicker: the page says so, above the order as it is.
    const told = page.querySelector("#content > .toasts");
    if (told) form.before(document.importNode(told, true));
    form.replaceChildren(...fresh.childNodes);
    document.querySelector("[data-agenda-notes]")?.replaceChildren(
      ...(page.querySelector("[data-agenda-notes]")?.childNodes ?? []),
    );
    dress();
    back(focus);
  } catch {
    location.reload();
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// Where one was: the same button of the same point, or its neighbour where that one has nowhere to go.
function back({ point, name }) {
  const row = list().querySelector(`[data-point="${point}"]`);
  const button = row?.querySelector(`button[name="${name}"]:not([disabled])`) ?? row?.querySelector("button:not([disabled])");
  button?.focus();
  const at = rows().indexOf(row) + 1;
  const said = form.querySelector("[data-said]");
  if (said && row) said.textContent = said.dataset.said.replace("%1", at).replace("%2", rows().length);
}

form?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.name || !["up", "down"].includes(button.name)) return;
  event.preventDefault();
  save({ [button.name]: button.value }, { point: button.value, name: button.name });
});

// By pointer, so that a finger can do it as well as a mouse; only at the handle, so that the page can still be scrolled.
function drag(row, handle) {
  let before = "";
  const move = (event) => {
    const over = rows().find((other) => {
      const box = other.getBoundingClientRect();
      return other !== row && event.clientY > box.top && event.clientY < box.bottom;
    });
    if (!over) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(row);
    else over.after(row);
  };
  const stop = (event) => {
    for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, stop);
    window.removeEventListener("pointermove", move);
    row.classList.remove("is-dragged");
    if (event.type === "pointerup" && order() !== before) {
      save({ order: order(), moved: row.dataset.point }, { point: row.dataset.point, name: "up" });
    }
  };
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    before = order();
    row.classList.add("is-dragged");
    // At the window: a row that is put elsewhere loses what it had caught.
    window.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, stop);
  });
}

function dress() {
  for (const row of rows()) {
    const handle = row.querySelector(".point-handle");
    if (!handle) continue;
    handle.hidden = false;
    drag(row, handle);
  }
}

if (form && list()) dress();
