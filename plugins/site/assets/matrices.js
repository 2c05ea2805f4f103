// Matrices, such as who wins how often against whom: tables, so that every reader can read every field.
"use strict";
(() => {
  const { matrices, labels } = chunks.pictures;

  /** A field, which is written as value, strength of the colour, which is negative below the middle, and interval. */
  function cell(field) {
    if (!field) return element("td", { textContent: "–" });
    const [, value, strength, interval] = /^(\S+) (\S+) ?(.*)$/.exec(field);
    const made = element("td", { textContent: value });
    if (interval) made.append(element("i", { textContent: interval }));
    if (strength !== "0") made.className = strength.startsWith("-") ? "below" : "above";
    made.style.setProperty("--strength", `${Math.abs(Number(strength))}%`);
    return made;
  }

  /** Indices of the names that are shown: of models, those that the reader chose. */
  function shown(frame, names) {
    const chosen = drawnModels.chosen();
    return names.map((_, i) => i).filter((i) => !frame.together || chosen.includes(names[i]));
  }

  function fill(frame, choice, table, few) {
    const name = (text) => soft(frame.together ? labels[text] : text);
    const [rows, columns] = [shown(frame, choice.rows), shown(frame, choice.columns)];
    const head = element("tr", {}, element("td"));
    for (const j of columns) head.append(element("th", { scope: "col" }, name(choice.columns[j])));
    const lines = rows.map((i) => {
      const line = element("tr", {}, element("th", { scope: "row" }, name(choice.rows[i])));
      line.append(...columns.map((j) => cell(choice.fields[i][j])));
      return line;
    });
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...lines);
    const fields = rows.flatMap((i) => columns.map((j) => choice.fields[i][j]));
    table.parentElement.hidden = !fields.some(Boolean);
    few.hidden = !choice.few;
    few.textContent = table.parentElement.hidden
      ? `Every field rests on fewer than ${frame.fewest} items, so none is shown.`
      : `Hidden, since they rest on fewer than ${frame.fewest} items: ${choice.few} field${choice.few === 1 ? "" : "s"}.`;
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
    const says = `Each field: ${frame.shows}. Coloured where the interval leaves ${frame.middle} out. ${frame.note}`;
    const caption = element("figcaption", {}, element("b", { textContent: frame.title }), ` (${frame.metric})`);
    caption.append(element("p", { className: "facts", textContent: says }));
    const placed = element("figure", {}, caption);
    const select = choices(frame);
    if (frame.choices.length > 1) placed.append(element("label", { className: "field" }, "Of ", select));
    const few = element("p", { className: "facts" });
    placed.append(few, scroll);
    document.getElementById("matrices").append(placed);
    const refresh = () => fill(frame, frame.choices[Number(select.value)], table, few);
    select.addEventListener("change", refresh);
    return refresh;
  }

  for (const frame of matrices) drawnModels.show(place(frame));
})();
