// templates/raccolta/ordina.html: the same forms as without this script, sent without leaving the
// page; notes are dragged with the mouse and reached with the arrows. The server's page is the
// only state there is: after each move #tavola is replaced by the one of its answer.
const pagina = document;
let trascinate = [];

const tavola = () => pagina.getElementById("tavola");
const caselle = () => [...tavola().querySelectorAll("[data-nota] input")];
const scelte = () => caselle().filter((casella) => casella.checked);

// --- What only works with a script ---

function prepara() {
  tavola().classList.add("ordina-viva");
  for (const parte of tavola().querySelectorAll("[data-solo-script]")) parte.hidden = false;
  for (const nota of tavola().querySelectorAll("[data-nota]")) nota.draggable = true;
  conta();
  mostraTitolo();
}

function conta() {
  const { scelteUna, scelteMolte } = tavola().dataset;
  const quante = scelte().length;
  const testo = quante === 1 ? scelteUna : scelteMolte.replace("#", quante);
  tavola().querySelector("[data-scelte]").textContent = quante ? `(${testo})` : "";
}

// A title is asked for only where something new is made.
function mostraTitolo() {
  const dove = pagina.getElementById("dove").value;
  const serve = dove.startsWith("nuov");
  tavola().querySelector("[data-titolo-nuovo]").hidden = !serve;
  if (!serve) pagina.getElementById("titolo").value = "";
}

// --- Sending a form without leaving ---

async function invia(form, bottone) {
  const dati = new FormData(form);
  if (bottone?.name) dati.append(bottone.name, bottone.value);
  // Where the keyboard goes on: on the note after those that move, or on what was pressed.
  const prossima = dopo(scelte());
  const torna = bottone && !bottone.hidden ? posto(bottone) : null;
  const digitati = punti(form);
  tavola().setAttribute("aria-busy", "true");
  let nuova;
  try {
    const risposta = await fetch(form.action, { method: "POST", body: dati });
    if (risposta.redirected && !risposta.url.startsWith(location.origin + location.pathname)) {
      throw new Error(risposta.url);
    }
    const arrivata = new DOMParser().parseFromString(await risposta.text(), "text/html");
    nuova = arrivata.getElementById("tavola");
    if (!nuova) throw new Error(String(risposta.status));
    sostituisci(nuova, arrivata, digitati);
  } catch {
    tavola().removeAttribute("aria-busy");
    di(tavola().dataset.caduta, true);
    return;
  }
  const li = prossima && pagina.getElementById(prossima);
  (li || (torna && pagina.querySelector(torna)) || pagina.getElementById("note")).focus({
    preventScroll: Boolean(li),
  });
}

function sostituisci(nuova, arrivata, digitati) {
  const [su, destra] = [scrollY, scrollX];
  const errore = nuova.querySelector("[data-esito]");
  const fatto = arrivata.querySelector(".messaggi");
  const aperti = [...tavola().querySelectorAll("details")].map((parte) => parte.open);
  tavola().replaceWith(pagina.importNode(nuova, true));
  tavola().querySelectorAll("details").forEach((parte, i) => { parte.open = aperti[i]; });
  for (const [nome, valore] of digitati) {
    const campo = tavola().querySelector(`input[name="${nome}"]`);
    if (campo) campo.value = valore;
  }
  // What the page said before is past.
  pagina.querySelector("main .messaggi")?.remove();
  prepara();
  scrollTo(destra, su);
  // A region that comes with its words in it is not read aloud: they are put in afterwards.
  const parole = (errore || fatto)?.textContent.trim() || "";
  errore && tavola().querySelector("[data-esito]")?.remove();
  requestAnimationFrame(() => di(parole, Boolean(errore)));
}

function di(parole, errore) {
  const voce = tavola().querySelector("[data-voce]");
  voce.classList.toggle("ordina-errore", errore);
  voce.textContent = parole;
}

// Dots typed and not saved yet stay when only notes move.
function punti(form) {
  if (form.id === "bollini") return [];
  return [...tavola().querySelectorAll('input[type="number"]')]
    .filter((campo) => campo.value !== campo.defaultValue)
    .map((campo) => [campo.name, campo.value]);
}

function dopo(mosse) {
  const tutte = caselle();
  const ultima = tutte.indexOf(mosse.at(-1));
  if (ultima < 0) return null;
  const resta = (casella) => !casella.checked;
  const vicina = tutte.slice(ultima + 1).find(resta) || tutte.slice(0, ultima).reverse().find(resta);
  return vicina ? vicina.id : null;
}

function posto(bottone) {
  if (bottone.name !== "qui") return "#dove";
  return `button[name="qui"][value="${CSS.escape(bottone.value)}"]`;
}

pagina.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || !tavola().contains(form)) return;
  event.preventDefault();
  if (tavola().hasAttribute("aria-busy")) return;
  invia(form, event.submitter);
}, { capture: true });

// --- Keyboard ---

pagina.addEventListener("keydown", (event) => {
  const casella = event.target;
  if (!casella.closest || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape" && tavola().contains(casella) && scelte().length) {
    for (const scelta of scelte()) scelta.checked = false;
    conta();
    return;
  }
  if (!casella.matches("[data-nota] input")) return;
  const tutte = caselle();
  const passo = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (passo) tutte[tutte.indexOf(casella) + passo]?.focus();
  else if (event.key === "Enter") pagina.getElementById("dove").focus();
  else return;
  event.preventDefault();
});

pagina.addEventListener("change", (event) => {
  if (event.target.matches("[data-nota] input")) conta();
  if (event.target.id === "dove") mostraTitolo();
});

// --- Mouse ---

function luogo(event) {
  const qui = event.target.closest?.("[data-luogo]");
  return qui && trascinate.length ? qui : null;
}

function illumina(qui) {
  for (const altro of pagina.querySelectorAll(".ordina-qui")) {
    if (altro !== qui) altro.classList.remove("ordina-qui");
  }
  qui?.classList.add("ordina-qui");
}

pagina.addEventListener("dragstart", (event) => {
  const nota = event.target.closest?.("[data-nota]");
  if (!nota) return;
  const sua = nota.querySelector("input");
  // A note that is not among the chosen ones goes alone.
  if (!sua.checked) for (const casella of caselle()) casella.checked = casella === sua;
  conta();
  trascinate = scelte().map((casella) => casella.closest("[data-nota]"));
  for (const una of trascinate) una.classList.add("ordina-trascinata");
  // The bar would hide the groups under it. Not at once: a page that changes now drops the drag.
  requestAnimationFrame(() => tavola().classList.add("ordina-in-volo"));
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", nota.innerText);
});

pagina.addEventListener("dragover", (event) => {
  const qui = luogo(event);
  illumina(qui);
  if (!qui) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
});

pagina.addEventListener("drop", (event) => {
  const qui = luogo(event);
  if (!qui) return;
  event.preventDefault();
  const form = pagina.getElementById("raggruppa");
  const dove = qui.dataset.luogo;
  let bottone = tavola().querySelector(`button[name="qui"][value="${dove}"]`);
  if (!bottone) {
    bottone = pagina.createElement("button");
    Object.assign(bottone, { type: "submit", name: "qui", value: dove, hidden: true });
    form.append(bottone);
  }
  form.requestSubmit(bottone);
});

pagina.addEventListener("dragend", () => {
  for (const nota of pagina.querySelectorAll(".ordina-trascinata")) {
    nota.classList.remove("ordina-trascinata");
  }
  trascinate = [];
  tavola().classList.remove("ordina-in-volo");
  illumina(null);
});

prepara();
