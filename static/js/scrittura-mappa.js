// A point of the city on the labs' drawing: a click, or the arrow keys. The address in words says the
// same without.

const parte = document.querySelector('[data-mappa]')
const disegno = parte?.querySelector('svg[role=application]')

if (disegno) {
  const scrittura = document.getElementById('scrittura')
  const { latitudine, longitudine } = scrittura.elements
  const { a, b, c, d } = Object.fromEntries(['a', 'b', 'c', 'd'].map((k) => [k, Number(parte.dataset[k])]))
  const segno = disegno.querySelector('[data-punto]')
  const stato = parte.querySelector('[role=status]')
  const togli = parte.querySelector('[data-togli]')
  const zone = [...disegno.querySelectorAll('[data-nome]')].map((zona) => ({
    nome: zona.dataset.nome,
    x: Number(zona.dataset.x),
    y: Number(zona.dataset.y),
  }))
  const riquadro = disegno.viewBox.baseVal
  parte.querySelector('.scrittura-mappa-disegno').hidden = false

  const qui = () =>
    latitudine.value === ''
      ? null
      : { x: a * Number(longitudine.value) + b, y: c * Number(latitudine.value) + d }

  function metti(x, y) {
    x = Math.min(Math.max(x, 0), riquadro.width)
    y = Math.min(Math.max(y, 0), riquadro.height)
    // A metre is enough: the rest would only pretend.
    longitudine.value = ((x - b) / a).toFixed(5)
    latitudine.value = ((y - d) / c).toFixed(5)
    segno.setAttribute('transform', `translate(${x} ${y})`)
    segno.setAttribute('visibility', 'visible')
    togli.hidden = false
    const vicina = zone.reduce((p, z) =>
      Math.hypot(z.x - x, z.y - y) < Math.hypot(p.x - x, p.y - y) ? z : p,
    )
    stato.textContent = `${parte.dataset.vicino} ${vicina.nome}.`
    avvisa()
  }

  function levalo() {
    latitudine.value = longitudine.value = ''
    segno.setAttribute('visibility', 'hidden')
    togli.hidden = true
    stato.textContent = parte.dataset.tolto
    avvisa()
  }

  const avvisa = () => longitudine.dispatchEvent(new Event('change', { bubbles: true }))

  disegno.addEventListener('click', (e) => {
    const punto = new DOMPoint(e.clientX, e.clientY).matrixTransform(disegno.getScreenCTM().inverse())
    metti(punto.x, punto.y)
  })
  const passi = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }
  disegno.addEventListener('keydown', (e) => {
    if ((e.key === 'Delete' || e.key === 'Backspace') && qui()) {
      e.preventDefault()
      levalo()
    }
    const passo = passi[e.key]
    if (!passo || e.ctrlKey || e.altKey || e.metaKey) return
    e.preventDefault()
    const quanto = e.shiftKey ? 20 : 4
    const da = qui()
    // The first key puts it in the middle.
    if (!da) metti(riquadro.width / 2, riquadro.height / 2)
    else metti(da.x + passo[0] * quanto, da.y + passo[1] * quanto)
  })
  togli.addEventListener('click', (e) => {
    e.preventDefault()
    levalo()
    disegno.focus()
  })
}
