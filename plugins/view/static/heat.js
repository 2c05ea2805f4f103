"use strict";
// The heat table of the first page: filters as one types, sorts, goes about by arrow keys, and chooses two to compare.
(() => {
  const form = document.getElementById("choose");
  if (!form) return;
  const byId = (id) => document.getElementById(id);
  const said = byId("said");
  const pick = byId("pick");
  let table = byId("heat");
  let sort = new URLSearchParams(location.search).get("sort") ?? "";
  let picked = null;
  let picking = false;
  let full = false; // whether the table holds all models and tasks, not only those of an address with words

  const words = (name) => form.elements[name].value.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (text, all) => all.every((word) => text.includes(word));
  const heads = () => [...table.tHead.rows[1].cells];
  const lines = () => [...table.tBodies[0].rows];

  function remember() {
    const query = new URLSearchParams();
    for (const name of ["models", "tasks"]) if (form.elements[name].value.trim()) query.set(name, form.elements[name].value.trim());
    if (sort) query.set("sort", sort);
    history.replaceState(null, "", query.size ? `/?${query}` : "/");
  }

  function filter() {
    const models = words("models");
    const tasks = words("tasks");
    const columns = heads();
    const shown = columns.map((head, at) => at === 0 || holds(head.dataset.find, tasks));
    const rows = lines();
    let count = 0;
    for (const row of rows) {
      const keep = holds(row.cells[0].textContent.toLowerCase(), models);
      if (row.hidden === keep) row.hidden = !keep;
      count += keep;
    }
    for (const row of [table.tHead.rows[1], ...rows]) {
      const cells = row.cells;
      for (let at = 1; at < cells.length; at++) if (cells[at].hidden === shown[at]) cells[at].hidden = !shown[at];
    }
    let at = 1;
    for (const group of [...table.tHead.rows[0].cells].slice(1)) {
      const size = Number(group.dataset.size ??= group.colSpan);
      const left = shown.slice(at, at + size).filter(Boolean).length;
      at += size;
      group.hidden = !left;
      if (left) group.colSpan = left;
    }
    const across = shown.filter(Boolean).length - 1;
    const widths = table.querySelector("col.tasks");
    if (across) widths.span = across;
    if (!count || !across) said.textContent = `No ${count ? "task" : "model"} is like that.`;
    else if (count < rows.length || across < columns.length - 1) said.textContent = `${count} of ${rows.length} models, ${across} of ${columns.length - 1} tasks`;
    else said.textContent = "";
    stops();
  }

  function order(key) {
    const columns = heads();
    const name = key.replace(/^-/, "") || "model";
    const at = columns.findIndex((head) => head.dataset.key === name);
    if (at < 0) return;
    const reverse = key.startsWith("-");
    const lower = columns[at].querySelector("small")?.textContent.endsWith("lower is better") ?? true;
    const rising = at === 0 ? !reverse : lower !== reverse;
    const value = (row) => Number.parseFloat(row.cells[at].querySelector("b")?.textContent ?? "");
    const names = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
    const byName = (a, b) => names.compare(a.cells[0].textContent, b.cells[0].textContent);
    const rows = lines().map((row) => [row, at ? value(row) : 0]);
    rows.sort(([a, x], [b, y]) => {
      if (at === 0) return byName(a, b) * (rising ? 1 : -1);
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || byName(a, b);
      return (rising ? x - y : y - x) || byName(a, b);
    });
    table.tBodies[0].append(...rows.map(([row]) => row));
    for (const head of columns) head.removeAttribute("aria-sort");
    columns[at].setAttribute("aria-sort", rising ? "ascending" : "descending");
    sort = key === "model" ? "" : key;
  }

  // One tab stop for the whole table; arrows go on from there.
  const visible = (row) => [...row.cells].filter((cell) => !cell.hidden);
  const target = (cell) => cell?.querySelector("a");
  let stop = null;
  function stops() {
    if (stop) stop.tabIndex = -1;
    stop = target(lines().find((row) => !row.hidden)?.cells[0]) ?? target(heads()[0]);
    if (stop) stop.tabIndex = 0;
  }

  function move(cell, down, across) {
    const rows = [table.tHead.rows[1], ...lines().filter((row) => !row.hidden)];
    let row = rows.indexOf(cell.parentElement);
    let at = visible(rows[row]).indexOf(cell);
    for (;;) {
      row += down;
      at += across;
      const next = rows[row] && visible(rows[row])[at];
      if (!next) return;
      const link = target(next);
      if (!link) continue;
      if (stop) stop.tabIndex = -1;
      stop = link;
      stop.tabIndex = 0;
      stop.focus();
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
      return;
    }
  }

  // Two cells of one column lead to the comparison of their models.
  function tell() {
    const column = picked ? heads()[picked.cellIndex].dataset.key : "";
    table.classList.toggle("picking", picking || Boolean(picked));
    for (const cell of table.querySelectorAll(".same, .picked")) cell.classList.remove("same", "picked");
    for (const row of lines()) {
      for (const cell of picked ? [row.cells[picked.cellIndex]] : picking ? row.cells : []) {
        if (cell.querySelector("b")) cell.classList.add("same");
      }
    }
    picked?.classList.add("picked");
    pick.setAttribute("aria-pressed", String(picking || Boolean(picked)));
    if (picked) said.textContent = `${picked.parentElement.cells[0].textContent} on ${column} is the first; choose another model in the same column. Esc gives up.`;
    else if (picking) said.textContent = "Choose the first of two models, in the column of the task on which to compare them. Esc gives up.";
  }

  function choose(cell) {
    if (!cell.querySelector("b")) {
      said.textContent = "There is no figure to compare.";
      return;
    }
    const number = (one) => target(one).pathname.split("/").pop();
    if (picked && picked.cellIndex === cell.cellIndex && picked !== cell) {
      location.href = `/compare/${number(picked)}/${number(cell)}`;
      return;
    }
    picked = picked === cell ? null : cell;
    tell();
  }

  function giveUp() {
    picked = null;
    picking = false;
    tell();
    filter();
  }

  function listen() {
    for (const link of table.querySelectorAll("a[href]")) link.tabIndex = -1;
    table.addEventListener("click", (event) => {
      const head = event.target.closest("th[data-key]");
      if (head && event.target.closest("a") && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        const key = head.dataset.key;
        order((sort || "model") === key ? `-${key}` : key);
        remember();
        return;
      }
      const cell = event.target.closest("tbody td");
      if (cell && (event.shiftKey || picking || picked)) {
        event.preventDefault();
        choose(cell);
      }
    });
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("th, td");
      const way = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
      if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
      if (way) {
        event.preventDefault();
        event.stopPropagation();
        move(cell, ...way);
      } else if (event.key === "x" && cell.tagName === "TD") {
        event.preventDefault();
        choose(cell);
      }
    });
  }

  /** Fetch the whole table: where cells came since, or where the address had words and so not all models are here. */
  async function renew(address) {
    let page;
    try {
      const answer = await fetch(address);
      if (!answer.ok) return;
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return; // the viewer was stopped
    }
    const fresh = page.getElementById("heat");
    if (!fresh) return;
    const at = table.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    picked = null;
    table.replaceWith(document.adoptNode(fresh));
    table = fresh;
    full = true;
    listen();
    if (sort) order(sort);
    filter();
    tell();
    if (at) table.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
  }

  form.addEventListener("input", async () => {
    if (!full) await renew("/");
    filter();
    remember();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  pick.hidden = false;
  pick.addEventListener("click", () => {
    if (picking || picked) giveUp();
    else {
      picking = true;
      tell();
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (picking || picked)) giveUp();
  });
  document.addEventListener("live", () => {
    const stamp = document.getElementById("live")?.dataset.stamp;
    if (stamp && stamp !== table.dataset.stamp && !picked) renew("/");
  });

  full = !words("models").length && !words("tasks").length;
  listen();
  stops();
})();
