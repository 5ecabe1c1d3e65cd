// Counts the seconds for which something can be taken back, and takes the button away when they are over. The server decides:
// without this file the line stands as it was made, and a press that comes too late is told so.

const ends = new WeakMap();

function tick(line) {
  if (!ends.has(line)) ends.set(line, performance.now() + Number(line.dataset.undo) * 1000);
  const left = Math.ceil((ends.get(line) - performance.now()) / 1000);
  if (left > 0) {
    line.querySelector("[data-left]").textContent = left;
    return;
  }
  const over = line.querySelector("[data-over]");
  const had = line.contains(document.activeElement);
  line.querySelectorAll("form, [data-counter]").forEach((part) => part.remove());
  over.hidden = false;
  line.removeAttribute("data-undo");
  // Who stood on the button is not thrown back to the top of the page.
  if (had) document.querySelector("main").focus({ preventScroll: true });
}

// The line may come with content that is put in place later, so it is looked for each time.
export function countDown() {
  // With its seconds: drafts.js has a button of that name.
  setInterval(() => document.querySelectorAll('[data-undo]:not([data-undo=""])').forEach(tick), 250);
}
