// Writing a proposal: the draft saves itself, similar proposals show while the title is typed, needs
// are found while one looks for them. Without this file the page's buttons do the same.

const modulo = document.getElementById('scrittura')
const parole = modulo.dataset

for (const pulsante of modulo.querySelectorAll('[data-senza-script]')) pulsante.hidden = true

function dopo(attesa, che) {
  let timer
  return (...argomenti) => {
    clearTimeout(timer)
    timer = setTimeout(() => che(...argomenti), attesa)
  }
}

// What the page came with, and what is in it now: she may have begun before this script ran.
function diverso(campo) {
  if (campo.type === 'checkbox' || campo.type === 'radio') return campo.checked !== campo.defaultChecked
  if (campo.options) return [...campo.options].some((o) => o.selected !== o.defaultSelected && !sola(campo))
  return campo.type !== 'submit' && campo.name !== 'q' && campo.value !== campo.defaultValue
}
// A choice of which the page names none as the first one is that first one.
const sola = (campo) => campo.selectedIndex === 0 && ![...campo.options].some((o) => o.defaultSelected)
const gia_scritto = () => [...modulo.elements].some((campo) => campo.name && diverso(campo))

// --- Saving ----------------------------------------------------------------------------------

const QUIETE = 1500 // after the last key
const AL_MASSIMO = 8000 // while she goes on typing
const RIPROVE = [3000, 6000, 12000, 30000]

let inviato = false

