// The notes of a table as this browser keeps them, and their way to the portal. Shared by the
// page (raccolta.js) and by its worker (senza-rete-servizio.js), which may send when the page is
// closed. See docs/adr/0013-raccolta-senza-rete.md.
//
// A note is a row:
//   chiave      made here, the same for ever: sent twice it is one
//   di          whose it is (the part of the link before its signature)
//   ordine      its place among hers, in the order typed
//   versione    grows with every correction, deletion and undo
//   salvata     the last version that the portal has; smaller than versione: to be sent
//   errore      what the portal says is wrong with it; it waits until she corrects it
//   testo, tavolo, genere, eliminata, digitata; cancellata (when, for the undo), doppia
"use strict";

self.Coda = (() => {
  const PER_INVIO = 20;

  const {
    annuncia, aTurno, canale, chiedi, conservaPagina, nuovaChiave, passo, spedizioni,
  } = SenzaRete("raccolta", 1, (db) => {
    db.createObjectStore("note", { keyPath: "chiave" }).createIndex("di", "di");
    db.createObjectStore("link", { keyPath: "di" });
  });

  // --- What is kept here ---

  function tutte(store, di, poi) {
    const richiesta = store.index("di").getAll(IDBKeyRange.only(di));
    richiesta.onsuccess = () => poi(richiesta.result);
  }

  const inOrdine = (una, altra) =>
    una.ordine - altra.ordine || (una.digitata < altra.digitata ? -1 : 1);
  const daInviare = (nota) => nota.versione > nota.salvata && !nota.errore;

  // The same as proposte.raccolta.pulisci.
  function pulisci(testo) {
    return testo
      .replace(/\r\n?|[\u2028\u2029]/g, "\n")
      .replace(/\t/g, " ")
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "")
      .trim();
  }

  function elenco(di) {
    return passo("note", "readonly", (store, dai) => {
      tutte(store, di, (note) => dai(note.sort(inOrdine)));
    });
  }

  // The same key again changes nothing.
  async function aggiungi(di, { chiave, testo, genere, tavolo }) {
    // The place is found inside the writing transaction, which other tabs wait for.
    await passo("note", "readwrite", (store) => {
      tutte(store, di, (note) => {
        if (note.some((nota) => nota.chiave === chiave)) return;
        store.add({
          chiave,
          di,
          ordine: Math.max(0, ...note.map((nota) => nota.ordine)) + 1,
          versione: 1,
          salvata: 0,
          errore: "",
          testo: pulisci(testo),
          tavolo,
          genere,
          eliminata: false,
          digitata: new Date().toISOString(),
        });
      });
    });
    annuncia(di);
  }

  // Change a note that was seen in its version `vista`. Gives the note as it now is when another
  // tab changed it meanwhile, and changes nothing then.
  async function cambia(di, chiave, vista, cambi) {
    const altra = await passo("note", "readwrite", (store, dai) => {
      store.get(chiave).onsuccess = ({ target: { result: nota } }) => {
        if (nota.versione !== vista) return dai(nota);
        return store.put({
          ...nota,
          ...cambi,
          versione: nota.versione + 1,
          errore: "",
          doppia: false,
          cancellata: cambi.eliminata ? Date.now() : 0,
        });
      };
    });
    annuncia(di);
    return altra;
  }

  const stessa = (nota, del) =>
    ["testo", "genere", "tavolo", "eliminata"].every((campo) => nota[campo] === del[campo]);

  const adotta = (nota, del) => ({
    ...nota,
    testo: del.testo,
    genere: del.genere,
    tavolo: del.tavolo,
    ordine: del.ordine,
    eliminata: del.eliminata,
    digitata: del.digitata,
    versione: del.versione,
    salvata: del.versione,
    errore: "",
  });

  // What the portal has of hers, from another phone too, beside what is here. What waits here
  // to be sent is not touched: sending settles it.
  async function unisci(di, note) {
    await passo("note", "readwrite", (store) => {
      for (const del of note) {
        store.get(del.chiave).onsuccess = ({ target: { result: nota } }) => {
          if (!nota) store.put(adotta({ chiave: del.chiave, di }, del));
          else if (!daInviare(nota) && !nota.errore && del.versione > nota.versione) {
            store.put(adotta(nota, del));
          }
        };
      }
    });
    annuncia(di);
  }

  // Once the link is closed, what the portal has need not stay on a phone.
  async function dimenticaSalvate(di) {
    await passo("note", "readwrite", (store) => {
      tutte(store, di, (note) => {
        for (const nota of note) if (nota.versione <= nota.salvata) store.delete(nota.chiave);
      });
    });
    annuncia(di);
  }

  // --- On its way ---

  const collega = (di, token) => passo("link", "readwrite", (store) => store.put({ di, token }));

  const collegamenti = () =>
    passo("link", "readonly", (store, dai) => {
      const richiesta = store.getAll();
      richiesta.onsuccess = () => dai(richiesta.result);
    });

  async function leggi(di, url) {
    const { risposta, dati } = await chiedi(url);
    if (risposta.ok && dati) await unisci(di, dati.note);
  }

  // Send all that waits, in the order typed. Gives {stato}: "vuota" (nothing waits any more),
  // "senza_rete", "guasto", "attesa" (with secondi), "chiusa" (with motivo), "occupata" (another
  // tab is sending).
  const invia = (di, url) => aTurno(di, () => svuota(di, url));

  async function svuota(di, url) {
    for (;;) {
      const lotto = (await elenco(di)).filter(daInviare).slice(0, PER_INVIO);
      if (!lotto.length) return { stato: "vuota" };
      let esito;
      try {
        esito = await chiedi(url, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ note: lotto.map(perIlPortale) }),
        });
      } catch {
        return { stato: "senza_rete" };
      }
      const { risposta, dati } = esito;
      if (risposta.status === 429) {
        return { stato: "attesa", secondi: Number(risposta.headers.get("Retry-After")) || 60 };
      }
      if (risposta.status === 403 && dati) return { stato: "chiusa", motivo: dati.motivo };
      if (!risposta.ok || dati?.note?.length !== lotto.length) return { stato: "guasto" };
      await applica(di, lotto, dati.note);
    }
  }

  const perIlPortale = ({ chiave, versione, ordine, tavolo, genere, testo, eliminata, digitata }) => (
    { chiave, versione, ordine, tavolo, genere, testo, eliminata, digitata }
  );

  // What the portal said of each note of a batch. Meanwhile she may have changed some.
  async function applica(di, lotto, esiti) {
    await passo("note", "readwrite", (store) => {
      lotto.forEach((inviata, n) => {
        const { esito, errore, nota: del } = esiti[n];
        store.get(inviata.chiave).onsuccess = ({ target: { result: nota } }) => {
          if (!nota) return;
          if (esito === "rifiutata") {
            if (nota.versione === inviata.versione) store.put({ ...nota, errore });
          } else if (stessa(nota, del) && del.versione >= nota.versione) {
            store.put({ ...nota, versione: del.versione, salvata: del.versione, errore: "" });
          } else if (nota.versione > del.versione) {
            // Changed since it was sent: the newer text leaves next.
            const salvata = esito === "salvata" ? Math.max(nota.salvata, inviata.versione) : nota.salvata;
            store.put({ ...nota, salvata });
          } else {
            // Another phone wrote over it: that text stands, and hers becomes a note beside it.
            if (esito === "superata" && !nota.eliminata) {
              store.put({
                ...nota, chiave: nuovaChiave(), versione: 1, salvata: 0, errore: "", doppia: true,
              });
            }
            store.put(adotta(nota, del));
          }
        };
      });
    });
    annuncia(di);
  }

  // All that this browser still holds, whoever looks at it (see senza-rete-servizio.js).
  async function spedisci(ambito) {
    for (const { di, token } of await collegamenti()) {
      const { stato } = await invia(di, new URL(`${token}/note/`, ambito).href);
      // A failure makes the browser try again later.
      if (stato !== "vuota" && stato !== "chiusa") throw new Error(stato);
    }
  }

  return {
    aggiungi, cambia, canale, collega, conservaPagina, daInviare, dimenticaSalvate, elenco, invia,
    leggi, nuovaChiave, pulisci, spedisci, spedizioni,
  };
})();
