// The page reloads by its own link as well: this asks for the numbers alone, and less often while
// nobody looks.
const pagina = document.querySelector("[data-avanzamento]");
const barra = pagina.querySelector("progress");
const frase = pagina.querySelector("[data-frase]");

const scrivi = (elemento, testo) => {
  // What is said aloud is said once.
  if (elemento.textContent !== String(testo)) elemento.textContent = testo;
};

async function chiedi() {
  try {
    const risposta = await fetch(pagina.dataset.avanzamento, { headers: { Accept: "application/json" } });
    // Signed out meanwhile: nothing more to ask.
    if (risposta.status < 500 && !risposta.ok) return;
    const stato = await risposta.json();
    scrivi(frase, stato.frase);
    scrivi(pagina.querySelector("[data-fatti]"), stato.fatti);
    scrivi(pagina.querySelector("[data-previsti]"), stato.previsti);
    for (const [nome, quanti] of Object.entries(stato.numeri)) {
      scrivi(pagina.querySelector(`[data-numero="${nome}"]`), quanti);
    }
    barra.max = stato.previsti || 1;
    barra.value = stato.fatti;
    if (!stato.in_corso) {
      // The buttons have changed too.
      location.reload();
      return;
    }
  } catch {
    // Offline, or the server restarts: the next time.
  }
  setTimeout(chiedi, document.hidden ? 15000 : 3000);
}

setTimeout(chiedi, 3000);
