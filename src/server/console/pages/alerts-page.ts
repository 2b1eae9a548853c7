/** The list of alerts: search, filters in the address, and acts on the selected ones. Pure. */
import { STATUS_NAMES } from '../../../model/alerts/alert-status.ts'
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import { type AlertPage, type AlertSummary, MIN_SEARCHED_CHARS } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import { hidden, type PageContext, type PageView, roleSentence } from '../parts/layout.ts'
import {
  capital,
  counted,
  pathOf,
  STATUS_TITLES,
  severityChip,
  statusChip,
  when,
  withQuery,
} from '../parts/words.ts'
import type { AlertFilters } from './alert-filters.ts'

const AGES = [
  ['1h', 'the last hour'],
  ['24h', 'the last 24 hours'],
  ['7d', 'the last 7 days'],
  ['30d', 'the last 30 days'],
] as const

export function alertsPage(page: AlertPage, filters: AlertFilters, context: PageContext): PageView {
  const body = html`<div class="heading"><h1>Alerts</h1>${statusTabs(filters)}</div>
${filterForm(filters)}
<div id="list" data-live="list">
${page.alerts.length === 0 ? emptyList(filters) : alertList(page, filters, context)}
</div>
<p class="live" id="live" role="status" aria-live="polite"></p>`
  return { title: 'Alerts', section: 'alerts', body }
}

function statusTabs(filters: AlertFilters): Html {
  const tabs = [...STATUS_NAMES, 'any'] as const
  const links = tabs.map((status) => {
    const state = status === filters.status ? html` aria-current="true"` : null
    const title = status === 'any' ? 'All' : STATUS_TITLES[status]
    return html`<li><a href="${addressOf({ ...filters, status, before: '' })}"${state}>${title}</a></li>`
  })
  return html`<nav class="tabs" aria-label="Status"><ul>${links}</ul></nav>`
}

/** The address that shows the list with these filters. What is the default is left out. */
function addressOf(filters: AlertFilters): string {
  const { status, ...others } = filters
  return withQuery('/alerts', { ...others, status: status === 'open' ? '' : status })
}

function filterForm(filters: AlertFilters): Html {
  const { q, status, severity, detection, assignee, destination, tag, silencedBy, since } = filters
  const isFiltered = isNarrowed({ ...filters, q: '' })
  const open = isFiltered ? html` open` : null
  return html`<form method="get" action="/alerts" role="search" class="filters">
${status !== 'open' && hidden({ status })}
<div class="search"><label class="unseen" for="q">Search</label>
<input type="search" id="q" name="q" value="${q}" placeholder="Title, detection, dedup key or tag" data-key="/" autocomplete="off">
<button>Search</button></div>
${q !== '' && q.length < MIN_SEARCHED_CHARS && html`<p class="error" role="alert">Search for at least ${MIN_SEARCHED_CHARS} characters. All alerts are shown.</p>`}
<details${open}><summary>Filters${isFiltered && html` <span class="dot">set</span>`}</summary>
<div class="fields">
<label>Severity<select name="severity"><option value="">any</option>${SEVERITIES.toReversed().map((each) =>
    option(each, capital(each.toLowerCase()), severity),
  )}</select></label>
<label>Created in<select name="since"><option value="">any time</option>${AGES.map(([value, title]) =>
    option(value, title, since),
  )}</select></label>
<label>Detection<input name="detection" value="${detection}" autocomplete="off"></label>
<label>Destination<input name="destination" value="${destination}" autocomplete="off"></label>
<label>Tag<input name="tag" value="${tag}" autocomplete="off"></label>
<label>Hidden by the silence<input name="silencedBy" value="${silencedBy}" autocomplete="off"></label>
<label>Assigned to<input name="assignee" value="${assignee}" autocomplete="off"></label>
<p class="buttons"><button>Apply</button>
<a class="button quiet" href="${withQuery('/alerts', { status: status === 'open' ? '' : status })}">Clear</a></p>
</div></details>
</form>`
}

function option(value: string, title: string, chosen: string): Html {
  return html`<option value="${value}"${value === chosen ? html` selected` : null}>${title}</option>`
}

function isNarrowed({ status: _status, before: _before, ...others }: AlertFilters): boolean {
  return Object.values(others).some((value) => value !== '')
}

function emptyList(filters: AlertFilters): Html {
  const { status } = filters
  const isFiltered = isNarrowed(filters)
  if (isFiltered)
    return html`<div class="empty"><p>No alert matches.</p><p><a href="/alerts?status=any">Show all alerts</a></p></div>`
  if (status === 'any') return html`<div class="empty"><p>There is no alert yet.</p></div>`
  return html`<div class="empty"><p>No alert is ${status}.</p><p><a href="/alerts?status=any">Show all alerts</a></p></div>`
}

function alertList({ alerts, next }: AlertPage, filters: AlertFilters, context: PageContext): Html {
  const more = next === null ? null : addressOf({ ...filters, before: next })
  const first = filters.before === '' ? null : addressOf({ ...filters, before: '' })
  return html`<form method="post" action="/alerts/selected" class="selection">
${hidden({ _token: context.forgeryToken, _form: context.formId, back: context.url })}
${bulkBar(context)}
<ul class="rows alerts">${alerts.map((alert) => alertItem(alert, context))}</ul>
</form>
<nav class="pager" aria-label="More alerts">
${first && html`<a class="button quiet" href="${first}">Newest</a>`}
${more && html`<a class="button quiet" href="${more}" rel="next">Older</a>`}
<span>${counted(alerts.length, 'alert')} on this page</span>
</nav>`
}

function bulkBar({ identity }: PageContext): Html {
  if (identity.role !== 'operator')
    return html`<p class="needs-role">${roleSentence('acknowledge or resolve alerts')}</p>`
  return html`<div class="bulk" role="group" aria-label="With the selected alerts">
<label class="all" hidden><input type="checkbox" data-all> <span>All<span class="wide"> on this page</span></span></label>
<span class="grow" data-selected>Select alerts to act on several.</span>
<button name="verb" value="acknowledge" class="quiet" data-key="a">Acknowledge</button>
<button name="verb" value="resolve" class="quiet" data-key="r">Resolve…</button>
</div>`
}

function alertItem(alert: AlertSummary, { identity, now }: PageContext): Html {
  const { id, title, severity, status, detection, events, lastEventAt, createdAt, route } = alert
  const box =
    identity.role === 'operator'
      ? html`<input type="checkbox" name="id" value="${id}" aria-label="Select: ${title}">`
      : null
  const recipients = route.destinations.length === 0 ? 'no destination' : route.destinations.join(', ')
  return html`<li class="row" data-row>
${box}
${severityChip(severity)}
<div class="what"><a href="${pathOf('alerts', id)}" class="title">${title}</a>
<p class="meta"><span>${detection}</span>${
    events > 1 && html`<span>${counted(events, 'event')}, last ${when(lastEventAt, now)}</span>`
  }<span>to ${recipients}</span></p></div>
<div class="state">${statusChip(status)}${status.assignee !== '' && html`<span class="assignee">${status.assignee}</span>`}</div>
<div class="age">${when(createdAt, now)}</div>
</li>`
}
