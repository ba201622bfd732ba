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