if (parole.salva) {
  const stato = modulo.querySelector('[data-stato]')
  const detto = modulo.querySelector('[data-detto]')
  const versione = modulo.elements.versione
  let da_salvare = false // something was typed since the last sending
  let pendente = null // what was sent and not answered yet: sent again as it is, until it is
  let in_corso = null // the promise of that sending
  let primo_tasto = 0
  let tentativi = 0
  let timer
  let fermo = false

  // What is seen changes with every word; what is read aloud only when it says something new.
  const mostra = (testo, tono = '', ...seguito) => {
    stato.className = `scrittura-stato ${tono && `scrittura-stato-${tono}`}`
    stato.replaceChildren(...[testo, ...seguito].flatMap((pezzo) => [pezzo, ' ']))
    if (tono && detto.textContent !== testo) detto.textContent = testo
  }

  const collegamento = (testo, url) => {
    const a = document.createElement('a')
    a.href = url
    a.textContent = testo
    return a
  }

  const contenuto = () => {
    const dati = new URLSearchParams()
    for (const [nome, valore] of new FormData(modulo)) if (nome !== 'q') dati.append(nome, valore)
    return dati
  }

  const programma = (attesa) => {
    clearTimeout(timer)
    if (!fermo) timer = setTimeout(salva, attesa)
  }

  const scritto = () => {
    if (fermo) return
    const adesso = Date.now()
    if (!da_salvare) primo_tasto = adesso
    da_salvare = true
    if (tentativi) return // the network is out: the next try takes this along
    if (!in_corso) mostra(parole.tDaSalvare)
    programma(Math.max(0, Math.min(QUIETE, primo_tasto + AL_MASSIMO - adesso)))
  }

  function salva(opzioni = {}) {
    clearTimeout(timer)
    if (fermo || in_corso || !(pendente || da_salvare)) return in_corso
    if (!pendente) {
      pendente = contenuto()
      da_salvare = false
    }
    in_corso = manda(pendente, opzioni).finally(() => {
      in_corso = null
      if (da_salvare && !tentativi) programma(QUIETE)
    })
    return in_corso
  }

  async function manda(dati, opzioni) {
    let risposta
    const controllo = new AbortController()
    const basta = setTimeout(() => controllo.abort(), 15000)
    try {
      risposta = await fetch(parole.salva, {
        method: 'POST',
        body: dati,
        headers: { Accept: 'application/json' },
        redirect: 'manual',
        signal: controllo.signal,
        ...opzioni,
      })
      if (risposta.ok) {
        riuscito(await risposta.json())
        return
      }
    } catch {
      riprova()
      return
    } finally {
      clearTimeout(basta)
    }
    if (risposta.status >= 500 || risposta.status === 429) {
      riprova()
    } else if (risposta.status === 409) {
      ferma(parole.tSuperata, collegamento(parole.tApri, location.pathname), confronta())
    } else if (risposta.status === 404 || risposta.type === 'opaqueredirect') {
      ferma(parole.tChiusa, collegamento(parole.tVaiAlleMie, parole.mie))
    } else {
      ferma(parole.tTroppo)
    }
  }

  function riuscito(esito) {
    pendente = null
    tentativi = 0
    versione.value = esito.versione
    segna(esito.errori)
    if (Object.keys(esito.errori).length) mostra(parole.tErrori, 'errore')
    else if (!da_salvare) mostra(esito.testo, 'salvato')
  }

  function riprova() {
    mostra(parole.tRete, 'errore')
    timer = setTimeout(salva, RIPROVE[Math.min(tentativi, RIPROVE.length - 1)])
    tentativi += 1
  }

  function ferma(testo, ...seguito) {
    fermo = true
    pendente = null
    da_salvare = true
    mostra(testo, 'errore', ...seguito)
  }

  function confronta() {
    const pulsante = document.createElement('button')
    pulsante.className = 'btn btn-outline-primary btn-sm'
    pulsante.name = 'salva'
    pulsante.value = '1'
    pulsante.textContent = parole.tConfronta
    return pulsante
  }

  // What is wrong is said at its field, as the server's own page would.
  function segna(errori) {
    for (const vecchio of modulo.querySelectorAll('.campo-errore')) {
      for (const campo of vecchio.closest('.campo').querySelectorAll('.is-invalid')) {
        campo.classList.remove('is-invalid')
        campo.removeAttribute('aria-invalid')
        descrivi(campo, vecchio.id, false)
      }
      vecchio.remove()
    }
    for (const [nome, testi] of Object.entries(errori)) {
      const campo = document.getElementById(`id_${nome}`)
      const contenitore = document.getElementById(`div_id_${nome}`)
      if (!contenitore) continue
      const errore = document.createElement('div')
      errore.className = 'campo-errore'
      errore.id = `id_${nome}_error`
      for (const testo of testi) {
        const p = document.createElement('p')
        p.textContent = testo
        errore.append(p)
      }
      contenitore.insertBefore(errore, campo?.parentNode === contenitore ? campo : null)
      campo?.classList.add('is-invalid')
      campo?.setAttribute('aria-invalid', 'true')
      descrivi(campo, errore.id, true)
    }
    if (!Object.keys(errori).length) modulo.querySelector('.riassunto-errori')?.remove()
  }

  function descrivi(campo, id, si) {
    if (!campo) return
    const nomi = (campo.getAttribute('aria-describedby') || '').split(' ').filter((n) => n && n !== id)
    if (si) nomi.push(id)
    if (nomi.length) campo.setAttribute('aria-describedby', nomi.join(' '))
    else campo.removeAttribute('aria-describedby')
  }

  for (const evento of ['input', 'change']) {
    modulo.addEventListener(evento, (e) => e.target.name !== 'q' && scritto())
  }
  if (gia_scritto()) scritto()
  window.addEventListener('online', () => tentativi && salva())
  // She looks elsewhere, or puts the phone away: now, not in a few seconds.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden' && !in_corso) salva({ keepalive: true })
  })
  window.addEventListener('beforeunload', (e) => {
    if (!inviato && (da_salvare || pendente)) e.preventDefault()
  })
  modulo.addEventListener('submit', async (e) => {
    if (fermo || !(da_salvare || pendente)) {
      inviato = true
      return
    }
    // First by the script, which knows the version to start from and what to do without a network:
    // a page that cannot be reached would take away what she has written.
    e.preventDefault()
    const pulsante = e.submitter
    while (in_corso) await in_corso
    while ((da_salvare || pendente) && !fermo) {
      await salva()
      if (tentativi) return
    }
    pulsante.click()
  })
} else {
  let cambiato = gia_scritto()
  modulo.addEventListener('input', () => {
    cambiato = true
  })
  modulo.addEventListener('submit', () => {
    inviato = true
  })
  window.addEventListener('beforeunload', (e) => {
    if (!inviato && cambiato) e.preventDefault()
  })
}
window.addEventListener('pageshow', () => {
  inviato = false
})

// --- How much room is left -------------------------------------------------------------------

