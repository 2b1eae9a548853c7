/** The destinations: their state, what waits for them, and when the last alert arrived. Pure. */
import type { Destination } from '../../../model/project/destination.ts'
import type { DestinationState } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import { actForm, type PageContext, type PageView } from '../parts/layout.ts'
import { counted, durationText, pathOf, stateChip, when, withQuery } from '../parts/words.ts'

export interface DestinationDetail {
  readonly destination: Destination
  readonly isFallback: boolean
  readonly state: DestinationState
  readonly backlog: { readonly waiting: number; readonly scheduled: number; readonly dead: number }
  readonly lastDeliveredAt: number | null
  /** The advice where it is paused. */
  readonly pauseHint: string
}

export function destinationsPage(details: readonly DestinationDetail[], context: PageContext): PageView {
  const body = html`<div class="heading"><h1>Destinations</h1><p class="meta"><span>${counted(details.length, 'destination')}, declared in destinations.yaml</span></p></div>
<div data-live="destinations" id="destinations"><ul class="cards">${details.map((each) => destinationCard(each, context))}</ul></div>
${details.length === 0 && html`<div class="empty"><p>destinations.yaml declares no destination.</p></div>`}`
  return { title: 'Destinations', section: 'destinations', body }
}

function destinationCard(detail: DestinationDetail, context: PageContext): Html {
  const { destination, isFallback, state, backlog, lastDeliveredAt, pauseHint } = detail
  const { name, type, severities } = destination
  const { now } = context
  const path = pathOf('destinations', name)
  const isPaused = destination.enabled && state.pausedAt !== null
  return html`<li class="card"><h2>${name}</h2>
<p class="line">${stateOf(detail, now)}<span class="tag">${type}</span>${isFallback && html`<span class="tag">fallback</span>`}</p>
${
  isPaused &&
  html`<p class="problem">Paused ${when(state.pausedAt ?? now, now)}: ${state.pausedReason}</p><p class="quiet-text">${pauseHint}</p>`
}
<dl class="facts">
<div><dt>Gets</dt><dd>${severities.length === 0 ? 'only what names it' : severities.toReversed().map(capitalOf).join(', ')}</dd></div>
<div><dt>Waiting</dt><dd>${countLink(backlog.waiting, name, 'waiting')}</dd></div>
<div><dt>Dead</dt><dd>${countLink(backlog.dead, name, 'dead')}</dd></div>
${backlog.scheduled > 0 && html`<div><dt>Scheduled</dt><dd>${backlog.scheduled}</dd></div>`}
<div><dt>Last success</dt><dd>${lastDeliveredAt === null ? 'none lately' : when(lastDeliveredAt, now)}</dd></div>
<div><dt>Limits</dt><dd>${limitsOf(destination)}</dd></div>
</dl>
<div class="buttons">${actForm(
    context,
    { action: `${path}/test`, className: 'inline', does: `test ${name}` },
    html`<button class="quiet">Send a test alert</button>`,
  )}${
    context.identity.role === 'operator' &&
    (isPaused || isHeld(state, now)) &&
    actForm(
      context,
      { action: `${path}/resume`, className: 'inline', does: `resume ${name}` },
      html`<button class="primary">Resume</button>`,
    )
  }</div></li>`
}

function capitalOf(severity: string): string {
  return severity.charAt(0) + severity.slice(1).toLowerCase()
}

function countLink(count: number, destination: string, show: string): Html {
  if (count === 0) return html`0`
  return html`<a href="${withQuery('/deliveries', { destination, show })}">${count}</a>`
}

function stateOf({ destination, state }: DestinationDetail, now: number): Html {
  if (!destination.enabled) return stateChip('Disabled', 'quiet')
  if (state.pausedAt !== null) return stateChip('Paused', 'bad')
  if (isHeld(state, now))
    return html`${stateChip('Held', 'attention')}<span>next try ${when(state.heldUntil!, now)}</span>`
  if (state.failures > 0) return stateChip(`${counted(state.failures, 'failure')} in a row`, 'attention')
  return stateChip('Working', 'good')
}

function isHeld({ heldUntil }: DestinationState, now: number): boolean {
  return heldUntil !== null && heldUntil !== undefined && heldUntil > now
}

function limitsOf({ rateLimit, concurrency, retry }: Destination): string {
  const rate = rateLimit === null ? 'no rate of its own' : `${rateLimit.perMinute} a minute`
  return `${rate}, ${concurrency} at once, dead after ${durationText(retry.maxAgeMs)}`
}
