// Draws the pictures that metrics declare, of the models that the reader chooses.
"use strict";
(() => {
  const { frames, labels } = chunks.pictures;
  const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8b6bd6", "#a05a2c", "#5b8c2a", "#c0392b"];
  const DASHES = ["solid", "dash", "dot", "dashdot"];
  const { known } = drawnModels;

  for (const frame of frames) {
    for (const series of [...frame.references, ...Object.values(frame.models).flat()]) series.x = frame.across[series.x];
  }

  // Plotly reads some tags in texts, and formulas between dollar signs; what a model is called is text.
  const plain = (text) => text.replace(/[&<>$]/g, (character) => `&#${character.charCodeAt(0)};`);
  const LONGEST = 32; // of a name in a legend, which takes its room from the picture
  const short = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST / 2)}…${text.slice(-LONGEST / 2)}` : text);
  const colour = (slug) => COLOURS[known.indexOf(slug) % COLOURS.length];
  const dash = (slug) => DASHES[Math.floor(known.indexOf(slug) / COLOURS.length) % DASHES.length];

  function traces(frame, slug, series, ink) {
    const own = slug === null;
    const label = own ? series.name || "reference" : short(labels[slug]) + (series.name ? `: ${series.name}` : "");
    const shared = { x: series.x, y: series.y, name: plain(label), legendgroup: slug ?? label };
    const paint = own ? ink : colour(slug);
    const line = { color: paint, width: own ? 1 : 2, dash: own ? "dot" : dash(slug), shape: series.form === "steps" ? "hv" : "linear" };
    const made = [];
    if (series.form === "bars") {
      const error = series.low
        ? { type: "data", symmetric: false, array: series.high.map((v, i) => v - series.y[i]), arrayminus: series.low.map((v, i) => series.y[i] - v), color: ink, thickness: 1 }
        : undefined;
      return [{ ...shared, type: "bar", marker: { color: paint }, error_y: error }];
    }
    if (series.low && series.form !== "points") {
      const back = (values) => [...values].reverse();
      const stepped = series.form === "steps";
      const across = stepped ? corners(series.x, true) : series.x;
      const edge = (values) => (stepped ? corners(values, false) : values);
      made.push({
        x: [...across, ...back(across)],
        y: [...edge(series.high), ...back(edge(series.low))],
        fill: "toself",
        fillcolor: paint,
        opacity: 0.15,
        line: { width: 0 },
        hoverinfo: "skip",
        showlegend: false,
        legendgroup: shared.legendgroup,
      });
    }
    const points = series.form === "points";
    const bars = points && series.low
      ? { error_y: { type: "data", symmetric: false, array: series.high.map((v, i) => v - series.y[i]), arrayminus: series.low.map((v, i) => series.y[i] - v), color: paint } }
      : {};
    made.push({ ...shared, ...bars, type: "scatter", mode: points ? "markers" : "lines", line, marker: { color: paint, size: 7 } });
    return made;
  }

  /** The corners of steps that go across first and then up: of one axis, each value but an end twice. */
  function corners(values, across) {
    const twice = values.flatMap((value) => [value, value]);
    return across ? twice.slice(1) : twice.slice(0, -1);
  }

  /** Powers of two, where a logarithmic axis counts things. */
  function counts(frame) {
    const series = Object.values(frame.models).flat();
    return frame.x_scale === "log" && series.every((one) => one.x.every((x) => Number.isInteger(x) && x <= 4096));
  }

  function axis(title, scale, range, styles) {
    const ends = range && scale === "log" ? range.map(Math.log10) : range;
    return {
      title: { text: plain(title), font: { size: 13 } },
      type: scale === "log" ? "log" : undefined,
      range: ends ?? undefined,
      gridcolor: styles.getPropertyValue("--line"),
      zerolinecolor: styles.getPropertyValue("--line"),
      automargin: true,
    };
  }

  function draw(frame, place) {
    const styles = getComputedStyle(document.documentElement);
    const ink = styles.getPropertyValue("--ink").trim();
    const narrow = place.clientWidth < 600;
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: ink, family: "system-ui, sans-serif", size: narrow ? 12 : 13 },
      margin: { t: 10, r: 10, l: 50, b: 45 },
      height: narrow ? 420 : 400,
      xaxis: { ...axis(frame.x, frame.x_scale, frame.x_range, styles), ...(counts(frame) ? { dtick: Math.log10(2), tick0: 0 } : {}) },
      yaxis: axis(frame.y, frame.y_scale, frame.y_range, styles),
      hovermode: "closest",
      showlegend: true,
      legend: narrow ? { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" } : {},
      barmode: "group",
    };
    const data = [
      ...frame.references.flatMap((series) => traces(frame, null, series, ink)),
      ...drawnModels.chosen().filter((slug) => Object.hasOwn(frame.models, slug)).flatMap((slug) => frame.models[slug].flatMap((series) => traces(frame, slug, series, ink))),
    ];
    Plotly.react(place, data, layout, { responsive: true, displaylogo: false, displayModeBar: false });
  }

  const places = frames.map((frame) => {
    const place = element("div", { className: "plot" });
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", `${frame.title}: ${frame.y} against ${frame.x}`);
    const caption = element("figcaption", {}, element("b", { textContent: frame.title }), ` (${frame.metric})`);
    if (frame.note) caption.append(element("p", { className: "facts", textContent: frame.note }));
    document.getElementById("frames").append(element("figure", {}, caption, place));
    return place;
  });

  const refresh = () => frames.forEach((frame, i) => draw(frame, places[i]));
  addEventListener("themechange", refresh);
  drawnModels.show(refresh);
})();