for (const campo of modulo.querySelectorAll('[data-massimo]')) {
  const massimo = Number(campo.dataset.massimo)
  const conto = document.createElement('p')
  conto.className = 'scrittura-conto'
  conto.id = `${campo.id}_conto`
  campo.after(conto)
  const conta = () => {
    // As the server counts them: characters, not their halves.
    const restano = massimo - [...campo.value.trim()].length
    conto.hidden = restano > massimo / 5
    conto.classList.toggle('scrittura-conto-troppo', restano < 0)
    conto.textContent = conto.hidden
      ? ''
      : `${Math.abs(restano)} ${restano < 0 ? parole.tDiTroppo : parole.tRestano}`
  }
  campo.addEventListener('input', conta)
  conta()
}

// --- Person or organisation ------------------------------------------------------------------

const organizzazione = modulo.querySelector('[data-organizzazione]')
const firma = () => {
  const scelta = modulo.querySelector('[name=genere_proponente]:checked')
  organizzazione.hidden = scelta?.value !== 'organizzazione'
}
modulo.addEventListener('change', (e) => e.target.name === 'genere_proponente' && firma())
firma()

// --- Similar proposals -----------------------------------------------------------------------

// One question at a time: a late answer to an older one is thrown away.
function domanda() {
  let attuale
  return async (url) => {
    attuale?.abort()
    attuale = new AbortController()
    try {
      const risposta = await fetch(url, { signal: attuale.signal })
      return risposta.ok ? await risposta.text() : null
    } catch {
      return null
    }
  }
}

const simili = modulo.querySelector('[data-simili]')
if (simili && parole.salva) {
  const titolo = modulo.elements.titolo
  const elenco = simili.querySelector('[data-elenco]')
  const detto = simili.querySelector('[role=status]')
  const chiedi = domanda()
  let ultimo = ''
  const cerca = async () => {
    const testo = titolo.value.trim()
    if (testo === ultimo) return
    ultimo = testo
    const query = new URLSearchParams({ titolo: testo, tranne: simili.dataset.tranne })
    const trovate = await chiedi(`${simili.dataset.simili}?${query}`)
    if (trovate === null) return
    elenco.innerHTML = trovate
    // Another page must not take what she is writing with it.
    for (const a of elenco.querySelectorAll('a')) a.target = '_blank'
    const ci_sono = Boolean(elenco.querySelector('li'))
    if (ci_sono || detto.textContent) {
      detto.textContent = ci_sono ? simili.dataset.trovate : simili.dataset.nessuna
    }
  }
  titolo.addEventListener('input', dopo(600, cerca))
  cerca()
}

// --- Needs -----------------------------------------------------------------------------------

const bisogni = modulo.querySelector('[data-bisogni]')
if (bisogni) {
  const cerca = modulo.elements.q
  const scelti = bisogni.querySelector('[data-scelti]')
  const trovati = bisogni.querySelector('[data-trovati]')
  const detto = bisogni.querySelector('[role=status]')
  const chiedi = domanda()
  const aggiorna = async (parla) => {
    const query = new URLSearchParams({ q: cerca.value, percorso: bisogni.dataset.percorso })
    const zona = modulo.elements.laboratorio.value
    if (/^\d+$/.test(zona)) query.set('laboratorio', zona)
    const voci = await chiedi(`${bisogni.dataset.bisogni}?${query}`)
    if (voci === null) return
    trovati.innerHTML = voci
    for (const casella of trovati.querySelectorAll('input')) {
      if (scelti.querySelector(`input[value="${casella.value}"]`)) casella.closest('.form-check').remove()
    }
    const quanti = trovati.querySelectorAll('input').length
    if (parla) {
      detto.textContent =
        quanti === 0
          ? bisogni.dataset.nessuno
          : quanti === 1
            ? bisogni.dataset.uno
            : `${bisogni.dataset.molti} ${quanti}.`
    }
  }
  cerca.addEventListener('input', dopo(400, () => aggiorna(true)))
  cerca.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter') return
    e.preventDefault()
    aggiorna(true)
  })
  modulo.elements.laboratorio.addEventListener('change', () => aggiorna(false))
  trovati.addEventListener('change', (e) => {
    if (!e.target.checked) return
    // It stays where she can see it whatever she looks for next, and so does the focus.
    scelti.append(e.target.closest('.form-check'))
    e.target.focus()
  })
}
