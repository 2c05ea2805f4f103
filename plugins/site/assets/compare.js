// Two models, side by side: paired differences that the command line computed, and the items that tell them apart.
"use strict";
(() => {
  const { benchmark, models, compared, columns, items } = chunks.models;
  const byId = (id) => document.getElementById(id);
  const AT_ONCE = 100;
  const index = new Map(models.map((model, i) => [model.slug, i]));
  const state = { first: -1, second: -1, pinned: [], domains: false, task: 0, side: "all", shown: AT_ONCE };

  /** The files of a model and of a task's items. */
  const fileOfModel = (i) => loadData(`compare/m-${models[i].slug}.js`, `m-${models[i].slug}`);
  const fileOfItems = (task) => loadData(`compare/${task.file}.js`, task.file);

  const MOST_KEPT = 100;
  const scoresRead = new Map();

  /** A model's figure on each item of a task, NaN where it failed; read once while the reader stays with the model.
      Of a task that is ranked, a record of score, rank among the negatives, and pulls; null where it failed. */
  function scoresOf(i, number) {
    const key = `${i} ${number}`;
    if (scoresRead.size > MOST_KEPT && !scoresRead.has(key)) scoresRead.clear();
    if (!scoresRead.has(key)) scoresRead.set(key, readScores(i, number));
    return scoresRead.get(key);
  }

  async function readScores(i, number) {
    const { levels, codes } = (await fileOfModel(i)).scores[number];
    if (items[number].ranked) {
      const lines = new TextDecoder().decode(await inflate(levels)).split("\n").map((line) => line.split(" "));
      const records = lines.map(([score, rank, pullUp, pullDown]) => ({ score, rank: Number(rank), pulls: [pullDown, pullUp] }));
      return Array.from(await inflate(codes), (code) => (code === 255 ? null : records[code]));
    }
    const own = levels ?? items[number].levels;
    return Array.from(await inflate(codes), (code) => (code === 255 ? NaN : own[code]));
  }

  // the table of differences

  const FIELDS = ["first", "second", "difference", "low", "high", "p", "n", "detectable", "better", "won", "wonLow", "wonHigh"];

  /** The comparisons of two models by column, as texts; null where there is none. The file of the later model has them. */
  async function comparisonsOf(first, second) {
    const { pairs } = await fileOfModel(Math.max(first, second));
    const lines = new TextDecoder().decode(await inflate(pairs)).split("\n");
    return columns.map((_, k) => {
      const text = lines[k].split("\t")[Math.min(first, second)];
      if (!text) return null;
      const c = Object.fromEntries(text.split(" ").map((field, i) => [FIELDS[i], field]));
      return first < second ? c : turned(c);
    });
  }

  /** The same with the two models exchanged. */
  function turned(c) {
    const other = { first: "second", second: "first", neither: "neither" };
    return {
      ...c,
      ...{ first: c.second, second: c.first, difference: minus(c.difference), low: minus(c.high), high: minus(c.low) },
      ...{ better: other[c.better], won: others(c.won), wonLow: others(c.wonHigh), wonHigh: others(c.wonLow) },
    };
  }

  const minus = (text) => (Number(text) > 0 ? `-${text}` : text.length > 1 ? text.replace(/^-/, "") : text);
  const others = (share) => (share === "-" ? share : (100 - Number(share)).toFixed(2));

  async function showDifferences() {
    const { first, second } = state;
    const missing = Math.max(first, second) >= compared;
    byId("elsewhere").hidden = !missing;
    byId("elsewhere-command").textContent = command(models[first].label, models[second].label);
    if (missing) {
      byId("differences").hidden = true;
      byId("status").textContent = "";
      return;
    }
    const found = await comparisonsOf(first, second);
    if (first !== state.first || second !== state.second) return; // the reader was faster
    const measured = columns.map((column, k) => [column, found[k]]).filter(([, c]) => c !== null);
    const shown = measured.filter(([column]) => state.domains || column.domain === "overall");
    const scale = scales(shown);
    byId("head-first").replaceChildren(name(first));
    byId("head-second").replaceChildren(name(second));
    byId("pairs").tBodies[0].replaceChildren(...shown.map(([column, c]) => line(column, c, scale.get(column.unit))));
    await showRemarks(first, second, new Set(shown.map(([column]) => column)));
    byId("domains").parentElement.hidden = !columns.some((column) => column.domain !== "overall");
    byId("differences").hidden = false;
    byId("command").textContent = command(models[first].label, models[second].label);
    byId("status").textContent = shown.length ? "" : "These two were evaluated on no common task.";
  }

  /** What there is to say of the figures shown: each sentence once, with its metrics before it and its models behind. */
  async function showRemarks(first, second, shown) {
    const said = new Map();
    for (const i of [first, second]) {
      for (const [note, numbers] of Object.entries((await fileOfModel(i)).notes ?? {})) {
        const titles = numbers.filter((k) => shown.has(columns[k])).map((k) => columns[k].title);
        const key = JSON.stringify([note, titles]);
        if (titles.length) said.set(key, [...(said.get(key) ?? []), models[i].label]);
      }
    }
    if (first !== state.first || second !== state.second) return;
    const lines = [...said].map(([key, labels]) => {
      const [note, titles] = JSON.parse(key);
      return `${titles.join(", ")}: ${note} (${labels.join(", ")})`;
    });
    for (const i of [first, second]) if (models[i].bound) lines.unshift(`${models[i].label}: ${models[i].bound}`);
    if ([...shown].some((column) => column.unresolvable)) lines.push("p is withheld where a figure is not resolvable: it would say more than the items know");
    byId("remarks").replaceChildren(...lines.map((text) => element("li", { textContent: text })));
    byId("remarks").hidden = !lines.length;
  }

  /** What to type for the same figures; a name that begins like an option stands behind a "--". */
  function command(...labels) {
    const options = ["-t", benchmark, ...(state.domains ? ["--domains"] : [])];
    const dashed = labels.some((label) => label.startsWith("-"));
    const words = dashed ? [...options, "--", ...labels] : [...labels, ...options];
    return ["harness", "compare", ...words].map(quoted).join(" ");
  }

  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\"'\"'")}'`);
  const name = (i) => element("bdi", { textContent: models[i].label });

  /** The largest end of any interval of each unit, for the bars. */
  function scales(found) {
    const largest = new Map();
    for (const [column, c] of found) {
      const ends = [c.low, c.high, c.difference].map(Number).filter(Number.isFinite).map(Math.abs);
      largest.set(column.unit, Math.max(largest.get(column.unit) ?? 0, ...ends));
    }
    return largest;
  }

  const interval = (low, high) => (low === "-" ? "" : ` [${low}, ${high}]`);

  function line(column, c, largest) {
    const head = element("th", { scope: "row" }, soft(column.title));
    if (!column.higher_is_better) head.append(" ", element("small", { textContent: "lower is better" }));
    if (column.domain !== "overall") head.className = "d";
    const cell = (...parts) => element("td", {}, ...parts);
    // Without a p-value the reader is told why: one of what the items cannot resolve would say more than they know.
    const why = column.unresolvable && c.p === "-" ? [element("i", { textContent: "not resolvable", title: column.unresolvable })] : [];
    const difference = (Number(c.difference) > 0 ? "+" : "") + c.difference;
    return element(
      ...["tr", {}, head, cell(c.first), cell(c.second)],
      cell(element("b", { textContent: difference }), interval(c.low, c.high)),
      ...[gap(column, c, largest), cell(c.p, ...why), c.won === "-" ? cell("–") : cell(c.won, interval(c.wonLow, c.wonHigh))],
      ...[cell(c.n), cell(c.detectable)],
    );
  }

  /** A bar to the right where the first is better, to the left where the second is. */
  function gap(column, c, largest) {
    const sign = column.higher_is_better ? 1 : -1;
    const cell = element("td", { className: "gap" });
    if (!(largest > 0)) return cell;
    const at = (text) => 50 + (48 * sign * Number(text === "-" ? c.difference : text)) / largest;
    cell.style.setProperty("--a", Math.min(at(c.low), at(c.high)));
    cell.style.setProperty("--b", Math.max(at(c.low), at(c.high)));
    cell.style.setProperty("--c", at(c.difference));
    cell.classList.add(c.better);
    cell.append(element("span", { textContent: c.better }));
    return cell;
  }

  // the items

  async function showItems() {
    const task = items[state.task];
    byId("disagreements").hidden = !task;
    if (!task) return;
    const both = [state.first, state.second];
    const [data, ...scores] = await Promise.all([fileOfItems(task), ...both.map((i) => scoresOf(i, state.task))]);
    if (both[0] !== state.first || both[1] !== state.second || task !== items[state.task]) return;
    const gaps = data.ids.map((_, i) => ({ i, gap: gapOf(task, data, scores, i) }));
    const side = { all: () => true, first: (g) => g.gap > 0, second: (g) => g.gap < 0 }[state.side];
    const least = task.ranked ? 0.5 : 1e-9; // levels of ranks are rounded, most of all in the middle
    const differ = gaps.filter((g) => Math.abs(g.gap) > least);
    const found = differ.filter(side);
    found.sort((a, b) => Math.abs(b.gap) - Math.abs(a.gap) || a.i - b.i);
    const failed = gaps.filter((g) => Number.isNaN(g.gap)).length;
    describeItems(task, data, differ, failed);
    byId("items-first").replaceChildren(name(both[0]));
    byId("items-second").replaceChildren(name(both[1]));
    const shown = found.slice(0, state.shown);
    byId("items-class").hidden = !task.ranked;
    byId("items-domains").hidden = !data.domains.some((domains) => domains.length);
    byId("items").tBodies[0].replaceChildren(...shown.map(({ i }) => itemLine(task, data, scores, i)));
    byId("items").parentElement.hidden = !shown.length;
    byId("items-none").hidden = Boolean(shown.length);
    byId("items-none").textContent = differ.length
      ? `There is no item on which ${models[both[state.side === "first" ? 0 : 1]].label} is better.`
      : "There is no item on which the two differ.";
    byId("more").hidden = found.length <= state.shown;
  }

  /** How much better the first does on an item: of ranks, in percentage points, towards where its class belongs. */
  function gapOf(task, data, [one, other], i) {
    if (!task.ranked) return (task.higher_is_better ? 1 : -1) * (one[i] - other[i]);
    if (one[i] === null || other[i] === null) return NaN;
    return (data.positive[i] === "1" ? 1 : -1) * (one[i].rank - other[i].rank);
  }

  function describeItems(task, data, differ, failed) {
    const better = differ.filter((g) => g.gap > 0).length;
    const [one, other] = task.own || task.ranked ? ["better by the first", "better by the second"] : ["help the first more", "help the second more"];
    const alike = task.ranked ? "ranked alike (within half a per cent)" : "alike";
    const parts = [`${data.ids.length - differ.length - failed} ${alike}, ${better} ${one}, ${differ.length - better} ${other}`];
    if (failed) parts.push(`${failed} that one of them failed or lacks`);
    if (task.left_out) parts.push(`${task.left_out} further items, on which the models differ less, are left out`);
    const ranks = `where each model ranks them among the ${data.negatives?.toLocaleString("en")} negatives`;
    const what = task.own ? task.metric : task.ranked ? ranks : `how far each pulls ${task.metric} up or down`;
    byId("items-status").textContent = `${data.ids.length} items by ${what}: ${parts.join("; ")}.`;
  }

  /** A figure as it is; a pull with its sign. */
  function shownScore(score, task) {
    return (!task.own && score > 0 ? "+" : "") + itemFigure(score, task.unit);
  }

  function itemLine(task, data, scores, i) {
    const head = element("th", { scope: "row" }, soft(data.ids[i]));
    const texts = data.texts[data.ids[i]];
    if (texts) {
      const shown = Object.entries(texts).map(([field, text]) =>
        element("div", {}, element("b", { textContent: field }), element("pre", { textContent: text })),
      );
      head.append(element("details", {}, element("summary", { textContent: "texts" }), ...shown));
    }
    const domains = element("td", { className: "text", textContent: data.domains[i].join(", "), hidden: byId("items-domains").hidden });
    const made = element("tr", {}, head);
    if (!task.ranked) {
      for (const own of scores) made.append(element("td", { textContent: shownScore(own[i], task) }));
      made.append(domains); // last: there may be many, and the figures are what a phone has room for
      return made;
    }
    const positive = data.positive[i] === "1";
    made.append(element("td", { className: "text", textContent: positive ? "positive" : "negative" }));
    for (const own of scores) made.append(rankCell(own[i], positive, task));
    made.append(domains);
    return made;
  }

  /** "above 97 %", with the score below, and the influence on pointing. */
  function rankCell(own, positive, task) {
    if (own === null) return element("td", { textContent: "-" });
    const near = own.rank > 0.5 && own.rank < 99.5 ? 0 : own.rank > 0.05 && own.rank < 99.95 ? 1 : 2;
    const digits = own.rank === 0 || own.rank === 100 ? 0 : near;
    const pull = own.pulls[Number(positive)];
    const title = `influence on ${task.metric}: ${pull > 0 ? "+" : ""}${pull}`;
    return element("td", { title }, `above ${own.rank.toFixed(digits)} %`, element("i", { textContent: `score ${own.score}` }));
  }

  // state

  function read() {
    const given = readState();
    const wanted = (given.get("models") ?? "").split(",").map((slug) => index.get(slug) ?? -1);
    state.pinned = [...new Set(wanted.filter((i) => i >= 0))];
    const rest = models.map((_, i) => i).filter((i) => !state.pinned.includes(i));
    [state.first, state.second] = [...state.pinned, ...rest];
    state.domains = given.get("domains") === "1";
    state.task = Math.max(0, items.findIndex((item) => item.task === given.get("task")));
    state.side = ["first", "second"].includes(given.get("side")) ? given.get("side") : "all";
  }

  function write() {
    const chosen = [state.first, state.second];
    const order = [...chosen, ...state.pinned.filter((i) => !chosen.includes(i))];
    const given = new URLSearchParams({ models: order.map((i) => models[i].slug).join(",") });
    if (state.domains) given.set("domains", "1");
    if (state.task > 0) given.set("task", items[state.task].task);
    if (state.side !== "all") given.set("side", state.side);
    writeState(given);
  }

  function fill(select, chosen) {
    const option = (i) => new Option(`${models[i].label} (rank ${models[i].rank})`, String(i));
    const all = models.map((_, i) => i);
    if (state.pinned.length > 2) {
      const group = (label, members) => {
        const made = element("optgroup", { label });
        made.append(...members.map(option));
        return made;
      };
      const rest = all.filter((i) => !state.pinned.includes(i));
      select.replaceChildren(group("pinned", state.pinned), ...(rest.length ? [group("others", rest)] : []));
    } else {
      select.replaceChildren(...all.map(option));
    }
    select.value = String(chosen);
  }

  function refresh() {
    if (models.length < 2) {
      byId("status").textContent = "A comparison needs two evaluated models.";
      return;
    }
    fill(byId("first"), state.first);
    fill(byId("second"), state.second);
    byId("domains").checked = state.domains;
    byId("task").value = String(state.task);
    byId("side").value = state.side;
    const failed = (error) => (byId("status").textContent = error.message);
    showDifferences().catch(failed);
    showItems().catch(failed);
  }

  function change(action) {
    action();
    write();
    refresh();
  }

  byId("task").append(...items.map((item, i) => new Option(item.task, String(i))));
  const choose = (mine, other) => (event) =>
    change(() => {
      const chosen = Number(event.target.value);
      if (chosen === state[other]) state[other] = state[mine];
      state[mine] = chosen;
      state.shown = AT_ONCE;
    });
  byId("first").addEventListener("change", choose("first", "second"));
  byId("second").addEventListener("change", choose("second", "first"));
  byId("swap").addEventListener("click", () => change(() => ([state.first, state.second] = [state.second, state.first])));
  byId("domains").addEventListener("change", (event) => change(() => (state.domains = event.target.checked)));
  byId("task").addEventListener("change", (event) => change(() => Object.assign(state, { task: Number(event.target.value), shown: AT_ONCE })));
  byId("side").addEventListener("change", (event) => change(() => Object.assign(state, { side: event.target.value, shown: AT_ONCE })));
  byId("more").addEventListener("click", () => change(() => (state.shown += AT_ONCE)));
  addEventListener("hashchange", () => {
    read();
    refresh();
  });
  read();
  refresh();
})();
