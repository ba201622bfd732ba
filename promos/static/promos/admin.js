/* Small helpers of the seller's desk. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const done = () => {
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(button.dataset.copy).then(done);
    return;
  }
  const field = document.createElement("textarea");
  field.value = button.dataset.copy;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  done();
});

/* Add what was chosen to the end of a list; the page is told, as if it was typed. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-append]");
  if (!button) return;
  const field = document.querySelector(button.dataset.append);
  const from = document.querySelector(button.dataset.from);
  const value = from.value.trim();
  if (!field || !value) return;
  const lines = field.value.split("\n").filter((line) => line.trim());
  if (!lines.includes(value)) lines.push(value);
  field.value = lines.join("\n");
  from.value = "";
  from.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
