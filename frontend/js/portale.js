// A page that says what went wrong says it first: the summary of a failed form takes the focus.
document.querySelector('[data-riassunto-errori]')?.focus()

// A form is sent once: a second tap while the answer is on its way changes nothing.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.method !== 'post' || event.defaultPrevented) return
  if (form.dataset.inviato) event.preventDefault()
  form.dataset.inviato = '1'
})
// Coming back with the browser's button shows the page as it was left: let it be sent again.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.inviato
})
