// templates/presenze/presenze.html and presenze_chiusa.html. A tap goes to the browser's own store
// first and from there to the portal; nothing on the page waits for the network. Without this
// script (or without the store) the page is made of forms like any other.
"use strict";

(() => {
  const dati = JSON.parse(document.getElementById("presenze-dati").textContent);
  const { testi } = dati;
  const di = dati.token.split(".")[0];
  const trova = (nome) => document.querySelector(`[data-presenze="${nome}"]`);
  const parte = (dove, nome) => dove.querySelector(`[data-parte="${nome}"]`);
  const riempi = (testo, valori) => testo.replace(/\{(\w+)\}/g, (_, nome) => valori[nome]);
  const conta = (coppia, n) => riempi(coppia[n === 1 ? 0 : 1], { n });
  const scrivi = (dove, testo) => { if (dove.textContent !== testo) dove.textContent = testo; };
  const lista = trova("elenco");

  if (!lista) {
    // A closed link: the names go, and what had not left is said.
    Coda.dimentica(di).then((rimasti) => {
      const dove = trova("rimasti");
      dove.textContent = conta(testi.daInviare, rimasti);
      dove.hidden = !rimasti;
    }).catch(() => {});
    return;
  }

  // --- The list ---

  let ora = null;
  const voci = new Map();

  function inParole(presenti) {
    if (presenti === null) return testi.daSegnare;
    if (presenti === 0) return testi.assente;
    return presenti === 1 ? testi.presente : riempi(testi.presentiIn, { n: presenti });
  }

  function nuovaVoce(persona) {
    const voce = document.getElementById("presenze-persona").content.firstElementChild.cloneNode(true);
    parte(voce, "nome").textContent = persona.nome;
    const azioni = parte(voce, "azioni");
    if (!persona.confermata) return voce;
    azioni.append(document.getElementById("presenze-bottoni").content.cloneNode(true));
    const primo = parte(azioni, "presente");
    for (let n = persona.posti; n > 1; n -= 1) {
      const altro = primo.cloneNode(true);
      altro.dataset.n = n;
      scrivi(parte(altro, "parola"), riempi(testi.bottoneIn, { n }));
      primo.after(altro);
    }
    primo.dataset.n = 1;
    if (persona.posti > 1) scrivi(parte(primo, "parola"), riempi(testi.bottoneIn, { n: 1 }));
    parte(azioni, "assente").dataset.n = 0;
    for (const chi of azioni.querySelectorAll('[data-parte="di"]')) chi.textContent = `: ${persona.nome}`;
    azioni.addEventListener("click", ({ target }) => {
      const bottone = target.closest("button");
      if (bottone) segna(persona, bottone.dataset.n === undefined ? null : Number(bottone.dataset.n));
    });
    return voce;
  }

  function aggiornaVoce(voce, persona) {
    scrivi(parte(voce, "posti"), conta(testi.posti, persona.posti));
    scrivi(parte(voce, "segno"), persona.confermata ? inParole(persona.presenti) : testi.inListaBreve);
    voce.dataset.segno = !persona.confermata
      ? "lista"
      : { null: "", 0: "assente" }[persona.presenti] ?? "presente";
    for (const bottone of voce.querySelectorAll("[data-n]")) {
      const suo = persona.presenti === Number(bottone.dataset.n) && persona.presenti !== null;
      bottone.setAttribute("aria-pressed", suo);
    }
    const annulla = parte(voce, "annulla");
    if (annulla) annulla.hidden = persona.presenti === null;
  }

  const campo = trova("cerca").elements.q;
  const semplice = (testo) => testo.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  function filtra() {
    const cercato = semplice(campo.value.trim());
    let visibili = 0;
    for (const persona of ora.persone) {
      const si = semplice(persona.nome).includes(cercato);
      voci.get(persona.pk).hidden = !si;
      visibili += si ? 1 : 0;
    }
    if (ora.persone.length) scrivi(trova("nessuno"), testi.nessuno);
    trova("nessuno").hidden = visibili > 0;
  }

  let ultimoDisegno = Promise.resolve();

  // One drawing after the other: the last shows what is kept now.
  function disegna() {
    ultimoDisegno = ultimoDisegno.then(disegnaOra, disegnaOra);
    return ultimoDisegno;
  }

  async function disegnaOra() {
    ora = await Coda.situazione(di);
    if (!ora) return mostraStato();
    // Until the list is here, the page's own forms stand.
    if (!voci.size) lista.replaceChildren();
    const presenti = new Set(ora.persone.map(({ pk }) => pk));
    for (const [pk, voce] of voci) {
      if (presenti.has(pk)) continue;
      voce.remove();
      voci.delete(pk);
    }
    let prima = null;
    for (const persona of ora.persone) {
      // Who got a seat, or more of them, meanwhile is another row.
      const forma = `${persona.confermata} ${persona.posti} ${persona.nome}`;
      if (voci.get(persona.pk)?.dataset.forma !== forma) {
        const nuova = nuovaVoce(persona);
        nuova.dataset.forma = forma;
        voci.get(persona.pk)?.replaceWith(nuova);
        voci.set(persona.pk, nuova);
      }
      const voce = voci.get(persona.pk);
      aggiornaVoce(voce, persona);
      const posto = prima ? prima.nextElementSibling : lista.firstElementChild;
      if (posto !== voce) lista.insertBefore(voce, posto);
      prima = voce;
    }
    filtra();
    const somma = (scelte, quanti) => scelte.reduce((n, persona) => n + quanti(persona), 0);
    const confermate = ora.persone.filter((persona) => persona.confermata);
    const iscritti = somma(confermate, (persona) => persona.presenti ?? 0);
    const senza = ora.entrati;
    scrivi(trova("conti"), riempi(testi.conti, {
      totale: iscritti + senza,
      iscritti,
      senza,
      mancano: somma(confermate, (p) => (p.presenti === null ? p.posti : 0)),
      assenti: somma(confermate, (p) => (p.presenti === 0 ? p.posti : 0)),
    }));
    scrivi(trova("entrati"), riempi(testi.rilevati, { n: senza }));
    mostraRifiutati();
    return mostraStato();
  }

  function mostraRifiutati() {
    const dove = trova("rifiutati");
    dove.hidden = !ora.rifiutati.length;
    parte(dove, "elenco").replaceChildren(...ora.rifiutati.map((tocco) => {
      const voce = document.createElement("li");
      const chi = ora.nomi.get(tocco.persona);
      voce.textContent = chi ? `${chi}: ${tocco.errore}` : tocco.errore;
      return voce;
    }));
  }

  // --- Taps ---

  async function tocca(cambi) {
    try {
      await Coda.tocca(di, cambi);
    } catch {
      avvisa("danger", testi.nonScrive);
      return false;
    }
    await disegna();
    spedizioni.invia();
    return true;
  }

  const segna = (persona, presenti) => tocca({ persona: persona.pk, presenti });

  async function entra(quanti) {
    const { genere, eta, volta } = trova("entrata").elements;
    const chi = { genere: genere.value, eta: eta.value, volta: volta.value };
    if (ora && ora.dentro(chi) + quanti < 0) return avvisa("danger", testi.nonToglie);
    if (await tocca({ quanti, ...chi })) {
      trova("entrata").reset();
      annuncia(trova("entrati").textContent);
    }
    return undefined;
  }

  // --- Codes ---

  function avvisa(aspetto, testo, persona = null) {
    const riquadro = document.createElement("div");
    riquadro.className = `alert alert-${aspetto}`;
    const frase = riquadro.appendChild(document.createElement("p"));
    frase.className = "mb-0";
    frase.textContent = testo;
    trova("avviso").replaceChildren(riquadro);
    if (persona) {
      // Right there the number can be put right, or the tap taken back.
      campo.value = persona.nome;
      filtra();
    }
    navigator.vibrate?.(aspetto === "success" ? 80 : [80, 60, 80]);
  }

  async function impronta(codice) {
    const pulito = codice.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
    const byte = new TextEncoder().encode(`presenza:${pulito}`);
    const somma = new Uint8Array(await crypto.subtle.digest("SHA-256", byte));
    return [...somma].map((b) => b.toString(16).padStart(2, "0")).join("").slice(0, 32);
  }

  // `letto` is a QR code's text, or what was typed.
  async function leggiCodice(letto, { daCamera = false } = {}) {
    const parole = letto.trim().toUpperCase().split(/\s+/);
    let codice = letto;
    if (parole[0] === "PRESENZA" && parole.length === 3) {
      if (Number(parole[1]) !== dati.incontro) return avvisa("danger", testi.altroIncontro);
      codice = parole[2];
    } else if (daCamera) {
      return avvisa("danger", testi.nonEUnCodice);
    }
    const cercata = await impronta(codice);
    const persona = ora?.persone.find((riga) => riga.impronta === cercata);
    if (!persona) return avvisa("danger", testi.sconosciuto);
    if (!persona.confermata) return avvisa("warning", riempi(testi.inLista, persona), persona);
    if (persona.presenti) return avvisa("warning", riempi(testi.gia, persona), persona);
    if (!await segna(persona, persona.posti)) return undefined;
    return avvisa(
      "success", riempi(testi.segnata, { nome: persona.nome, come: inParole(persona.posti) }), persona,
    );
  }

  // --- The camera ---

  const camera = trova("camera");
  const video = parte(camera, "video");
  const OGNI = 200;
  const LATO = 640;
  let flusso = null;
  let ultimo = { testo: "", quando: 0 };

  // The browser's own reader where it reads QR codes, else ours.
  async function lettore() {
    const formati = await self.BarcodeDetector?.getSupportedFormats().catch(() => []);
    if (formati?.includes("qr_code")) {
      const suo = new self.BarcodeDetector({ formats: ["qr_code"] });
      return async () => (await suo.detect(video))[0]?.rawValue ?? "";
    }
    await new Promise((resolve, reject) => {
      if (self.leggiQR) return resolve();
      const script = document.createElement("script");
      script.src = dati.lettore;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
      return undefined;
    });
    const tela = document.createElement("canvas");
    const penna = tela.getContext("2d", { willReadFrequently: true });
    return async () => {
      const scala = Math.min(1, LATO / Math.max(video.videoWidth, video.videoHeight));
      tela.width = Math.round(video.videoWidth * scala);
      tela.height = Math.round(video.videoHeight * scala);
      penna.drawImage(video, 0, 0, tela.width, tela.height);
      const { data, width, height } = penna.getImageData(0, 0, tela.width, tela.height);
      return self.leggiQR(data, width, height);
    };
  }

  async function apriCamera() {
    try {
      const leggi = await lettore();
      flusso = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment" }, audio: false,
      });
      video.srcObject = flusso;
      await video.play();
      camera.hidden = false;
      trova("apri-camera").hidden = true;
      annuncia(testi.inquadra);
      guarda(leggi, flusso);
    } catch {
      chiudiCamera();
      avvisa("danger", testi.cameraNo);
    }
  }

  async function guarda(leggi, questo) {
    while (flusso === questo) {
      let testo = "";
      try {
        if (video.videoWidth) testo = await leggi();
      } catch {
        // The next picture may be better.
      }
      // The same code stays before the camera for a while: it is read once.
      const adesso = Date.now();
      if (testo && (testo !== ultimo.testo || adesso - ultimo.quando > 4000)) {
        ultimo = { testo, quando: adesso };
        await leggiCodice(testo, { daCamera: true });
      } else if (testo) {
        ultimo.quando = adesso;
      }
      await new Promise((resolve) => { setTimeout(resolve, OGNI); });
    }
  }

  function chiudiCamera() {
    for (const traccia of flusso?.getTracks() ?? []) traccia.stop();
    flusso = null;
    video.srcObject = null;
    camera.hidden = true;
    trova("apri-camera").hidden = !navigator.mediaDevices?.getUserMedia;
  }

  // --- How it stands ---

  const stato = trova("stato");
  let annunciato = "";
  let voce;

  // A screen reader hears how it ended, not each step of it.
  function annuncia(frase) {
    clearTimeout(voce);
    voce = setTimeout(() => { trova("annuncio").textContent = frase; }, 600);
  }

  function mostraStato() {
    const { rete, motivo } = spedizioni;
    const pezzi = [];
    let aspetto = "salvato";
    if (rete === "chiusa") pezzi.push(motivo);
    if (ora?.daInviare) {
      aspetto = "attesa";
      pezzi.push(conta(testi.daInviare, ora.daInviare));
    }
    if (rete === "senza_rete" || rete === "guasto") {
      aspetto = "senza-rete";
      pezzi.unshift(rete === "guasto" ? testi.guasto : testi.senzaRete);
    }
    const frase = pezzi.join(" ") || testi.salvato;
    stato.dataset.aspetto = aspetto;
    scrivi(parte(stato, "frase"), frase);
    if (frase !== annunciato) annuncia(frase);
    annunciato = frase;
  }

  const spedizioni = Coda.spedizioni(() => Coda.invia(di, dati.tocchi), disegna);

  async function aggiorna() {
    try {
      await Coda.leggi(di, dati.tocchi);
    } catch {
      // Without a network what is here is what there is.
    }
    await disegna();
    spedizioni.invia();
  }

  async function comincia() {
    // Without the store the forms stay what they are.
    await Coda.collega(di, dati.token);
    trova("cerca").addEventListener("submit", (event) => event.preventDefault());
    campo.addEventListener("input", () => { if (ora) filtra(); });
    trova("entrata").addEventListener("submit", (event) => {
      event.preventDefault();
      entra(Number(event.submitter?.value ?? 1));
    });
    if (self.crypto.subtle) {
      trova("codice").addEventListener("submit", async (event) => {
        event.preventDefault();
        const scritto = event.target.elements.codice;
        const errore = document.getElementById("id_codice-errore");
        errore.textContent = scritto.value.trim() ? "" : testi.scriviCodice;
        errore.hidden = Boolean(scritto.value.trim());
        if (!scritto.value.trim()) return scritto.focus();
        await leggiCodice(scritto.value);
        scritto.value = "";
        return undefined;
      });
    }
    parte(trova("rifiutati"), "letto").addEventListener("click", async () => {
      await Coda.scordaRifiutati(di);
      await disegna();
    });
    parte(camera, "chiudi").addEventListener("click", chiudiCamera);
    trova("apri-camera").querySelector("button").addEventListener("click", apriCamera);
    chiudiCamera();
    for (const elemento of document.querySelectorAll("[data-senza-script]")) elemento.remove();
    stato.hidden = false;
    await disegna();

    Coda.canale?.addEventListener("message", ({ data }) => { if (data === di) disegna(); });
    addEventListener("online", spedizioni.invia);
    addEventListener("offline", spedizioni.invia);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) chiudiCamera();
      else aggiorna();
    });
    // What the other phones at the door have tapped.
    setInterval(() => { if (!document.hidden) aggiorna(); }, 20000);
    navigator.storage?.persist?.().catch(() => {});
    Coda.conservaPagina(dati.servizio, dati.ambito, (si) => { trova("pronta").hidden = !si; });
    await aggiorna();
  }

  comincia().catch(() => {});
})();
