// templates/admin/eventi/incontro/iscrivi.html: seats that stay fresh while the officer talks,
// and one registration for each Enter. Without it the page works the same, as of its loading.
const posti = document.getElementById("posti");
const modulo = document.getElementById("iscrivi");

async function aggiorna() {
  if (document.hidden) return;
  try {
    const risposta = await fetch(posti.dataset.url, { redirect: "error" });
    if (!risposta.ok) return;
    const nuovo = await risposta.text();
    // Only a change is written, so that a screen reader does not repeat what it said.
    if (nuovo.trim() !== posti.innerHTML.trim()) posti.innerHTML = nuovo;
  } catch {
    // No network for a moment: the next turn tries again.
  }
}

// Who may be the same person, while the officer types; the save asks again in any case.
const doppioni = document.getElementById("doppioni");
let attesa;

async function confronta() {
  const dati = new FormData();
  for (const nome of ["csrfmiddlewaretoken", "nome", "telefono", "email"]) {
    dati.set(nome, modulo.elements[nome].value);
  }
  try {
    const risposta = await fetch(modulo.dataset.doppioni, {
      method: "POST",
      body: dati,
      redirect: "error",
    });
    if (!risposta.ok) return;
    const nuovo = await risposta.text();
    if (nuovo.trim() !== doppioni.innerHTML.trim()) doppioni.innerHTML = nuovo;
  } catch {
    // No network for a moment: the save will tell.
  }
}

if (modulo && doppioni) {
  for (const nome of ["nome", "telefono", "email"]) {
    modulo.elements[nome].addEventListener("input", () => {
      clearTimeout(attesa);
      attesa = setTimeout(confronta, 400);
    });
  }
}
if (posti) setInterval(aggiorna, 10000);
if (modulo) {
  const bottone = modulo.querySelector("input[type=submit]");
  modulo.addEventListener("submit", () => { bottone.disabled = true; });
  window.addEventListener("pageshow", () => { bottone.disabled = false; });
}
