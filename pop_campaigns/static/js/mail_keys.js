// Keys for mail that came in, on top of those every page has (app.js): e is done with a message, r answers it; in the
// list e marks the chosen row as read, or asks why to put it aside where it waits to be filed. All of it can be pressed.

const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;

function press(key) {
  const control = document.querySelector(`main [data-key="${key}"]`);
  const inside = control?.matches("a, button") ? control : control?.querySelector("button, a");
  inside?.click();
  return inside != null;
}

function doneWithRow() {
  const row = document.querySelector("[data-row].chosen");
  const box = row?.querySelector('input[type="checkbox"][name="mail"]');
  if (!box) return false;
  box.checked = true;
  if ("held" in row.dataset) document.querySelector("#reason")?.focus();
  else document.querySelector("button[data-done]")?.click();
  return true;
}

function doneWithMessage() {
  if (press("e")) return true;
  const reason = document.querySelector("main #reason");
  reason?.focus();
  return reason !== null;
}

const inList = () => document.querySelector("[data-row]") !== null;

function follow(key) {
  if (key === "e") return inList() ? doneWithRow() : doneWithMessage();
  if (key === "r") return press("r");
  // In the list app.js goes from row to row.
  if ((key === "j" || key === "k") && !inList()) return press(key);
  return false;
}

document.addEventListener(
  "keydown",
  (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey);
    if (event.defaultPrevented || event.isComposing || !plain || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (follow(event.key)) event.preventDefault();
  },
  { capture: true },
);
