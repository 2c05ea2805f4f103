// Matrices, such as who wins how often against whom: tables, so that every reader can read every field.
"use strict";
(() => {
  const { matrices, labels } = chunks.pictures;

  /** A field of one of the three layers; of a matrix whose halves add up to one, the upper half follows from the lower. */
  function field(choice, i, j) {
    const at = (layer, row, column) => choice[layer]?.[row]?.[column] ?? NaN;
    if (!choice.half || j < i) return { value: at("values", i, j), low: at("low", i, j), high: at("high", i, j) };
    return { value: 1 - at("values", j, i), low: 1 - at("high", j, i), high: 1 - at("low", j, i) };
  }

  /** How much of the colour of its side a field has, in per cent; none where the interval does not leave the middle out. */
  function strength(frame, { value, low, high }) {
    const clear = Number.isNaN(low) || low > frame.middle || high < frame.middle;
    return clear ? Math.min(60, Math.round(8 + (52 * Math.abs(value - frame.middle)) / frame.reach)) : 0;
  }

  /** An end of an interval, with the digits of the other tables. */
  const end = (value, unit) => (unit === "fraction" ? fixed(100 * value, 1) : general(value, 3));

  function cell(frame, found) {
    const made = element("td", { textContent: figure(found.value, frame.unit) });
    if (Number.isNaN(found.value)) return Object.assign(made, { textContent: "–" });
    if (Number.isFinite(found.low)) made.append(element("i", { textContent: `[${end(found.low, frame.unit)}, ${end(found.high, frame.unit)}]` }));
    if (found.value !== frame.middle) made.className = found.value > frame.middle ? "above" : "below";
    made.style.setProperty("--strength", `${strength(frame, found)}%`);
    return made;
  }

  /** Indices of the names that are shown: of models, those that the reader chose. */
  function shown(frame, names) {
    const chosen = drawnModels.chosen();
    return names.map((_, i) => i).filter((i) => !frame.together || chosen.includes(names[i]));
  }

  function fill(frame, choice, table) {
    const name = (text) => soft(frame.together ? labels[text] : text);
    const [rows, columns] = [shown(frame, choice.rows), shown(frame, choice.columns)];
    const head = element("tr", {}, element("td"));
    for (const j of columns) head.append(element("th", { scope: "col" }, name(choice.columns[j])));
    const lines = rows.map((i) => {
      const line = element("tr", {}, element("th", { scope: "row" }, name(choice.rows[i])));
      line.append(...columns.map((j) => cell(frame, field(choice, i, j))));
      return line;
    });
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...lines);
  }

  function choices(frame) {
    const named = (choice) => (choice.model === null ? choice.name || "reference" : labels[choice.model]);
    const select = element("select", {}, ...frame.choices.map((choice, i) => new Option(named(choice), String(i))));
    const best = frame.choices.findIndex((choice) => choice.model !== null);
    select.value = String(Math.max(0, best));
    return select;
  }

  function place(frame) {
    const table = element("table", { className: "plain matrix" });
    table.createTHead();
    table.createTBody();
    table.createCaption().append(element("span", { className: "unseen", textContent: `${frame.title}: ${frame.shows}` }));
    const scroll = element("div", { className: "scroll", tabIndex: 0 }, table);
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `${frame.title}, scrolls sideways`);
    const middle = frame.unit === "fraction" ? `${general(100 * frame.middle, 4)} %` : general(frame.middle, 4);
    const says = `Each field: ${frame.shows}. Coloured where the interval leaves ${middle} out. ${frame.note}`;
    const caption = element("figcaption", {}, element("b", { textContent: frame.title }), ` (${frame.metric})`);
    caption.append(element("p", { className: "facts", textContent: says }));
    const placed = element("figure", {}, caption);
    const select = choices(frame);
    if (frame.choices.length > 1) placed.append(element("label", { className: "field" }, "Of ", select));
    placed.append(scroll);
    document.getElementById("matrices").append(placed);
    const refresh = () => fill(frame, frame.choices[Number(select.value)], table);
    select.addEventListener("change", refresh);
    return refresh;
  }

  for (const frame of matrices) drawnModels.show(place(frame));
})();
