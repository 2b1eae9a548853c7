/** The deliveries that did not arrive, or not yet, and the act to retry them. Pure. */
import { DELIVERY_STATES, type DeliveryRow, type DeliveryState } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import { hidden, type PageContext, type PageView, roleSentence } from '../parts/layout.ts'
import { counted, pathOf, shortId, when, withQuery } from '../parts/words.ts'
import { deliveryChip } from './alert-deliveries.ts'

const SHOWN = {
  waiting: { title: 'Waiting', states: ['pending', 'sending', 'waiting', 'queued'] },
  dead: { title: 'Dead', states: ['dead', 'orphaned'] },
  delivered: { title: 'Delivered', states: ['delivered'] },
  all: { title: 'All', states: DELIVERY_STATES },
} as const satisfies Record<string, { title: string; states: readonly DeliveryState[] }>
export type ShownDeliveries = keyof typeof SHOWN

export const DELIVERIES_LIMIT = 100

export interface DeliveryFilters {
  readonly show: ShownDeliveries
  readonly destination: string
}

export function deliveryFiltersOf(parameters: URLSearchParams): DeliveryFilters {
  const show = parameters.get('show') ?? ''
  const destination = (parameters.get('destination') ?? '').trim().slice(0, 200)
  return { show: Object.hasOwn(SHOWN, show) ? (show as ShownDeliveries) : 'waiting', destination }
}

export function statesOf({ show }: DeliveryFilters): readonly DeliveryState[] {
  return SHOWN[show].states
}

export function deliveriesPage(
  deliveries: readonly DeliveryRow[],
  filters: DeliveryFilters,
  destinations: readonly string[],
  context: PageContext,
): PageView {
  const body = html`<div class="heading"><h1>Deliveries</h1>${tabs(filters)}</div>
<form method="get" action="/deliveries" class="filters row-form">${hidden({ show: filters.show })}
<label>Destination<select name="destination"><option value="">any</option>${destinations.map(
    (name) =>
      html`<option value="${name}"${name === filters.destination ? html` selected` : null}>${name}</option>`,
  )}</select></label><button>Apply</button></form>
<div id="list" data-live="list">${
    deliveries.length === 0
      ? html`<div class="empty"><p>${emptySentence(filters)}</p></div>`
      : list(deliveries, filters, context)
  }</div>`
  return { title: 'Deliveries', section: 'deliveries', body }
}

function emptySentence({ show, destination }: DeliveryFilters): string {
  const to = destination === '' ? '' : ` to ${destination}`
  return show === 'all' ? `There is no delivery${to}.` : `No delivery${to} is ${show}.`
}

function tabs(filters: DeliveryFilters): Html {
  const links = Object.entries(SHOWN).map(([show, { title }]) => {
    const state = show === filters.show ? html` aria-current="true"` : null
    return html`<li><a href="${withQuery('/deliveries', { show, destination: filters.destination })}"${state}>${title}</a></li>`
  })
  return html`<nav class="tabs" aria-label="State"><ul>${links}</ul></nav>`
}

function list(deliveries: readonly DeliveryRow[], { show }: DeliveryFilters, context: PageContext): Html {
  const { forgeryToken, formId, url, identity } = context
  const canRetry = show !== 'delivered'
  const bar =
    identity.role === 'operator'
      ? html`<div class="bulk" role="group" aria-label="With the selected deliveries"><label class="all" hidden><input type="checkbox" data-all> <span>All<span class="wide"> on this page</span></span></label><span class="grow" data-selected>Select deliveries to retry them now.</span><button class="quiet">Retry</button></div>`
      : html`<p class="needs-role">${roleSentence('retry deliveries')}</p>`
  return html`<form method="post" action="/deliveries/retry" class="selection">${hidden({ _token: forgeryToken, _form: formId, back: url })}
${canRetry && bar}
<ul class="rows">${deliveries.map((delivery) => item(delivery, canRetry, context))}</ul></form>
<p class="quiet-text">${counted(deliveries.length, 'delivery', 'deliveries')}, the newest first${
    deliveries.length === DELIVERIES_LIMIT && html`; older ones are not shown`
  }.</p>`
}

const RETRIED: readonly DeliveryState[] = ['dead', 'orphaned', 'waiting']

function item(delivery: DeliveryRow, canRetry: boolean, { identity, now }: PageContext): Html {
  const { id, state, destination, alertIds, due, attempts, reason, message, createdAt } = delivery
  const isOpen = state === 'waiting' || state === 'pending'
  const hasBox = canRetry && identity.role === 'operator' && RETRIED.includes(state)
  return html`<li class="row" data-row>
${hasBox && html`<input type="checkbox" name="id" value="${id}" aria-label="Select: ${destination}, ${shortId(id)}">`}
${deliveryChip(state)}
<div class="what"><p class="title">${destination} <span class="quiet-text">for ${alertIds.map(
    (alert) => html`<a href="${pathOf('alerts', alert)}">${shortId(alert)}</a> `,
  )}</span></p>
<p class="meta"><span>${reason}</span>${attempts > 0 && html`<span>${counted(attempts, 'attempt')}</span>`}${
    isOpen && html`<span>next attempt ${when(due, now)}</span>`
  }</p>
${message !== '' && state !== 'delivered' && html`<p class="answer">${message}</p>`}</div>
<div class="age">${when(createdAt, now)}</div></li>`
}
