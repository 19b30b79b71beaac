// A seat's position under review: the draft saves itself. Without this file the page's button does the same.

const modulo = document.querySelector('form[data-bozza]')
const parole = modulo.dataset
const stato = modulo.querySelector('[data-stato]')
const versione = modulo.elements.versione

const QUIETE = 1500 // after the last key
const RIPROVA = 8000 // without a network

let da_salvare = false // something was written since the last sending
let in_corso = null // the promise of the sending that is under way
let fermo = false // the seat saved elsewhere, or the time is over
let timer

function scritto() {
  if (fermo) return
  da_salvare = true
  clearTimeout(timer)
  timer = setTimeout(salva, QUIETE)
}

function salva(opzioni = {}) {
  clearTimeout(timer)
  if (fermo || in_corso || !da_salvare) return in_corso
  da_salvare = false
  stato.textContent = parole.tSalvo
  in_corso = manda(opzioni).finally(() => {
    in_corso = null
    if (da_salvare && !fermo) timer = setTimeout(salva, QUIETE)
  })
  return in_corso
}

async function manda(opzioni) {
  try {
    const risposta = await fetch(parole.bozza, {
      method: 'POST',
      body: new URLSearchParams(new FormData(modulo)),
      headers: { Accept: 'application/json' },
      redirect: 'manual',
      ...opzioni,
    })
    if (risposta.ok) {
      const esito = await risposta.json()
      versione.value = esito.versione
      stato.textContent = esito.testo
    } else if (risposta.status === 409) {
      fermo = true
      stato.textContent = `${(await risposta.json()).testo} ${parole.tFermo}`
    } else if (risposta.status === 422) {
      stato.textContent = (await risposta.json()).testo
    } else if (risposta.status >= 500) {
      throw new Error(risposta.status)
    } else {
      fermo = true
      stato.textContent = parole.tUscita
    }
  } catch {
    da_salvare = true
    stato.textContent = parole.tRete
    timer = setTimeout(salva, RIPROVA)
  }
}

modulo.addEventListener('input', scritto)
// She looks elsewhere, or puts the phone away: now, not in a second.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') salva({ keepalive: true })
})
modulo.addEventListener('submit', async (e) => {
  clearTimeout(timer)
  if (!in_corso) {
    // What is sent now is all of it.
    da_salvare = false
    return
  }
  // The answer that is under way brings the version to start from.
  e.preventDefault()
  const pulsante = e.submitter
  da_salvare = false
  await in_corso
  clearTimeout(timer)
  da_salvare = false
  if (pulsante) pulsante.click()
  else modulo.requestSubmit()
})
