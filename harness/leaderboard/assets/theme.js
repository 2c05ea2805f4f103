// Light or dark: as the system says, until the reader chooses. Loaded before the page is drawn.
"use strict";
(() => {
  const KEY = "harness-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden
    }
  };
  const apply = () => {
    const chosen = stored();
    root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : system.matches ? "dark" : "light";
    dispatchEvent(new Event("themechange"));
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", id: "theme", textContent: "◐", title: "Switch between light and dark" });
    button.setAttribute("aria-label", button.title);
    document.querySelector("header").append(button);
    button.addEventListener("click", () => {
      const other = root.dataset.theme === "dark" ? "light" : "dark";
      try {
        localStorage.setItem(KEY, other);
      } catch {
        // for this page only, then
      }
      root.dataset.theme = other;
      dispatchEvent(new Event("themechange"));
    });
  });
})();
