// templates/raccolta/raccolta.html and raccolta_chiusa.html. What she types goes to the browser's
// own store first and from there to the portal; nothing on the page waits for the network.
// Without this script (or without the store) the page is a form like any other.
"use strict";

(() => {
  const dati = JSON.parse(document.getElementById("raccolta-dati").textContent);
  const { testi } = dati;
  const di = dati.token.split(".")[0];
  const trova = (nome) => document.querySelector(`[data-raccolta="${nome}"]`);
  const riempi = (testo, valori) => testo.replace(/\{(\w+)\}/g, (_, nome) => valori[nome]);
  const conta = (coppia, n) => riempi(coppia[n === 1 ? 0 : 1], { n });
  const modulo = trova("modulo");

  // --- A closed link: what had not left ---

  async function mostraRimaste() {
    await Coda.dimenticaSalvate(di);
    const rimaste = (await Coda.elenco(di)).filter((nota) => !nota.eliminata);
    if (!rimaste.length) return;
    for (const nota of rimaste) {
      const voce = document.createElement("li");
      const testo = voce.appendChild(document.createElement("bdi"));
      testo.textContent = nota.testo;
      voce.append(` (${riempi(testi.tavolo, { n: nota.tavolo })})`);
      trova("rimaste-elenco").append(voce);
    }
    trova("rimaste").hidden = false;
  }

  if (!modulo) {
    mostraRimaste().catch(() => {});
    return;
  }

  // --- The field ---

  const campo = modulo.elements.testo;
  const tavolo = modulo.elements.tavolo;
  const lista = trova("note");
  const quante = trova("quante");
  const stato = trova("stato");
  const annuncio = trova("annuncio");

  // Private windows may refuse these; nothing here is needed.
  const ricorda = (deposito, nome, valore) => {
    try { deposito.setItem(`raccolta-${nome}-${di}`, valore); } catch { /* so be it */ }
  };
  const ricordato = (deposito, nome) => {
    try { return deposito.getItem(`raccolta-${nome}-${di}`) ?? ""; } catch { return ""; }
  };

  function errore(input, testo) {
    const dove = document.getElementById(`${input.id}-errore`);
    dove.textContent = testo;
    dove.hidden = !testo;
    input.classList.toggle("is-invalid", Boolean(testo));
    if (testo) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return testo;
  }

  function testoSbagliato(testo) {
    if (!testo) return testi.manca;
    const n = [...testo].length;
    return n > dati.testoMassimo ? riempi(testi.lunga, { n, massimo: dati.testoMassimo }) : "";
  }

  function tavoloSbagliato(valore) {
    const buono = /^\d{1,2}$/.test(valore) && Number(valore) >= 1;
    return buono ? "" : riempi(testi.tavoloSbagliato, { massimo: dati.tavoloMassimo });
  }

  function cresci(area) {
    area.rows = 2;
    while (area.scrollHeight > area.clientHeight && area.rows < 10) area.rows += 1;
  }

  async function aggiungi(genere) {
    const testo = Coda.pulisci(campo.value);
    if (errore(tavolo, tavoloSbagliato(tavolo.value))) return tavolo.focus();
    campo.focus();
    if (errore(campo, testoSbagliato(testo))) return undefined;
    // The next note may begin before this one is on the disk, and the page may be closed.
    const nota = { chiave: Coda.nuovaChiave(), testo, genere, tavolo: Number(tavolo.value) };
    inVolo.set(nota.chiave, nota);
    ricordaInVolo();
    campo.value = "";
    ricorda(sessionStorage, "bozza", "");
    cresci(campo);
    try {
      await Coda.aggiungi(di, nota);
    } catch {
      campo.value = campo.value ? `${testo}\n${campo.value}` : testo;
      ricorda(sessionStorage, "bozza", campo.value);
      errore(campo, testi.nonScrive);
      return undefined;
    } finally {
      inVolo.delete(nota.chiave);
      ricordaInVolo();
    }
    await disegna();
    return invia();
  }

  const inVolo = new Map();
  const ricordaInVolo = () => ricorda(sessionStorage, "in-volo", JSON.stringify([...inVolo.values()]));

  // --- The list ---

  const voci = new Map();
  const inCorrezione = new Set();
  const ANNULLABILE = 10 * 60 * 1000;

  const visibile = (nota) => !nota.eliminata || Date.now() - (nota.cancellata ?? 0) < ANNULLABILE;

  function clona(nome) {
    return document.getElementById(`raccolta-${nome}`).content.firstElementChild.cloneNode(true);
  }

  function parte(voce, nome) {
    return voce.querySelector(`[data-parte="${nome}"]`);
  }

  function minuti(digitata) {
    return new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }).format(new Date(digitata));
  }

  function scrivi(nota) {
    const cancellata = nota.eliminata;
    let voce = voci.get(nota.chiave);
    const forma = cancellata ? "cancellata" : "nota";
    if (!voce || voce.dataset.forma !== forma) {
      const nuova = clona(forma);
      nuova.dataset.forma = forma;
      voce?.replaceWith(nuova);
      voce = nuova;
      voci.set(nota.chiave, voce);
      const azioni = {
        modifica: () => correggi(attuali.get(nota.chiave)),
        elimina: () => elimina(nota.chiave, true),
        annulla: () => elimina(nota.chiave, false),
      };
      for (const [nome, azione] of Object.entries(azioni)) {
        parte(voce, nome)?.addEventListener("click", azione);
      }
    }
    const pezzi = [riempi(testi.tavolo, { n: nota.tavolo })];
    if (nota.genere) pezzi.push(dati.generi[nota.genere]);
    pezzi.push(minuti(nota.digitata));
    if (nota.doppia) pezzi.push(testi.doppia);
    if (Coda.daInviare(nota)) pezzi.push(testi.inAttesa);
    const scritti = {
      testo: nota.testo, fatti: pezzi.join(" · "), errore: nota.errore,
    };
    for (const [nome, testo] of Object.entries(scritti)) {
      const dove = parte(voce, nome);
      if (dove && dove.textContent !== testo) dove.textContent = testo;
    }
    const sbaglio = parte(voce, "errore");
    if (sbaglio) sbaglio.hidden = !nota.errore;
    voce.classList.toggle("nota-in-attesa", Coda.daInviare(nota));
    voce.classList.toggle("nota-sbagliata", Boolean(nota.errore));
    return voce;
  }

  let attuali = new Map();
  let ultimoDisegno = Promise.resolve();

  // One drawing after the other: the last shows what is kept now.
  function disegna() {
    ultimoDisegno = ultimoDisegno.then(disegnaOra, disegnaOra);
    return ultimoDisegno;
  }

  async function disegnaOra() {
    const note = await Coda.elenco(di);
    attuali = new Map(note.map((nota) => [nota.chiave, nota]));
    const davanti = note.filter(visibile).reverse();
    for (const [chiave, voce] of voci) {
      if (attuali.has(chiave) && visibile(attuali.get(chiave))) continue;
      voce.remove();
      voci.delete(chiave);
    }
    let prima = null;
    for (const nota of davanti) {
      const voce = inCorrezione.has(nota.chiave) ? voci.get(nota.chiave) : scrivi(nota);
      // Only what is out of place moves: a moved element loses the focus.
      const posto = prima ? prima.nextElementSibling : lista.firstElementChild;
      if (posto !== voce) lista.insertBefore(voce, posto);
      prima = voce;
    }
    const vive = note.filter((nota) => !nota.eliminata).length;
    const conto = conta(testi.quante, vive);
    if (quante.textContent !== conto) quante.textContent = conto;
    trova("nessuna").hidden = davanti.length > 0;
    mostraStato(note, vive);
  }

  async function elimina(chiave, eliminata) {
    await Coda.cambia(di, chiave, attuali.get(chiave).versione, { eliminata });
    await disegna();
    parte(voci.get(chiave), eliminata ? "annulla" : "modifica")?.focus();
    invia();
  }

  function correggi(nota) {
    const voce = clona("correzione");
    voce.dataset.forma = "correzione";
    const form = voce.querySelector("form");
    const suo = (nome) => form.elements[nome];
    // Names of fields must differ from note to note on the page.
    for (const elemento of form.querySelectorAll("[id]")) elemento.id += `-${nota.chiave}`;
    for (const elemento of form.querySelectorAll("label")) elemento.htmlFor += `-${nota.chiave}`;
    for (const elemento of form.querySelectorAll("[aria-describedby]")) {
      elemento.setAttribute("aria-describedby", `${elemento.getAttribute("aria-describedby")}-${nota.chiave}`);
    }
    const avvisa = (testo) => {
      const dove = parte(voce, "errore");
      dove.textContent = testo;
      dove.hidden = !testo;
    };
    let vista = nota.versione;
    suo("testo").value = nota.testo;
    suo("tavolo").value = nota.tavolo;
    suo("genere").value = nota.genere;
    avvisa(nota.errore);

    const chiudi = async () => {
      inCorrezione.delete(nota.chiave);
      await disegna();
      parte(voci.get(nota.chiave), "modifica")?.focus();
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const testo = Coda.pulisci(suo("testo").value);
      const sbagliato = testoSbagliato(testo) || tavoloSbagliato(suo("tavolo").value);
      avvisa(sbagliato);
      if (sbagliato) return;
      try {
        const altra = await Coda.cambia(di, nota.chiave, vista, {
          testo, tavolo: Number(suo("tavolo").value), genere: suo("genere").value, eliminata: false,
        });
        if (altra) {
          vista = altra.versione;
          avvisa(riempi(testi.cambiataAltrove, { testo: altra.testo }));
          return;
        }
      } catch {
        avvisa(testi.nonScrive);
        return;
      }
      await chiudi();
      invia();
    });
    parte(voce, "lascia").addEventListener("click", chiudi);
    voce.addEventListener("keydown", (event) => { if (event.key === "Escape") chiudi(); });
    conInvio(suo("testo"), () => form.requestSubmit());

    inCorrezione.add(nota.chiave);
    voci.get(nota.chiave).replaceWith(voce);
    voci.set(nota.chiave, voce);
    cresci(suo("testo"));
    suo("testo").focus();
  }

  // Enter is "next", on a keyboard and on a phone. While a word is being composed it is not ours.
  function conInvio(area, poi) {
    area.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      poi();
    });
    // Phones' keyboards that do not say which key it was say at least what it would write.
    area.addEventListener("beforeinput", (event) => {
      if (event.inputType !== "insertLineBreak" && event.inputType !== "insertParagraph") return;
      event.preventDefault();
      poi();
    });
    area.addEventListener("input", () => cresci(area));
  }

  // --- How it stands ---

  let annunciato = "";
  let voce;

  function mostraStato(note, vive) {
    const inAttesa = note.filter(Coda.daInviare).length;
    const sbagliate = note.filter((nota) => nota.errore && !nota.eliminata).length;
    const pezzi = [];
    let aspetto = "salvato";
    const { rete } = spedizioni;
    if (rete === "chiusa") pezzi.push(spedizioni.motivo);
    if (inAttesa) {
      aspetto = "attesa";
      pezzi.push(conta(testi.daInviare, inAttesa));
    }
    if (rete === "senza_rete" || rete === "guasto") {
      aspetto = "senza-rete";
      pezzi.unshift(rete === "guasto" ? testi.guasto : testi.senzaRete);
    }
    if (sbagliate) {
      aspetto = "sbagliata";
      pezzi.push(conta(testi.daCorreggere, sbagliate));
    }
    if (!pezzi.length) pezzi.push(vive ? conta(testi.salvato, vive) : testi.vuoto);
    const frase = pezzi.join(" ");
    stato.dataset.aspetto = aspetto;
    if (parte(stato, "frase").textContent !== frase) parte(stato, "frase").textContent = frase;
    // A screen reader hears how it ended, not each step of it.
    clearTimeout(voce);
    if (frase !== annunciato) {
      voce = setTimeout(() => { annunciato = frase; annuncio.textContent = frase; }, 1200);
    }
  }

  // --- Sending ---

  const spedizioni = Coda.spedizioni(() => Coda.invia(di, dati.note), disegna);
  const { invia } = spedizioni;

  async function aggiorna() {
    try {
      await Coda.leggi(di, dati.note);
    } catch {
      // Without a network what is here is what there is.
    }
    await disegna();
    invia();
  }

  // --- Without a network ---

  const pronta = (si) => { trova("pronta").hidden = !si; };

  async function comincia() {
    // Without the store the form stays what it is.
    await Coda.collega(di, dati.token);
    modulo.addEventListener("submit", (event) => {
      event.preventDefault();
      aggiungi(event.submitter?.value ?? "");
    });
    conInvio(campo, () => aggiungi(""));
    campo.addEventListener("input", () => {
      ricorda(sessionStorage, "bozza", campo.value);
      if (campo.classList.contains("is-invalid")) errore(campo, "");
    });
    tavolo.addEventListener("input", () => {
      if (!tavoloSbagliato(tavolo.value)) {
        errore(tavolo, "");
        ricorda(localStorage, "tavolo", tavolo.value);
      }
    });
    conInvio(tavolo, () => campo.focus());
    tavolo.value = ricordato(localStorage, "tavolo") || tavolo.value;
    campo.value ||= ricordato(sessionStorage, "bozza");
    cresci(campo);
    for (const nota of JSON.parse(ricordato(sessionStorage, "in-volo") || "[]")) {
      await Coda.aggiungi(di, nota);
    }
    ricordaInVolo();
    lista.replaceChildren();
    for (const elemento of document.querySelectorAll("[data-senza-script]")) elemento.remove();
    stato.hidden = false;
    await disegna();

    Coda.canale?.addEventListener("message", ({ data }) => { if (data === di) disegna(); });
    addEventListener("online", invia);
    addEventListener("offline", invia);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) aggiorna(); });
    navigator.storage?.persist?.().catch(() => {});
    Coda.conservaPagina(dati.servizio, dati.ambito, pronta);
    await aggiorna();
  }

  comincia().catch(() => {});
})();
