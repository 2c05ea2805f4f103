"use strict";
// Everything works without this file; it saves clicks and reloads. It only ever moves nodes of our own pages.

// Parts of a page that are not final are fetched again until they are.
async function refresh() {
  const region = document.querySelector("[data-poll]");
  if (!region) return;
  if (!document.hidden && !region.contains(document.activeElement)) {
    try {
      const answer = await fetch(region.dataset.from ?? location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = region.dataset.poll === "main" ? page.querySelector("main") : page.getElementById("live");
        const old = region.dataset.poll === "main" ? document.querySelector("main") : region;
        if (fresh && fresh.innerHTML !== old.innerHTML) old.replaceWith(document.adoptNode(fresh));
        else if (fresh && !fresh.hasAttribute("data-poll")) old.removeAttribute("data-poll");
        document.dispatchEvent(new Event("live"));
      }
    } catch {
      // The viewer was stopped; when it is there again, this goes on.
    }
  }
  setTimeout(refresh, 1500);
}
setTimeout(refresh, 700);

// A choice applies at once; words wait for the return key.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.filter");
  if (form && event.target.type !== "search") form.requestSubmit();
});

// Empty fields stay out of the address.
document.addEventListener("submit", (event) => {
  for (const field of event.target.elements) if (field.name && field.value === "") field.disabled = true;
});
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form.filter [disabled]")) field.disabled = false;
});

// j and k, or the arrows, go to the next and the previous sample or page.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const way = { ArrowRight: "next", j: "next", ArrowLeft: "prev", k: "prev" }[event.key];
  const link = way && document.querySelector(`.pager a[rel="${way}"]`);
  if (link) link.click();
});
