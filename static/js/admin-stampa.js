// The browser's own menu prints as well: the button shows only where this runs.
for (const bottone of document.querySelectorAll("[data-stampa]")) {
  bottone.hidden = false;
  bottone.addEventListener("click", () => window.print());
}
