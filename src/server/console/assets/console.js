// The script of the console: keys, selection, and live lists. Every page works without it.
const find = (selector, within = document) => within.querySelector(selector)
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)]

// Selection of rows.
const boxes = () => findAll('.selection .row > input[type="checkbox"]')
function showSelection() {
  const selected = boxes().filter((box) => box.checked).length
  const label = find('[data-selected]')
  if (label) {
    label.dataset.empty ??= label.textContent
    label.textContent = selected === 0 ? label.dataset.empty : `${selected} selected`
  }
  const all = find('[data-all]')
  if (!all) return
  all.closest('label').hidden = boxes().length === 0
  all.checked = selected > 0 && selected === boxes().length
  all.indeterminate = selected > 0 && selected < boxes().length
}
document.addEventListener('change', ({ target }) => {
  if (target.matches('[data-all]')) for (const box of boxes()) box.checked = target.checked
  if (target.matches('input[type="checkbox"]')) showSelection()
})

// Moving through rows.
const rows = () => findAll('[data-row]')
const currentRow = () => find('[data-row].current')
function moveTo(row) {
  if (!row) return
  currentRow()?.classList.remove('current')
  row.classList.add('current')
  find('a, input', row)?.focus({ preventScroll: true })
  row.scrollIntoView({ block: 'nearest' })
}
function move(by) {
  const all = rows()
  const index = all.indexOf(currentRow() ?? document.activeElement?.closest('[data-row]'))
  moveTo(
    all[index === -1 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(index + by, 0), all.length - 1)],
  )
}
document.addEventListener('focusin', ({ target }) => {
  const row = target.closest('[data-row]')
  currentRow()?.classList.remove('current')
  row?.classList.add('current')
})

// Keys.
function openDialog(id) {
  const dialog = document.getElementById(id)
  if (dialog && !dialog.open) dialog.showModal()
}
document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-opens]')
  if (!opener) return
  event.preventDefault()
  openDialog(opener.dataset.opens)
})
function press(key) {
  const target = find(`[data-key="${key}"]`)
  if (!target) return false
  if (target.matches('summary')) {
    const details = target.closest('details')
    details.open = !details.open
    if (details.open) find('select, textarea, input:not([type="hidden"])', details)?.focus()
  } else if (target.matches('input')) {
    target.focus()
    target.select()
  } else {
    selectCurrentIfNone(target)
    target.click()
  }
  return true
}
/** An act of a list without a selection is about the current row. */
function selectCurrentIfNone(target) {
  if (!target.closest('.selection') || boxes().some((box) => box.checked)) return
  const box = currentRow() && find('input[type="checkbox"]', currentRow())
  if (box) box.checked = true
}
const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x() {
    const box = currentRow() && find('input[type="checkbox"]', currentRow())
    box?.click()
  },
  Enter() {
    const link = currentRow() && find('a', currentRow())
    if (!link || document.activeElement?.matches('a, button, summary')) return false
    link.click()
  },
  '?': () => openDialog('keys'),
}
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const { target, key } = event
  const isField = target.matches('textarea, select, input:not([type="checkbox"])')
  if (key === 'Escape') {
    if (isField) target.blur()
    for (const act of findAll('details.act[open]')) closeAct(act)
    return
  }
  if (isField || find('dialog[open]')) return
  const act = KEYS[key]
  const done = act ? act() !== false : press(key)
  if (done) event.preventDefault()
})

// The fields of an act close with a click elsewhere.
function closeAct(act) {
  const hadFocus = act.contains(document.activeElement)
  act.open = false
  if (hadFocus) find('summary', act).focus()
}
document.addEventListener('click', ({ target }) => {
  for (const act of findAll('details.act[open]')) if (!act.contains(target)) act.open = false
})

// Live parts: they are read again when something has changed, unless the person is at work in them.
const DELAY_MS = 400
const live = () => findAll('[data-live]')
const isBusy = (part) =>
  (part.contains(document.activeElement) && part.querySelector('.current') !== null && document.hasFocus()) ||
  part.querySelector('input:checked, details[open] textarea') !== null ||
  findAll('input:not([type="checkbox"], [type="hidden"])', part).some(
    (field) => field === document.activeElement || field.value !== field.defaultValue,
  )
// The ids of forms differ with each reading, and are no news.
const contentOf = (part) => part.innerHTML.replaceAll(/name="_form" value="[^"]*"/g, '')
let timer = 0
let isReading = false
let isStale = false
async function readAgain() {
  if (isReading) {
    isStale = true
    return
  }
  isReading = true
  isStale = false
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' })
    if (!response.ok) return
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    let waits = false
    for (const part of live()) {
      const next = page.getElementById(part.id)
      if (!next || contentOf(next) === contentOf(part)) continue
      if (isBusy(part)) waits = true
      else part.replaceChildren(...next.childNodes)
    }
    showNews(waits)
    showSelection()
  } catch {
    // The daemon may be restarting: the stream connects again by itself.
  } finally {
    isReading = false
    if (isStale) schedule()
  }
}
function schedule() {
  clearTimeout(timer)
  timer = setTimeout(readAgain, DELAY_MS)
}
function showNews(waits) {
  const note = document.getElementById('live')
  if (!note) return
  note.replaceChildren()
  if (!waits) return
  const link = document.createElement('a')
  link.href = location.href
  link.textContent = 'There is something new: show it'
  note.append(link)
}
function listen() {
  const stream = new EventSource('/live')
  // A change may have come before the stream was open, or while it was interrupted.
  stream.addEventListener('open', schedule)
  for (const kind of ['alert', 'silence', 'destination', 'detection']) stream.addEventListener(kind, schedule)
  addEventListener('pagehide', () => stream.close(), { once: true })
}
if (live().length > 0) listen()
showSelection()
