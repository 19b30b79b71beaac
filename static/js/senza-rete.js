// What the pages that work without a network have in common (raccolta, presenze): a store in the
// browser, a queue that leaves when it can, the worker that opens the page again. Used by the
// pages and by their worker. See docs/adr/0013-raccolta-senza-rete.md.
"use strict";

// `nome` is the store's, the channel's and the worker's; `prepara(db)` makes its parts.
self.SenzaRete = (nome, versione, prepara) => {
  const ATTESA = 20000;
  let aperta;

  function apri() {
    aperta ??= new Promise((resolve, reject) => {
      const richiesta = indexedDB.open(nome, versione);
      richiesta.onupgradeneeded = () => prepara(richiesta.result);
      richiesta.onsuccess = () => {
        const db = richiesta.result;
        // The browser may close it (storage cleared, a newer page): the next step opens it again.
        db.onclose = () => { aperta = undefined; };
        db.onversionchange = () => { db.close(); aperta = undefined; };
        resolve(db);
      };
      richiesta.onerror = () => { aperta = undefined; reject(richiesta.error); };
    });
    return aperta;
  }

  // One transaction: `lavoro(store, dai)` asks for what it needs and says with `dai` what the
  // step gives. It has happened only when the whole of it is on the disk.
  async function passo(deposito, modo, lavoro) {
    const db = await apri();
    return new Promise((resolve, reject) => {
      const transazione = db.transaction(deposito, modo, { durability: "strict" });
      let esito;
      transazione.oncomplete = () => resolve(esito);
      transazione.onabort = () => reject(transazione.error);
      lavoro(transazione.objectStore(deposito), (valore) => { esito = valore; });
    });
  }

  // Two tabs see each other's steps at once; so does a page whose worker has sent them.
  const canale = self.BroadcastChannel ? new BroadcastChannel(nome) : null;
  const annuncia = (di) => canale?.postMessage(di);

  function nuovaChiave() {
    if (self.crypto.randomUUID) return self.crypto.randomUUID();
    // Only secure pages have it; a try-out over plain http on the office's network has not.
    const byte = self.crypto.getRandomValues(new Uint8Array(16));
    byte[6] = (byte[6] & 0x0f) | 0x40;
    byte[8] = (byte[8] & 0x3f) | 0x80;
    const cifre = [...byte].map((b) => b.toString(16).padStart(2, "0")).join("");
    return cifre.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  async function chiedi(url, opzioni = {}) {
    const ferma = new AbortController();
    const sveglia = setTimeout(() => ferma.abort(), ATTESA);
    try {
      // A hall's Wi-Fi may answer in the portal's place, with a page of its own or elsewhere.
      const risposta = await fetch(url, {
        cache: "no-store", redirect: "error", signal: ferma.signal, ...opzioni,
      });
      const json = (risposta.headers.get("Content-Type") ?? "").startsWith("application/json");
      return { risposta, dati: json ? await risposta.json() : null };
    } finally {
      clearTimeout(sveglia);
    }
  }

  // One tab at a time does `lavoro` for a link; {stato: "occupata"} while another does.
  async function aTurno(di, lavoro) {
    // Without the lock nothing would break, the portal keeps each key once: only work twice.
    if (!navigator.locks) return lavoro();
    return navigator.locks.request(`${nome}-${di}`, { ifAvailable: true }, (mio) =>
      mio ? lavoro() : { stato: "occupata" },
    );
  }

  // --- For the page ---

  // Sends with `manda` until nothing waits, and again by itself when it cannot; calls `poi` after
  // each try. `manda` gives {stato}: "vuota" (nothing waits any more), "senza_rete", "guasto",
  // "attesa" (with secondi), "chiusa" (with motivo), "occupata". `rete` and `motivo` say how it
  // stands.
  function spedizioni(manda, poi) {
    let inviando = false;
    let ancora = false;
    let tentativi = 0;
    let sveglia;
    const come = { rete: "", motivo: "", invia };

    async function invia() {
      clearTimeout(sveglia);
      if (inviando) {
        ancora = true;
        return;
      }
      inviando = true;
      ancora = false;
      let esito;
      try {
        esito = await manda();
      } catch {
        esito = { stato: "guasto" };
      }
      inviando = false;
      come.motivo = esito.motivo ?? "";
      const attese = { vuota: 0, occupata: 2, attesa: esito.secondi, chiusa: 60 };
      if (esito.stato === "vuota") tentativi = 0;
      if (esito.stato !== "occupata") come.rete = esito.stato;
      // Twice as long each time, up to half a minute; not everybody at the same instant.
      tentativi += come.rete === "senza_rete" || come.rete === "guasto" ? 1 : 0;
      const ritardo = Math.min(2 ** tentativi, 30) * (0.75 + Math.random() / 2);
      const secondi = attese[esito.stato] ?? ritardo;
      if (secondi) sveglia = setTimeout(invia, secondi * 1000);
      if (secondi) chiediAlServizio();
      await poi();
      if (ancora && esito.stato === "vuota") invia();
    }

    return come;
  }

  // The worker, if there may be one, keeps this page; `pronta(si)` is told whether it has it.
  async function conservaPagina(servizio, ambito, pronta) {
    try {
      const servizi = navigator.serviceWorker;
      await servizi.register(servizio, { scope: ambito, updateViaCache: "none" });
      const { active } = await servizi.ready;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => pronta(data.pronta);
      active.postMessage({ conserva: location.pathname }, [port2]);
    } catch {
      // On plain http there is none: the page opens while it can be loaded.
    }
  }

  async function chiediAlServizio() {
    try {
      await (await navigator.serviceWorker.ready).sync.register(nome);
    } catch {
      // Not every browser has it: then the open page sends.
    }
  }

  return { annuncia, aTurno, canale, chiedi, conservaPagina, nuovaChiave, passo, spedizioni };
};
