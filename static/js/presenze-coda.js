// The list at the door as this browser keeps it, and the taps on their way to the portal. Shared by
// the page (presenze.js) and by its worker (senza-rete-servizio.js), which may send when the page
// is closed. See docs/adr/0025-presenze-alla-porta.md.
//
// A tap is a row: chiave (made here, the same for ever: sent twice it is one), di (whose, the part
// of the link before its signature), ordine, toccato (this phone's clock), errore (why the portal
// does not take it), and either persona and presenti (null: taken back) or quanti, genere, eta and
// volta. It is deleted once the portal has it: its answer brings the list along.
"use strict";

self.Coda = (() => {
  const PER_INVIO = 50;
  const {
    annuncia, aTurno, canale, chiedi, conservaPagina, nuovaChiave, passo, spedizioni,
  } = SenzaRete("presenze", 1, (db) => {
    db.createObjectStore("tocchi", { keyPath: "ordine", autoIncrement: true }).createIndex("di", "di");
    db.createObjectStore("elenchi", { keyPath: "di" });
    db.createObjectStore("link", { keyPath: "di" });
  });

  const tutti = (di) => passo("tocchi", "readonly", (store, dai) => {
    const richiesta = store.index("di").getAll(IDBKeyRange.only(di));
    richiesta.onsuccess = () => dai(richiesta.result.sort((uno, altro) => uno.ordine - altro.ordine));
  });

  const elenco = (di) => passo("elenchi", "readonly", (store, dai) => {
    store.get(di).onsuccess = ({ target }) => dai(target.result?.elenco ?? null);
  });

  async function conserva(di, nuovo) {
    await passo("elenchi", "readwrite", (store) => store.put({ di, elenco: nuovo }));
    annuncia(di);
  }

  async function tocca(di, cambi) {
    await passo("tocchi", "readwrite", (store) => {
      store.add({ chiave: nuovaChiave(), di, toccato: Date.now(), errore: "", ...cambi });
    });
    annuncia(di);
  }

  const categoria = ({ genere, eta, volta }) => [genere, eta, volta].join("|");

  // The list as it is with what waits here to be sent; null if it was never here.
  async function situazione(di) {
    const [base, tocchi] = [await elenco(di), await tutti(di)];
    if (!base) return null;
    const buoni = tocchi.filter((tocco) => !tocco.errore);
    const segni = new Map(buoni.filter((t) => "persona" in t).map((t) => [t.persona, t.presenti]));
    const ingressi = new Map(base.ingressi.map((riga) => [categoria(riga), riga.n]));
    for (const tocco of buoni.filter((t) => "quanti" in t)) {
      ingressi.set(categoria(tocco), (ingressi.get(categoria(tocco)) ?? 0) + tocco.quanti);
    }
    return {
      persone: base.persone.map((persona) => (
        segni.has(persona.pk) ? { ...persona, presenti: segni.get(persona.pk) } : persona
      )),
      dentro: (chi) => ingressi.get(categoria(chi)) ?? 0,
      entrati: [...ingressi.values()].reduce((somma, n) => somma + n, 0),
      daInviare: buoni.length,
      rifiutati: tocchi.filter((tocco) => tocco.errore),
      nomi: new Map(base.persone.map(({ pk, nome }) => [pk, nome])),
    };
  }

  async function scordaRifiutati(di) {
    const rifiutati = (await tutti(di)).filter((tocco) => tocco.errore);
    await passo("tocchi", "readwrite", (store) => rifiutati.forEach(({ ordine }) => store.delete(ordine)));
    annuncia(di);
  }

  // Once the link is closed no name stays on a phone. Gives how many taps had not left.
  async function dimentica(di) {
    const rimasti = (await tutti(di)).length;
    await passo("elenchi", "readwrite", (store) => store.delete(di));
    return rimasti;
  }

  // --- On its way ---

  // This phone's name for the portal is made once; the worker needs the link to send.
  async function collega(di, token) {
    await passo("link", "readwrite", (store) => {
      store.get(di).onsuccess = ({ target: { result } }) => {
        store.put({ di, token, telefono: result?.telefono ?? nuovaChiave() });
      };
    });
  }

  const collegamenti = () => passo("link", "readonly", (store, dai) => {
    const richiesta = store.getAll();
    richiesta.onsuccess = () => dai(richiesta.result);
  });

  async function leggi(di, url) {
    const { risposta, dati } = await chiedi(url);
    if (risposta.ok && dati) await conserva(di, dati.elenco);
  }

  const invia = (di, url) => aTurno(di, () => svuota(di, url));

  // Send all that waits, in the order tapped. Gives what SenzaRete.spedizioni expects.
  async function svuota(di, url) {
    const { telefono } = (await collegamenti()).find((link) => link.di === di);
    for (;;) {
      const lotto = (await tutti(di)).filter((tocco) => !tocco.errore).slice(0, PER_INVIO);
      if (!lotto.length) return { stato: "vuota" };
      let esito;
      try {
        esito = await chiedi(url, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ telefono, tocchi: lotto.map(perIlPortale) }),
        });
      } catch {
        return { stato: "senza_rete" };
      }
      const { risposta, dati } = esito;
      if (risposta.status === 429) {
        return { stato: "attesa", secondi: Number(risposta.headers.get("Retry-After")) || 60 };
      }
      if (risposta.status === 403 && dati) return { stato: "chiusa", motivo: dati.motivo };
      if (!risposta.ok || dati?.errori?.length !== lotto.length) return { stato: "guasto" };
      // First the list: until a tap is deleted it counts on top of it, and changes nothing.
      await passo("elenchi", "readwrite", (store) => store.put({ di, elenco: dati.elenco }));
      await passo("tocchi", "readwrite", (store) => {
        lotto.forEach((tocco, n) => {
          if (dati.errori[n]) store.put({ ...tocco, errore: dati.errori[n] });
          else store.delete(tocco.ordine);
        });
      });
      annuncia(di);
    }
  }

  function perIlPortale({ chiave, toccato, persona, presenti, quanti, genere, eta, volta }) {
    const comune = { chiave, fatto_da: Math.max(Date.now() - toccato, 0) };
    if (persona === undefined) return { ...comune, quanti, genere, eta, volta };
    return { ...comune, persona, presenti };
  }

  // All that this browser still holds, whoever looks at it (see senza-rete-servizio.js).
  async function spedisci(ambito) {
    for (const { di, token } of await collegamenti()) {
      const { stato } = await invia(di, new URL(`${token}/tocchi/`, ambito).href);
      // A failure makes the browser try again later.
      if (stato !== "vuota" && stato !== "chiusa") throw new Error(stato);
    }
  }

  return {
    canale, collega, conservaPagina, dimentica, invia, leggi, scordaRifiutati, situazione,
    spedisci, spedizioni, tocca,
  };
})();
