// Searches and folds the contents. The page is complete without it.
const box = document.getElementById("search"), fold = document.getElementById("fold"), note = document.getElementById("matches");
const trees = [...document.querySelectorAll("details.tree")];
let rows = null, unfolded = [];
box.parentElement.hidden = false;
function search() {
  rows ??= trees.flatMap(tree => [...tree.querySelectorAll("li")]).map(li => {
    const line = li.firstElementChild.tagName === "DETAILS" ? li.firstElementChild.firstElementChild : li.firstElementChild;
    return { li, text: line.textContent.toLowerCase() };
  });
  const word = box.value.trim().toLowerCase();
  for (const details of unfolded) details.open = false;
  unfolded = [];
  let count = 0;
  for (const { li, text } of rows) {
    li.hidden = word !== "" && !text.includes(word);
    if (!li.hidden) count++;
  }
  if (word === "") { note.textContent = ""; return; }
  // What holds a match is shown and opened; the rows are in document order, so that parents come before their children.
  for (const { li } of rows) {
    if (li.hidden) continue;
    for (let up = li.parentElement; up && up.id !== "contents"; up = up.parentElement) {
      if (up.tagName === "LI") { if (!up.hidden && up.dataset.seen === word) break; up.hidden = false; up.dataset.seen = word; }
      if (up.tagName === "DETAILS" && !up.open) { up.open = true; unfolded.push(up); }
    }
  }
  note.textContent = count + (count === 1 ? " match" : " matches");
}
let timer = 0;
box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 150); });
fold.addEventListener("click", () => {
  const open = fold.textContent === "Open all";
  for (const tree of trees) { tree.open = open; for (const inner of tree.querySelectorAll("details")) inner.open = open; }
  fold.textContent = open ? "Close all" : "Open all";
});
// A link into something folded opens it.
function reveal() {
  let at = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (const target = at; at; at = at.parentElement) { if (at.tagName === "DETAILS") at.open = true; if (at === document.body) target.scrollIntoView(); }
}
addEventListener("hashchange", reveal);
reveal();
let opened = [];
addEventListener("beforeprint", () => { opened = [...document.querySelectorAll("details:not([open])")]; for (const d of opened) d.open = true; });
addEventListener("afterprint", () => { for (const d of opened) d.open = false; opened = []; });
