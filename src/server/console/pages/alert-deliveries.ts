/** The deliveries of an alert with their attempts. Pure. */
import type { Attempt, DeliveryRow, DeliveryState } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import type { PageContext } from '../parts/layout.ts'
import { capital, counted, exactTime, stateChip, when } from '../parts/words.ts'

const MEANINGS: Readonly<Record<DeliveryState, Parameters<typeof stateChip>[1]>> = {
  pending: 'quiet',
  sending: 'quiet',
  delivered: 'good',
  waiting: 'attention',
  queued: 'quiet',
  dead: 'bad',
  orphaned: 'bad',
  withdrawn: 'quiet',
}

export function deliveryChip(state: DeliveryState): Html {
  return stateChip(capital(state), MEANINGS[state])
}

export function deliveriesSection(
  deliveries: readonly (DeliveryRow & { readonly history: readonly Attempt[] })[],
  context: PageContext,
): Html {
  return html`<section class="card" aria-labelledby="deliveries"><h2 id="deliveries">Deliveries</h2>
${deliveries.length === 0 && html`<p>No delivery was made.</p>`}
<ul class="deliveries">${deliveries.map((delivery) => deliveryItem(delivery, context))}</ul>
</section>`
}

function deliveryItem(
  {
    destination,
    kind,
    state,
    reason,
    message,
    due,
    history,
  }: DeliveryRow & { readonly history: readonly Attempt[] },
  { now }: PageContext,
): Html {
  const isOpen = state === 'waiting' || state === 'pending'
  return html`<li><p class="line">${deliveryChip(state)}<strong>${destination}</strong>${
    kind !== 'single' && html`<span class="tag">${kind}</span>`
  }<span class="quiet-text">${reason}</span></p>
${isOpen && due > now && html`<p class="quiet-text">The next attempt is ${when(due, now)}.</p>`}
${message !== '' && state !== 'delivered' && html`<p class="answer">${message}</p>`}
${history.length > 0 && attemptsTable(destination, history)}
</li>`
}

function attemptsTable(destination: string, history: readonly Attempt[]): Html {
  return html`<details${history.some(({ outcome }) => outcome !== 'delivered') ? html` open` : null}><summary>${counted(history.length, 'attempt')}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Attempts to ${destination}"><table><thead><tr><th scope="col">Time</th><th scope="col">Outcome</th><th scope="col">Status</th><th scope="col">Took</th><th scope="col">Answer</th></tr></thead>
<tbody>${history.map(
    ({ at, outcome, status, ms, message }) =>
      html`<tr><td class="nowrap">${exactTime(at)}</td><td>${outcome}</td><td>${status ?? ''}</td><td class="nowrap">${ms} ms</td><td class="answer">${message}</td></tr>`,
  )}</tbody></table></div></details>`
}
