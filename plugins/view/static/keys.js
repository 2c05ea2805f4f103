"use strict";
// Keys: each is shown beside what it does, and all of a page in a list that "?" opens.
(() => {
  const inField = (target) => target.closest("input, select, textarea, [contenteditable]");
  const seen = (element) => element.getClientRects().length > 0;
  const own = () => [
    ...[...document.querySelectorAll("[data-focus]")].filter(seen).map((field) => [field.dataset.focus, `go to “${field.labels?.[0]?.firstChild.textContent.trim() ?? field.name}”`, () => field.focus()]),
    ...[...document.querySelectorAll("[data-press]")].filter(seen).map((button) => [button.dataset.press, (button.dataset.does ?? button.textContent).trim().toLowerCase(), () => button.click()]),
  ];
  const fixed = () => {
    const list = [];
    const pager = (rel) => document.querySelector(`.pager a[rel="${rel}"]`);
    if (document.getElementById("as-written")) list.push(["s", "source, or rendered"]);
    if (document.getElementById("expand")) list.push(["e", "expand all"]);
    if (document.querySelector(".tools a.button:last-child kbd")) list.push(["d", "word differences"]);
    if (pager("next")) list.push(["j or →", "next"]);
    if (pager("prev")) list.push(["k or ←", "previous"]);
    if (document.getElementById("heat")) list.push(["← ↑ ↓ →", "from field to field of the table"], ["Enter", "open the field's cell, or sort by the column"], ["x or Shift-click", "choose the field as one of two to compare"], ["Esc", "give up choosing"]);
    list.push(["h", "results of all models"], ["?", "this list"]);
    return list;
  };

  function make(name, ...children) {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  }

  let dialog = null;
  function show() {
    dialog?.remove();
    dialog = make("dialog");
    dialog.className = "keys";
    dialog.setAttribute("aria-labelledby", "keys-title");
    const title = make("h2", "Keys");
    title.id = "keys-title";
    const list = make("dl");
    for (const [key, does] of [...own(), ...fixed()]) list.append(make("dt", make("kbd", key)), make("dd", does));
    const close = make("button", "Close");
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, list, close);
    document.body.append(dialog);
    dialog.showModal();
  }

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      show();
      return;
    }
    if (event.key === "h") {
      location.href = "/";
      return;
    }
    const found = own().find(([key]) => key === event.key);
    if (found) {
      event.preventDefault();
      found[2]();
    }
  });

  // Beside each button and field stands its key; a phone, which has none, shows none (see keys in view.css).
  function hint(element, key) {
    const mark = make("kbd", key);
    mark.setAttribute("aria-hidden", "true");
    element.append(" ", mark);
    element.setAttribute("aria-keyshortcuts", key);
  }
  for (const button of document.querySelectorAll("[data-press]")) {
    button.dataset.does = button.textContent;
    hint(button, button.dataset.press);
  }
  for (const field of document.querySelectorAll("[data-focus]")) {
    const label = field.labels?.[0];
    if (!label) continue;
    const mark = make("kbd", field.dataset.focus);
    mark.setAttribute("aria-hidden", "true");
    field.before(mark);
    field.setAttribute("aria-keyshortcuts", field.dataset.focus);
  }
  for (const [rel, key] of [["next", "j"], ["prev", "k"]]) {
    for (const link of document.querySelectorAll(`.pager a[rel="${rel}"]`)) hint(link, key);
  }

  const button = make("button", "Keys ", make("kbd", "?"));
  button.type = "button";
  button.className = "keys-button";
  button.setAttribute("aria-label", "Keys");
  button.addEventListener("click", show);
  document.querySelector("header")?.append(button);
})();
