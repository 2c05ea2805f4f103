"use strict";
// The page of one item. Boxes and links work without this file; it remembers boxes, and adds keys and common scrolling.

const REMEMBERED = ["as-written", "expand", "together"];

function kept(name) {
  try { return localStorage.getItem(`harness-view-${name}`); } catch { return null; }
}

function setBoxes() {
  for (const name of REMEMBERED) {
    const box = document.getElementById(name), state = kept(name);
    if (box && state !== null) box.checked = state === "1";
  }
}
setBoxes();

document.addEventListener("change", (event) => {
  if (!REMEMBERED.includes(event.target.id)) return;
  try { localStorage.setItem(`harness-view-${event.target.id}`, event.target.checked ? "1" : "0"); } catch { /* not kept */ }
});

// Texts that have to be scrolled are reached by keyboard.
function reachTexts() {
  for (const body of document.querySelectorAll(".body")) {
    if (body.scrollHeight > body.clientHeight + 1) body.tabIndex = 0;
    else body.removeAttribute("tabindex");
  }
}
reachTexts();
addEventListener("resize", reachTexts);
document.addEventListener("change", reachTexts);

// A page that is fetched again while texts are read brings new boxes.
new MutationObserver(() => { setBoxes(); reachTexts(); }).observe(document.querySelector("main"), { childList: true });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type='checkbox']), select, textarea")) return;
  const box = { e: "expand", s: "as-written" }[event.key];
  if (box) document.getElementById(box)?.click();
  if (event.key === "d") document.querySelector(".tools a.button:last-child kbd")?.parentElement.click();
});

// Two responses scroll together, by the share of their length: the longer one moves faster.
let leading = null;
document.addEventListener("scroll", (event) => {
  const moved = event.target;
  if (!(moved instanceof Element) || !moved.matches(".responses.two > .card > .body")) return;
  if (!document.getElementById("together")?.checked || (leading && leading !== moved)) return;
  leading = moved;
  const share = moved.scrollTop / Math.max(1, moved.scrollHeight - moved.clientHeight);
  for (const other of document.querySelectorAll(".responses.two > .card > .body")) {
    if (other !== moved) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
  }
  clearTimeout(document.settling);
  document.settling = setTimeout(() => { leading = null; }, 120);
}, true);
