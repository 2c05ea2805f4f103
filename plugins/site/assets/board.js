// Around the table: what a column means, the edge that tells of more columns, groups of columns, published against own.
"use strict";

/** What a heading or badge means, in a box that nothing clips: on pointing, on focus, on touch; Escape closes it. */
const explain = (() => {
  const WAIT = 350; // milliseconds: a pointer on its way to somewhere else opens nothing
  const box = element("div", { id: "about", popover: "manual" });
  box.setAttribute("role", "tooltip");
  document.querySelector("main").append(box);
  let owner = null;
  let timer = 0;

  const close = () => {
    clearTimeout(timer);
    if (!owner) return;
    owner.removeAttribute("aria-describedby");
    owner.setAttribute("aria-expanded", "false");
    owner = null;
    box.hidePopover();
  };
  const open = (button, parts) => {
    if (owner === button) return clearTimeout(timer);
    close();
    owner = button;
    box.replaceChildren(...parts());
    box.showPopover();
    const at = button.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left - 40), innerWidth - box.offsetWidth - 8);
    const below = at.bottom + 6;
    box.style.left = `${left}px`;
    box.style.top = `${below + box.offsetHeight < innerHeight ? below : Math.max(8, at.top - box.offsetHeight - 6)}px`;
    button.setAttribute("aria-describedby", box.id);
    button.setAttribute("aria-expanded", "true");
  };
  const soon = (action) => {
    clearTimeout(timer);
    timer = setTimeout(action, WAIT);
  };
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => soon(close));
  addEventListener("keydown", (event) => event.key === "Escape" && close());
  addEventListener("pointerdown", (event) => owner && !box.contains(event.target) && !owner.contains(event.target) && close());
  addEventListener("scroll", (event) => event.target !== box && close(), { capture: true, passive: true });

  /** A button opens the box; pointing anywhere at `area` does too. */
  return (button, area, parts) => {
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => open(button, parts));
    button.addEventListener("focus", () => button.matches(":focus-visible") && open(button, parts));
    button.addEventListener("blur", close);
    area.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && soon(() => open(button, parts)));
    area.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && soon(close));
  };
})();

/** Put the button "?" into the heading of a column; its text is on the page, below "How to read this table". */
function explainColumn(column) {
  const button = element("button", { type: "button", className: "what", textContent: "?" });
  button.setAttribute("aria-label", `What ${column.title} is`);
  (column.cell.querySelector("small") ?? column.cell).append("\u00a0", button);
  explain(button, column.cell, () => {
    const term = [...document.querySelectorAll(".howto dt")].find((dt) => dt.dataset.about === column.about);
    const chance = column.chance ? [`chance ${column.chance}`] : [];
    const facts = [column.lower ? "Lower is better" : "Higher is better", ...(column.items ? [column.items] : []), ...chance];
    const said = term?.nextElementSibling.textContent.trim() ?? "";
    const text = said ? [element("p", { textContent: `${said[0].toUpperCase()}${said.slice(1).replace(/\.$/, "")}.` })] : [];
    return [element("b", { textContent: column.title }), ...text, element("p", { textContent: `${facts.join(" · ")}.` })];
  });
}

/** The row above the headings: one cell over neighbours of one group; columns come and go. */
function showGroups(row, shown, before, behind) {
  if (!row) return;
  const runs = [];
  for (const { group } of shown) {
    if (runs.length && runs.at(-1).group === group) runs.at(-1).count += 1;
    else runs.push({ group, count: 1 });
  }
  const cells = runs.map(({ group, count }) => {
    const cell = group ? element("th", { colSpan: count, scope: "colgroup" }, element("span", {}, soft(group))) : element("td", { colSpan: count });
    return cell;
  });
  row.replaceChildren(...[...row.cells].slice(0, before), ...cells, element("td", { colSpan: behind }));
}

/** Mark in the published rows how each figure lies to the interval of a model evaluated here; what is said of it. */
function markAgainst(against, slug, name, rows, columns) {
  for (const sign of document.querySelectorAll("#board .sign")) sign.remove();
  document.getElementById("board").classList.toggle("signed", Boolean(slug));
  if (!slug) return "";
  const said = [];
  for (const column of columns) {
    const signs = against.places[column.key]?.[slug];
    if (!signs || !column.cells) continue;
    const count = { better: 0, inside: 0, worse: 0 };
    against.rows.forEach((published, i) => {
      const word = { "=": "inside", "<": column.lower ? "better" : "worse", ">": column.lower ? "worse" : "better" }[signs[i]];
      if (!word) return;
      count[word] += 1;
      const told = { better: `better than the interval of ${name}`, inside: `in the interval of ${name}`, worse: `worse than the interval of ${name}` }[word];
      const mark = element("span", { className: `sign ${word}`, title: told }, { better: "▲", inside: "≈", worse: "▼" }[word], element("span", { className: "unseen", textContent: ` ${told}` }));
      column.cells[rows.findIndex((row) => row.slug === published)].append(mark);
    });
    if (!said.length) {
      const all = count.better + count.inside + count.worse;
      said.push(`By ${column.title}, of ${all} published figure${all === 1 ? "" : "s"} ${count.better} ${count.better === 1 ? "is" : "are"} better than the interval of ${name} (▲), ${count.inside} in it (≈), ${count.worse} worse (▼).`);
    }
  }
  return said.join(" ");
}

(() => {
  const scroll = document.querySelector(".frame .scroll");
  const table = document.getElementById("board");
  let width = 0;
  const edge = () => {
    scroll.parentElement.classList.toggle("more", scroll.scrollLeft + scroll.clientWidth < scroll.scrollWidth - 2);
    const { offsetWidth } = table.tHead.querySelector("th.model");
    if (offsetWidth === width) return;
    width = offsetWidth;
    // Not on the table: all of its cells would be styled anew.
    table.querySelector(".groups")?.style.setProperty("--model", `${width}px`);
    scroll.style.scrollPaddingLeft = `${width}px`;
  };
  scroll.addEventListener("scroll", edge, { passive: true });
  new ResizeObserver(edge).observe(scroll);
  new ResizeObserver(edge).observe(table);
  // An anchor would replace the state of the table that the address holds.
  document.getElementById("to-own")?.addEventListener("click", (event) => {
    event.preventDefault();
    const row = table.querySelector("tbody tr.own:not([hidden])");
    row?.scrollIntoView({ block: "center" });
    row?.querySelector("th a").focus({ preventScroll: true });
  });
})();
