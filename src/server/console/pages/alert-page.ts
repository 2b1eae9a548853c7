/** One alert: what it says, why it matched, where it went, what was done, and what can be done. Pure. */
import { parseExact } from '../../../core/exact-json.ts'
import type { AlertRow } from '../../../store/store.ts'
import { type Html, html } from '../parts/html-template.ts'
import type { PageContext, PageView } from '../parts/layout.ts'
import {
  counted,
  exactTime,
  linkedText,
  outsideLink,
  pathOf,
  severityChip,
  shortId,
  statusChip,
  when,
} from '../parts/words.ts'
import { alertActs } from './alert-acts.ts'
import { deliveriesSection } from './alert-deliveries.ts'
import type { ActError, AlertDetail } from './alert-detail.ts'
import { historySection, routeSection } from './alert-history.ts'
import { handlingSection } from './handling-section.ts'

export function alertPage(detail: AlertDetail, error: ActError | null, context: PageContext): PageView {
  const { alert, deliveries, handling, audit } = detail
  const body = html`<p class="path"><a href="/alerts">Alerts</a> <span aria-hidden="true">/</span> ${shortId(alert.id)}</p>
<div class="heading alert-heading"><div class="chips">${severityChip(alert.severity)}${statusChip(alert.status)}${
    alert.status.assignee !== '' && html`<span class="assignee">${alert.status.assignee}</span>`
  }</div>
<h1>${alert.title}</h1>
<p class="meta"><span>${alert.detection}</span><span>created ${when(alert.createdAt, context.now)}</span><span>${counted(
    alert.events,
    'event',
  )}</span></p></div>
${alertActs(detail, error, context)}
<div class="columns" data-live="alert" id="alert">
<div>${notificationSection(alert)}${matchSection(alert, context)}${routeSection(alert)}${handlingSection(handling, context.now)}${deliveriesSection(
    deliveries,
    context,
  )}</div>
<aside>${historySection(audit, context)}</aside>
</div>`
  return { title: alert.title, section: 'alerts', body }
}

/** The texts of a notification; a key that is missing or no text is empty. */
function notificationTexts(notification: string): Readonly<Record<string, unknown>> {
  const value = parseExact(notification)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function notificationSection({ notification, reference }: AlertRow): Html {
  const fields = notificationTexts(notification)
  const text = (key: string) => (typeof fields[key] === 'string' ? fields[key] : '')
  const tags = Array.isArray(fields.tags) ? fields.tags.map(String) : []
  const context = JSON.stringify(fields.alertContext ?? {}, null, 2)
  return html`<section class="card" aria-labelledby="notification"><h2 id="notification">Notification</h2>
${paragraph(text('description'))}
${text('runbook') !== '' && html`<h3>Runbook</h3>${paragraph(text('runbook'))}`}
<dl class="facts">
${reference !== '' && html`<div><dt>Reference</dt><dd>${outsideLink(reference)}</dd></div>`}
${text('link') !== '' && html`<div><dt>Link</dt><dd>${outsideLink(text('link'))}</dd></div>`}
${tags.length > 0 && html`<div><dt>Tags</dt><dd>${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</dd></div>`}
</dl>
${
  context !== '{}' &&
  html`<h3 id="context">Context</h3><pre tabindex="0" role="region" aria-labelledby="context">${context}</pre>`
}
</section>`
}

function paragraph(text: string): Html | null {
  return text === '' ? null : html`<p class="prose">${linkedText(text)}</p>`
}

function matchSection(alert: AlertRow, { now }: PageContext): Html {
  const { detection, kind, dedup, logTypes, events, lastEventAt, createdAt, divergences } = alert
  return html`<section class="card" aria-labelledby="why"><h2 id="why">Why it matched</h2>
<dl class="facts">
<div><dt>Detection</dt><dd><a href="${pathOf('detections', detection)}">${detection}</a> <span class="quiet-text">${kind}</span></dd></div>
<div><dt>Log types</dt><dd>${logTypes.length === 0 ? 'none' : logTypes.join(', ')}</dd></div>
<div><dt>Dedup key</dt><dd><code>${dedup}</code></dd></div>
<div><dt>Events</dt><dd>${counted(events, 'event')}, the last ${when(lastEventAt, now)}</dd></div>
<div><dt>Created</dt><dd>${exactTime(createdAt)}</dd></div>
<div><dt>Alert id</dt><dd><code>${alert.id}</code></dd></div>
</dl>
${
  divergences.length > 0 &&
  html`<h3>Events that differ</h3><ul class="plain-list">${divergences.map(
    ({ at, rowId, severity, destinations }) =>
      html`<li>${when(at, now)}: event <code>${rowId}</code>${severity && html` has the severity ${severity}`}${
        destinations && html` would go to ${destinations.join(', ')}`
      }</li>`,
  )}</ul>`
}
</section>`
}
