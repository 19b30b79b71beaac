// A page that waits for something done in the background: the bar moves, and once it is done the
// page is read again. Without this there is the link below the bar.
(() => {
  const attesa = document.querySelector("[data-avanzamento]");
  if (!attesa) {
    return;
  }
  const barra = attesa.querySelector("progress");
  const frase = attesa.querySelector("[data-frase]");
  let pausa = 1000;

  const guarda = async () => {
    try {
      const risposta = await fetch(attesa.dataset.avanzamento, { headers: { Accept: "application/json" } });
      if (!risposta.ok || risposta.redirected) {
        // Logged out, or gone: the page itself says so.
        window.location.reload();
        return;
      }
      const stato = await risposta.json();
      if (!stato.in_lavoro) {
        window.location.reload();
        return;
      }
      if (stato.totale) {
        barra.max = stato.totale;
        barra.value = stato.fatte;
      } else {
        // Nobody knows how far: it moves by itself.
        barra.removeAttribute("value");
      }
      if (frase.textContent !== stato.frase) {
        frase.textContent = stato.frase;
      }
    } catch {
      // No network for a moment: asked again, less often.
      pausa = Math.min(pausa * 2, 15000);
    }
    window.setTimeout(guarda, pausa);
  };

  window.setTimeout(guarda, pausa);
})();
