// The worker behind the pages that open without a network: it keeps them, and sends what was left
// when the page is closed and the network comes back.
//
// portale.lib.senza_rete writes before it what it keeps (GUSCIO.file) under which name
// (GUSCIO.nome and .versione). It keeps those files and the pages of its links without anything of
// people's, nothing else: every other address below its scope passes as if it were not there.
"use strict";

const { nome: NOME, versione: VERSIONE, file: FILE } = self.GUSCIO;
const AMBITO = new URL(self.registration.scope).pathname;
// The Italian and the English page have a worker each, and each its own store.
const PREFISSO = `${NOME} ${AMBITO} `;
const DEPOSITO = PREFISSO + VERSIONE;
const PAZIENZA = 4000;

// /raccolta/<token>/, say, and nothing deeper.
const ePagina = (percorso) =>
  percorso.startsWith(AMBITO) && /^[^/]+\.[^/]+\/$/.test(percorso.slice(AMBITO.length));

self.addEventListener("install", (event) => {
  event.waitUntil(prepara());
  self.skipWaiting();
});

// All or nothing: a worker without one of its files is no worker, the one before goes on.
async function prepara() {
  const deposito = await caches.open(DEPOSITO);
  await deposito.addAll(FILE.map((url) => new Request(url, { cache: "no-cache" })));
  for (const nome of await altri()) {
    for (const { url } of await (await caches.open(nome)).keys()) {
      const { pathname } = new URL(url);
      if (ePagina(pathname)) await conserva(pathname);
    }
  }
}

const altri = async () =>
  (await caches.keys()).filter((nome) => nome.startsWith(PREFISSO) && nome !== DEPOSITO);

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const nome of await altri()) await caches.delete(nome);
    await self.clients.claim();
  })());
});

// Keep a link's page, as a shell. True when it is there and fits these files.
async function conserva(percorso) {
  const deposito = await caches.open(DEPOSITO);
  const risposta = await fetch(percorso, {
    headers: { "X-Guscio": "si" }, cache: "no-store", redirect: "error",
  });
  if (risposta.status === 403 || risposta.status === 404) await deposito.delete(percorso);
  if (!risposta.ok) return false;
  if (risposta.headers.get("X-Guscio-Versione") !== VERSIONE) {
    // The portal has newer files: their worker will keep the page. Until then the old one stands.
    self.registration.update().catch(() => {});
    return false;
  }
  await deposito.put(percorso, risposta);
  return true;
}

self.addEventListener("message", (event) => {
  if (event.data?.conserva && ePagina(event.data.conserva)) {
    event.waitUntil(
      conserva(event.data.conserva)
        // Without a network: is it here from before?
        .catch(async () => Boolean(await (await caches.open(DEPOSITO)).match(event.data.conserva)))
        .then((pronta) => event.ports[0]?.postMessage({ pronta })),
    );
  }
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (FILE.includes(pathname) && !search) event.respondWith(daQui(request));
  else if (request.mode === "navigate" && ePagina(pathname)) {
    event.respondWith(apri(event, pathname));
  }
});

async function daQui(request) {
  const deposito = await caches.open(DEPOSITO);
  return (await deposito.match(request, { ignoreVary: true })) ?? fetch(request);
}

// The portal's page if it comes soon, else the one kept here.
async function apri(event, percorso) {
  const qui = await (await caches.open(DEPOSITO)).match(percorso, { ignoreVary: true });
  const dalPortale = fetch(event.request);
  if (!qui) return dalPortale;
  const presto = dalPortale.then((risposta) => (risposta.status < 500 ? risposta : qui), () => qui);
  const tardi = new Promise((resolve) => { setTimeout(resolve, PAZIENZA, qui); });
  return Promise.race([presto, tardi]);
}

// The browser says when the network is back, also when nobody looks at the page any more.
self.addEventListener("sync", (event) => {
  if (event.tag === NOME) event.waitUntil(self.Coda.spedisci(self.registration.scope));
});
