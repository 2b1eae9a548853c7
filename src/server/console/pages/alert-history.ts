/** The route of an alert level by level, and what was done with it. Pure. */
import type { TraceStep } from '../../../model/alerts/route.ts'
import type { AlertRow, AuditRow } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import type { PageContext } from '../parts/layout.ts'
import { linkedText, when } from '../parts/words.ts'

const DROPPED = {
  disabled: 'it is disabled',
  severities: 'its severities do not have this one',
  alertTypes: 'its alertTypes do not have this one',
  logTypes: 'its logTypes do not match',
} as const

export function routeSection({ route }: AlertRow): Html {
  const recipients = route.suppressed
    ? 'The detection asked for no destination.'
    : route.destinations.length === 0
      ? 'No destination gets this alert.'
      : html`It goes to <strong>${route.destinations.join(', ')}</strong>, decided by <code>${route.level}</code>.`
  return html`<section class="card" aria-labelledby="route"><h2 id="route">Route</h2>
<p>${recipients}</p>
<ol class="steps">${route.trace.map(stepItem)}</ol>
${
  route.problems.length > 0 &&
  html`<h3>Problems</h3><ul class="plain-list problems">${route.problems.map(({ message }) => html`<li>${message}</li>`)}</ul>`
}
</section>`
}

function stepItem({ level, decided, reason, names, unknown, dropped }: TraceStep): Html {
  const state = decided ? html`<strong class="decided">decided</strong>` : null
  return html`<li class="${decided ? 'step decided' : 'step'}"><p><code>${level}</code> ${state}</p>
<p class="quiet-text">${reason}</p>
${names && names.length > 0 && html`<p class="quiet-text">asked for ${names.join(', ')}</p>`}
${unknown && unknown.length > 0 && html`<p class="quiet-text">unknown: ${unknown.join(', ')}</p>`}
${(dropped ?? []).map(
  ({ destination, filter }) =>
    html`<p class="quiet-text">left out ${destination}, because ${DROPPED[filter]}</p>`,
)}</li>`
}

/** The latest first. */
export function historySection(audit: readonly AuditRow[], { now }: PageContext): Html {
  return html`<section class="card" aria-labelledby="history"><h2 id="history">History</h2>
<ol class="timeline">${audit.toReversed().map((row) => auditItem(row, now))}</ol>
</section>`
}

function auditItem(row: AuditRow, now: number): Html {
  return html`<li class="${row.verb}"><p>${actText(row)}</p>
${row.note !== '' && html`<blockquote class="prose">${linkedText(row.note)}</blockquote>`}
<p class="meta"><span>${row.actor}</span><span>by ${row.via}</span><span>${when(row.at, now)}</span></p></li>`
}

function actText({ verb, before, after }: AuditRow): Html {
  switch (verb) {
    case 'created':
      return html`Created, <strong>${after}</strong>`
    case 'resolved':
      return html`<strong>${after.charAt(0).toUpperCase() + after.slice(1)}</strong>`
    case 'assigned':
      return after === '' ? html`Unassigned` : html`Assigned to <strong>${after}</strong>`
    case 'resent':
      return html`Sent again to ${after}`
    case 'escalated':
      return html`Escalated to <strong>${after}</strong>`
    case 'retried':
      return html`Retried the delivery to ${after}`
    case 'commented':
      return html`Commented`
    case 'reopened':
      return html`<strong>Reopened</strong>, it was ${before}`
    case 'acknowledged':
    case 'expired':
    case 'extended':
    case 'muted':
    case 'paused':
    case 'resumed':
    case 'skipped':
    case 'tested':
    case 'unmuted':
      return html`<strong>${verb.charAt(0).toUpperCase() + verb.slice(1)}</strong>`
  }
}
