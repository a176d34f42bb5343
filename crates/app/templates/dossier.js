for (const box of document.querySelectorAll("input[data-filter]")) {
  box.parentElement.hidden = false;
  box.addEventListener("input", () => {
    const word = box.value.toLowerCase();
    for (const row of document.getElementById(box.dataset.filter).tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(word);
  });
}
addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details")) d.open = true; });
