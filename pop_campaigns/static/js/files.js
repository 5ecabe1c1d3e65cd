// Fields for files in our words: the browser's own button is in the browser's language. The field itself stays, unseen and
// on top: it takes presses, keys and what is dragged onto it, and says its label to a screen reader.

function dress(box) {
  const input = box.querySelector("input[type=file]");
  const button = document.createElement("span");
  const said = document.createElement("span");
  button.className = "btn btn-secondary";
  button.textContent = box.dataset.choose;
  said.className = "file-names";
  for (const shown of [button, said]) {
    shown.setAttribute("aria-hidden", "true"); // the field says it
    box.append(shown);
  }
  const say = () => {
    const names = [...input.files].map((file) => file.name).join(", ");
    said.textContent = names || box.dataset.none;
    input.title = said.textContent; // else the browser shows its own words
  };
  box.classList.add("is-dressed");
  input.addEventListener("change", say);
  window.addEventListener("pageshow", say); // Back: the browser may remember the files
  say();
}

document.querySelectorAll(".file-choice:not(.is-dressed)").forEach(dress);
