/** What was decided about an alert after its route, step by step. Pure. */
import type { HandlingStep } from '../../../model/alerts/handling.ts'
import type { HandlingRecord } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import { stateChip, when } from '../parts/words.ts'

const MEANINGS: Readonly<Record<HandlingStep['did'], Parameters<typeof stateChip>[1]>> = {
  passed: 'quiet',
  hid: 'bad',
  held: 'attention',
  gathered: 'attention',
  replaced: 'attention',
  scheduled: 'attention',
}

/** Nothing where no rule of handling existed. */
export function handlingSection(handling: readonly HandlingRecord[], now: number): Html | null {
  if (handling.every(({ steps }) => steps.length === 0)) return null
  return html`<section class="card" aria-labelledby="handling"><h2 id="handling">Handling</h2>
${handling.map(
  ({ at, steps }) => html`<h3>Decided ${when(at, now)}</h3><ol class="steps">${steps.map(stepItem)}</ol>`,
)}</section>`
}

function stepItem({ stage, destination, did, reason }: HandlingStep): Html {
  return html`<li class="${did === 'passed' ? 'step' : 'step decided'}"><p class="line"><code>${stage}</code>${stateChip(did, MEANINGS[did])}${
    destination !== undefined && html`<strong>${destination}</strong>`
  }</p><p class="quiet-text">${reason}</p></li>`
}
