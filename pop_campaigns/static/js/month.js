// The month plans: a press on a free part of a day begins an event on it, arrows go from day to day. Without this file each
// day's number is a link to the same form.

const month = document.querySelector("table.month");
const days = [...(month?.querySelectorAll("a.day-new") ?? [])];
const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

// One stop of the Tab key for all days; the arrows do the rest.
function stopAt(day) {
  days.forEach((other) => other.setAttribute("tabindex", other === day ? "0" : "-1"));
}

if (days.length) {
  month.classList.add("plans");
  stopAt(month.querySelector(".today a.day-new") ?? month.querySelector("td:not(.outside) a.day-new"));

  month.addEventListener("click", (event) => {
    if (event.target.closest("a, button") || getSelection()?.toString()) return;
    event.target.closest("td")?.querySelector("a.day-new")?.click();
  });

  month.addEventListener("keydown", (event) => {
    const at = days.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const beside = { PageUp: "prev", PageDown: "next" }[event.key];
    const to = days[at + (steps[event.key] ?? NaN)];
    if (beside) document.querySelector(`.month-steps a[rel=${beside}]`)?.click();
    else if (to) {
      stopAt(to);
      to.focus();
    } else if (!(event.key in steps)) return;
    event.preventDefault();
  });
}
