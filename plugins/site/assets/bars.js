// Bars below figures, read from the texts: a page is complete without them, and small.
"use strict";

/** The number a cell shows; NaN where there is none. */
function shownNumber(cell) {
  return Number.parseFloat(cell.firstChild?.textContent);
}

/** Both ends of an interval that is shown as "[low, high]"; empty where there is none. */
function shownInterval(text) {
  return text.startsWith("[") ? text.slice(1, -1).split(", ").map(Number) : [];
}

/** Paint the bar of a cell: the value as a mark in its interval, between the ends of its scale. */
function paintBar(cell, ends, value, interval, median = NaN, chance = NaN) {
  const [least, most] = ends;
  if (!(most > least) || Number.isNaN(value)) return;
  const at = (number) => Math.round((1000 * (Math.min(most, Math.max(least, number)) - least)) / (most - least)) / 10;
  let style = `--c:${at(value)}`;
  if (interval.length) style += `;--a:${at(interval[0])};--b:${at(interval[1])}`;
  if (!Number.isNaN(median)) style += `;--m:${at(median)}`;
  // Chance that lies beyond the scale has no place on it.
  if (chance >= least && chance <= most) style += `;--h:${at(chance)}`;
  cell.className = "f";
  cell.style.cssText = style;
}

for (const table of document.querySelectorAll("table.scores")) {
  const columns = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const median = columns.indexOf("median");
  for (const row of table.tBodies[0].rows) {
    if (row.cells.length < 2) continue; // the name of a group of rows
    const ends = (row.dataset.ends ?? table.dataset.ends ?? "").split(" ").map(Number);
    const middle = median < 0 ? NaN : shownNumber(row.cells[median]);
    paintBar(row.cells[1], ends, shownNumber(row.cells[1]), shownInterval(row.cells[2].textContent.trim()), middle, Number.parseFloat(row.dataset.chance));
  }
}
