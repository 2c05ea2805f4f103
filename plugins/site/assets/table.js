// The leaderboard's table: sort, search, filter, hide, pin; all of it in the address, so that it can be passed on.
"use strict";
(() => {
  const table = document.getElementById("board");
  const body = table.tBodies[0];
  const byId = (id) => document.getElementById(id);
  const sheet = byId("hidden-columns");
  const status = byId("status");
  const FIRST_ROWS = 40;

  // A divider stands above the rows that follow it, while the table is in its own order.
  const dividers = [...body.rows].filter((row) => row.classList.contains("divider")).map((row) => ({ row, before: row.nextElementSibling }));
  const rows = [...body.rows].filter((row) => !row.classList.contains("divider")).map((row, order) => ({
    row,
    order,
    slug: row.dataset.slug,
    name: row.cells[2].querySelector("a").textContent,
    pin: row.cells[0].querySelector("input"),
    is: (word) => row.classList.contains(word),
  }));

  const head = table.tHead.rows[table.tHead.rows.length - 1];
  const groups = table.tHead.querySelector(".groups");
  const against = chunks.columns.against ?? { rows: [], places: {} };

  // Columns that are in the page, then those that are made when the reader asks for them; all in their order.
  const there = [...head.cells].slice(1).map((cell, i) => ({
    cell,
    cells: rows.map((row) => row.row.cells[i + 1]),
    key: cell.dataset.key,
    kind: cell.dataset.kind,
    unit: cell.dataset.unit,
    title: cell.querySelector("button").textContent,
    group: cell.querySelector(".unseen")?.textContent.trim() ?? "",
    about: cell.dataset.about,
    items: cell.dataset.items,
    lower: "lower" in cell.dataset,
    ends: cell.dataset.ends ?? "",
    chance: cell.dataset.chance ?? "",
  }));
  const later = chunks.columns.hidden.map((column) => ({ ...column, cell: null, cells: null, hidden: true }));
  const byKey = new Map([...there, ...later].map((column) => [column.key, column]));
  const figures = chunks.columns.order.map((key) => byKey.get(key));
  const texts = there.filter((column) => column.kind === "text"); // facts that are no numbers, such as a licence
  const first = (cell) => cell.firstChild?.textContent ?? "";
  const text = (row, column) => {
    if (!column.cells) return column.texts[row.order].trim();
    const cell = column.cells[row.order];
    return (first(cell) + (cell.querySelector("i")?.textContent ?? "")).trim(); // what is marked in it is no part of it
  };
  const value = (row, column) =>
    Number.parseFloat(column.cells ? first(column.cells[row.order]) : column.texts[row.order]);

  const ONLY = {
    best: (row) => row.is("best"),
    pinned: (row) => state.pins.has(row.slug),
    evaluated: (row) => !row.is("published"),
    direct: (row) => !row.is("adapted"),
    whole: (row) => !row.is("failures"),
  };

  const fresh = () => ({
    sort: "rank",
    worstFirst: false,
    search: "",
    only: new Set(),
    pins: new Set(),
    hidden: new Set(figures.filter((column) => column.hidden).map((column) => column.key)),
    bound: { key: "", way: "min", value: "" },
    against: "",
    roomy: false,
  });
  let state = fresh();

  // the address

  function read() {
    const given = readState();
    state = fresh();
    const [key, way] = split(given.get("sort") ?? "", "!");
    if (byKey.has(key)) [state.sort, state.worstFirst] = [key, way === "worst"];
    state.search = given.get("q") ?? "";
    state.only = new Set((given.get("only") ?? "").split(",").filter((word) => Object.hasOwn(ONLY, word)));
    state.pins = new Set((given.get("pin") ?? "").split(",").filter((slug) => rows.some((row) => row.slug === slug)));
    for (const shown of given.getAll("show")) state.hidden.delete(shown);
    for (const hidden of given.getAll("hide")) if (byKey.has(hidden)) state.hidden.add(hidden);
    state.roomy = given.get("rows") === "roomy";
    const own = given.get("against") ?? "";
    if (rows.some((row) => row.slug === own && !row.is("published"))) state.against = own;
    const [column, bound] = split(given.get("bound") ?? "", "!");
    const [side, value] = split(bound, "!");
    if (byKey.has(column)) state.bound = { key: column, way: side === "max" ? "max" : "min", value };
  }

  function split(text, mark) {
    const at = text.indexOf(mark);
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  }

  function write() {
    const given = new URLSearchParams();
    if (state.sort !== "rank" || state.worstFirst) given.set("sort", state.sort + (state.worstFirst ? "!worst" : ""));
    if (state.search) given.set("q", state.search);
    if (state.only.size) given.set("only", [...state.only].join(","));
    if (state.pins.size) given.set("pin", [...state.pins].join(","));
    for (const column of figures) {
      if (column.hidden && !state.hidden.has(column.key)) given.append("show", column.key);
      if (!column.hidden && state.hidden.has(column.key)) given.append("hide", column.key);
    }
    if (state.bound.key && state.bound.value !== "") {
      given.set("bound", `${state.bound.key}!${state.bound.way}!${state.bound.value}`);
    }
    if (state.against) given.set("against", state.against);
    if (state.roomy) given.set("rows", "roomy");
    writeState(given);
  }

  // what is shown

  function compare(column) {
    const way = (column.lower || column.key === "rank" ? 1 : -1) * (state.worstFirst ? -1 : 1);
    if (column.key === "model") return (a, b) => (state.worstFirst ? -1 : 1) * a.name.localeCompare(b.name) || a.order - b.order;
    if (column.kind === "text") {
      const way = state.worstFirst ? -1 : 1;
      return (a, b) => way * text(a, column).localeCompare(text(b, column)) || a.order - b.order;
    }
    if (column.key === "rank" && !state.worstFirst) return (a, b) => a.order - b.order;
    const values = new Map(rows.map((row) => [row, value(row, column)]));
    return (a, b) => {
      const [x, y] = [values.get(a), values.get(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.order - b.order;
      return way * (x - y) || a.order - b.order;
    };
  }

  function sort() {
    const column = byKey.get(state.sort);
    const ordered = [...rows].sort(compare(column));
    const pinned = ordered.filter((row) => state.pins.has(row.slug));
    const rest = ordered.filter((row) => !state.pins.has(row.slug));
    const wanted = [...pinned, ...rest].map((row) => row.row);
    const own = state.sort === "rank" && !state.worstFirst && state.pins.size === 0;
    for (const { row, before } of own ? dividers : []) wanted.splice(wanted.indexOf(before), 0, row);
    for (const { row } of dividers) if (!own) row.remove();
    if (wanted.some((row, i) => body.rows[i] !== row)) body.append(...wanted);
    const ascending = (column.lower || column.kind === "text" || ["rank", "model"].includes(column.key)) !== state.worstFirst;
    for (const other of byKey.values()) {
      other.cell?.setAttribute("aria-sort", other === column ? (ascending ? "ascending" : "descending") : "none");
    }
  }

  function bounded(row) {
    const { key, way, value: limit } = state.bound;
    if (!key || limit === "" || Number.isNaN(Number(limit))) return true;
    const column = byKey.get(key);
    const own = value(row, column);
    return way === "min" ? own >= Number(limit) : own <= Number(limit);
  }

  /** What stands below the table where no row passes: an empty table says nothing. */
  const nothing = element("p", { id: "nothing", hidden: true }, "No model passes the search and the filters. ");
  const everything = element("button", { type: "button", className: "quiet", textContent: "Show all models" });
  everything.addEventListener("click", () => {
    change(() => Object.assign(state, { search: "", only: new Set(), bound: fresh().bound }), { controls: true });
    byId("search").focus();
  });
  nothing.append(everything);
  table.parentElement.after(nothing);

  function filter() {
    const words = state.search.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const name = row.name.toLowerCase();
      const fits =
        words.every((word) => name.includes(word)) && [...state.only].every((only) => ONLY[only](row)) && bounded(row);
      row.row.hidden = !fits;
      shown += fits;
    }
    for (const [i, { row, before }] of dividers.entries()) {
      const from = rows.findIndex((one) => one.row === before);
      const next = dividers[i + 1] ? rows.findIndex((one) => one.row === dividers[i + 1].before) : rows.length;
      row.hidden = !rows.slice(from, next).some((one) => !one.row.hidden);
    }
    const column = byKey.get(state.sort);
    const order = column.key === "model" || column.kind === "text" ? "" : state.worstFirst ? ", worst first" : ", best first";
    status.textContent = `${shown} of ${rows.length} models, sorted by ${column.title}${order}`;
    nothing.hidden = shown > 0;
    const count = state.only.size + (state.bound.key && state.bound.value !== "" ? 1 : 0);
    byId("filter-count").textContent = count ? ` (${count})` : "";
  }

  function hide() {
    for (const column of figures) if (!state.hidden.has(column.key)) show(column);
    const rules = figures
      .filter((column) => column.cell && state.hidden.has(column.key))
      .map((column) => `#board tr:not(.divider,.groups)>:nth-child(${column.cell.cellIndex + 1}){display:none}`);
    if (sheet.textContent !== rules.join("")) sheet.textContent = rules.join("");
    for (const { row } of dividers) row.cells[0].colSpan = head.cells.length;
    showGroups(groups, figures.filter((column) => !state.hidden.has(column.key)), 3, texts.length + 1);
    byId("column-count").textContent = `(${figures.length - state.hidden.size} of ${figures.length})`;
  }

  /** Make a column that was not in the page, and paint its bars. */
  function show(column) {
    if (column.painted) return;
    column.painted = true;
    if (!column.cell) make(column);
    const ends = column.ends.split(" ").map(Number);
    for (const cell of column.cells) {
      const chance = Number.parseFloat(cell.dataset.chance ?? column.chance);
      paintBar(cell, ends, shownNumber(cell), shownInterval(cell.children[0]?.textContent ?? ""), NaN, chance);
    }
  }

  function make(column) {
    const after = figures.slice(figures.indexOf(column) + 1).find((other) => other.cell) ?? texts[0] ?? byKey.get("failed");
    const name = column.title.slice(column.group.length).trimStart();
    const above = column.group ? [element("span", { className: "unseen", textContent: `${column.group} ` })] : [];
    const button = element("button", { type: "button" }, ...above, ...soft(name).childNodes);
    column.cell = element("th", { scope: "col" }, button);
    column.cell.setAttribute("aria-sort", "none");
    if (column.lower) column.cell.append(element("small", { textContent: "lower is better" }));
    if (column.items) column.cell.append(element("small", { className: "items", textContent: column.items }));
    after.cell.before(column.cell);
    column.cells = column.texts.map((own, i) => {
      const at = own.indexOf("[");
      const cell = element("td", {}, at < 0 ? own || "–" : own.slice(0, at));
      if (at >= 0) cell.append(element("i", { textContent: own.slice(at) }));
      after.cells[i].before(cell);
      return cell;
    });
    explainColumn(column);
    listen(column);
  }

  function showPins() {
    const pinned = [...state.pins];
    for (const row of rows) {
      row.row.classList.toggle("is-pinned", state.pins.has(row.slug));
      if (row.pin) row.pin.checked = state.pins.has(row.slug);
    }
    byId("pinned").hidden = pinned.length === 0;
    const more = pinned.length === 1 ? "pin another to compare" : "";
    byId("pinned-text").textContent = `${pinned.length} pinned${more ? "; " + more : ""}`;
    const link = byId("compare");
    link.hidden = pinned.length < 2;
    link.href = `compare.html#${new URLSearchParams({ models: pinned.join(",") })}`;
  }

  let shownAgainst = "";
  function showAgainst() {
    const made = figures.filter((column) => column.cells).length;
    const wanted = `${state.against} ${made}`;
    if (shownAgainst === wanted || !byId("against")) return;
    shownAgainst = wanted;
    const own = rows.find((row) => row.slug === state.against);
    const said = markAgainst(against, state.against, own?.name ?? "", rows, figures);
    byId("against-said").textContent = said;
    byId("against-said").hidden = !said;
  }

  function showControls() {
    byId("search").value = state.search;
    for (const box of document.querySelectorAll("[data-only]")) box.checked = state.only.has(box.dataset.only);
    byId("bound-column").value = state.bound.key;
    byId("bound-way").value = state.bound.way;
    byId("bound-value").value = state.bound.value;
    if (byId("against")) byId("against").value = state.against;
    for (const box of document.querySelectorAll("[data-column]")) box.checked = !state.hidden.has(box.dataset.column);
  }

  function refresh({ controls = false } = {}) {
    hide();
    showPins();
    sort();
    filter();
    showAgainst();
    table.classList.toggle("roomy", state.roomy);
    byId("roomy").setAttribute("aria-pressed", String(state.roomy));
    if (controls) showControls();
  }

  function change(action, options) {
    action();
    refresh(options);
    write();
  }

  /** Lay out what fits a screen first, and the rest once that is seen: hundreds of rows of dozens of columns take a while. */
  function showInSteps() {
    const later = [...body.rows].filter((row) => !row.hidden).slice(FIRST_ROWS);
    for (const row of later) row.classList.add("later");
    const showRest = () => later.forEach((row) => row.classList.remove("later"));
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(showRest)));
  }

  // what the reader does

  function listen(column) {
    column.cell.querySelector("button").addEventListener("click", () =>
      change(() => {
        state.worstFirst = state.sort === column.key && !state.worstFirst;
        state.sort = column.key;
      }),
    );
  }
  there.forEach(listen);
  for (const column of there) if (column.about) explainColumn(column);
  byId("search").addEventListener("input", (event) => change(() => (state.search = event.target.value)));
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const box of document.querySelectorAll("[data-only]")) {
    box.addEventListener("change", () => change(() => toggle(state.only, box.dataset.only, box.checked)));
  }
  for (const row of rows) {
    row.pin?.addEventListener("change", () => {
      change(() => toggle(state.pins, row.slug, row.pin.checked));
      row.pin.focus({ preventScroll: true }); // its row has moved
    });
  }
  byId("roomy").addEventListener("click", () => change(() => (state.roomy = !state.roomy)));
  if (byId("against")) {
    const held = new Set(Object.values(against.places).flatMap((of) => Object.keys(of)));
    byId("against").append(...rows.filter((row) => held.has(row.slug)).map((row) => new Option(row.name, row.slug)));
    byId("against").addEventListener("change", (event) => change(() => (state.against = event.target.value)));
  }
  byId("unpin").addEventListener("click", () => change(() => state.pins.clear()));
  byId("reset").addEventListener("click", () => change(() => (state = fresh()), { controls: true }));

  function toggle(set, word, on) {
    if (on) set.add(word);
    else set.delete(word);
  }

  const bound = { key: byId("bound-column"), way: byId("bound-way"), value: byId("bound-value") };
  bound.key.append(
    new Option("any figure", ""),
    ...[...figures, byKey.get("failed")].map(
      (column) => new Option(column.title + (column.unit === "fraction" ? " (%)" : ""), column.key),
    ),
  );
  for (const [name, input] of Object.entries(bound)) {
    input.addEventListener("input", () => change(() => (state.bound[name] = input.value)));
  }

  /** The rows and columns shown, as a file; a leading sign would be run as a formula by spreadsheets. */
  function csv() {
    const shown = figures.filter((column) => !state.hidden.has(column.key));
    const quoted = (field) => (/[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
    const safe = (field) => quoted(/^[=+\-@\t\r\n]/.test(field) ? `'${field}` : field);
    const number = (field) => (Number.isNaN(Number.parseFloat(field)) ? "" : field);
    const lines = [["rank", "model", ...shown.flatMap(({ title }) => [title, `${title} low`, `${title} high`]), ...texts.map(({ title }) => title), "failed"]];
    for (const row of [...body.rows].filter((one) => !one.hidden && !one.classList.contains("divider")).map((one) => rows.find(({ row: own }) => own === one))) {
      const cells = shown.flatMap((column) => {
        const [own, range] = split(text(row, column), "[");
        const [low, high] = range ? range.slice(0, -1).split(", ") : ["", ""];
        return [number(own), low, high];
      });
      const rank = Number.parseInt(first(byKey.get("rank").cells[row.order]), 10);
      const facts = texts.map((column) => safe(text(row, column)));
      lines.push([Number.isNaN(rank) ? "" : String(rank), row.name, ...cells, ...facts, number(text(row, byKey.get("failed")))]);
    }
    const [head, ...rest] = lines;
    const written = [head.map(safe), ...rest.map(([rank, name, ...numbers]) => [rank, safe(name), ...numbers])];
    return written.map((line) => line.join(",")).join("\n") + "\n";
  }
  byId("csv").addEventListener("click", () => {
    const link = element("a", { download: `${document.querySelector("h1").textContent}.csv`, href: URL.createObjectURL(new Blob([csv()], { type: "text/csv" })) });
    link.click();
    URL.revokeObjectURL(link.href);
  });

  const list = byId("column-list");
  list.append(
    element("div", { className: "buttons" }, ...[
      ["all", () => state.hidden.clear()],
      ["none", () => figures.forEach((column) => state.hidden.add(column.key))],
      ["as at first", () => (state.hidden = fresh().hidden)],
    ].map(([name, action]) => {
      const button = element("button", { type: "button", className: "quiet", textContent: name });
      button.addEventListener("click", () => change(action, { controls: true }));
      return button;
    })),
  );
  for (const column of figures) {
    const box = element("input", { type: "checkbox" });
    box.dataset.column = column.key;
    box.addEventListener("change", () => change(() => toggle(state.hidden, column.key, !box.checked)));
    list.append(element("label", { className: column.kind }, box, ` ${column.title}`));
  }

  // A menu closes when the reader goes elsewhere.
  for (const menu of document.querySelectorAll("details.menu")) {
    document.addEventListener("click", (event) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
  }

  addEventListener("hashchange", () => {
    read();
    refresh({ controls: true });
  });
  read();
  refresh({ controls: true });
  showInSteps();
})();
