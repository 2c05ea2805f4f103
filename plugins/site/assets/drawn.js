// Which models the pictures of a task show; the reader chooses, and the address remembers.
"use strict";
const drawnModels = (() => {
  const { frames, matrices, labels, order } = chunks.pictures;
  const byId = (id) => document.getElementById(id);
  const AT_FIRST = 6;
  const there = new Set([
    ...frames.flatMap((frame) => Object.keys(frame.models)),
    ...matrices.flatMap((frame) => frame.choices.flatMap((choice) => (frame.together ? choice.rows : [choice.model]))),
  ]);
  const known = order.filter((slug) => there.has(slug));
  const listeners = [];
  let chosen = new Set();

  function refresh() {
    byId("drawn-count").textContent = `(${chosen.size} of ${known.length})`;
    for (const listener of listeners) listener();
  }

  function read() {
    const given = (readState().get("models") ?? "").split(",").filter((slug) => known.includes(slug));
    chosen = new Set(given.length ? given : known.slice(0, AT_FIRST));
    for (const box of byId("drawn").querySelectorAll("input")) box.checked = chosen.has(box.value);
  }

  for (const slug of known) {
    const box = element("input", { type: "checkbox", value: slug });
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(slug);
      else chosen.delete(slug);
      writeState(new URLSearchParams({ models: [...chosen].join(",") }));
      refresh();
    });
    byId("drawn").append(element("label", {}, box, " ", element("bdi", { textContent: labels[slug] })));
  }
  addEventListener("hashchange", () => {
    read();
    refresh();
  });
  read();

  return {
    known,
    /** Those that the reader chose, in the order of the ranking. */
    chosen: () => known.filter((slug) => chosen.has(slug)),
    /** Draw now, and whenever the choice changes. */
    show(draw) {
      byId("drawn-count").textContent = `(${chosen.size} of ${known.length})`;
      listeners.push(draw);
      draw();
    },
  };
})();
