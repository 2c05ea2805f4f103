// Buttons that copy: the address of a page with what its reader chose, and what is there to be cited.
"use strict";
(() => {
  const label = (button, text) => {
    const own = button.dataset.label;
    button.textContent = text;
    setTimeout(() => (button.textContent = own), 2000);
  };

  /** Copy by the clipboard where it may be used, else by selecting the text, as for pages opened from a file. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, className: "unseen" });
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }

  function button(text, what) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text });
    made.dataset.label = text;
    made.setAttribute("aria-live", "polite");
    made.addEventListener("click", async () => label(made, (await copy(what())) ? "Copied" : "Copying is not allowed here"));
    return made;
  }

  const link = button("Copy link", () => location.href);
  link.id = "copy-link";
  link.title = "Copies the address of this page with everything that is chosen on it";
  document.querySelector("header.top nav").after(link);
  for (const text of document.querySelectorAll("#citation")) text.before(button("Copy", () => text.textContent));
})();
