/** The first page: what needs a person, and how much happens over time. Pure. */
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import type { AlertSummary, DeliveryCounts } from '../../../store/store.ts'
import type { ConsoleStatistics } from '../console-ports.ts'
import { barChart } from '../parts/bar-chart.ts'
import { type Html, html } from '../parts/html-template.ts'
import type { PageContext, PageView } from '../parts/layout.ts'
import { pathOf, severityChip, type stateChip, when, wholeNumberText } from '../parts/words.ts'

export interface Overview {
  readonly statistics: ConsoleStatistics
  /** The newest open alerts, with one more than are shown. */
  readonly open: readonly AlertSummary[]
  readonly counts: DeliveryCounts
  readonly paused: readonly string[]
  readonly detections: number
}

const MAX_OPEN_SHOWN = 5
const SEVERITY_PARTS = SEVERITIES.map((severity) => severity.toLowerCase())
const STATES = ['delivered', 'waiting', 'dead']

export function overviewPage(overview: Overview, context: PageContext): PageView {
  const { statistics, counts, paused, detections } = overview
  const waiting = counts.pending + counts.sending + counts.waiting
  const dead = counts.dead + counts.orphaned
  const body = html`<div class="heading"><h1>Overview</h1></div>
<ul class="tiles" data-live="tiles" id="tiles">
${tile('/deliveries', wholeNumberText(waiting), waiting === 1 ? 'delivery waits' : 'deliveries wait', waiting > 0 ? 'attention' : 'good')}
${tile('/deliveries?show=dead', wholeNumberText(dead), dead === 1 ? 'delivery is dead' : 'deliveries are dead', dead > 0 ? 'bad' : 'good')}
${tile('/destinations', String(paused.length), paused.length === 1 ? 'destination is paused' : 'destinations are paused', paused.length > 0 ? 'bad' : 'good')}
${tile('/detections', wholeNumberText(detections), 'detections run', 'quiet')}
</ul>
<section class="card" aria-labelledby="open"><h2 id="open">Newest open alerts</h2><div data-live="open" id="open-alerts">${openAlerts(overview, context)}</div></section>
<div class="charts">${barChart({ id: 'by-hour', title: 'Alerts by hour, 48 hours', unit: 'hour', parts: SEVERITY_PARTS, from: statistics.alertsFrom, periods: statistics.alertsByHour })}
${barChart({ id: 'by-day', title: 'Alerts by day, 30 days', unit: 'day', parts: SEVERITY_PARTS, from: statistics.alertsFrom, periods: statistics.alertsByDay })}
${barChart({ id: 'by-state', title: 'Deliveries by hour, 48 hours', unit: 'hour', parts: STATES, from: statistics.deliveriesFrom, periods: statistics.deliveriesByHour })}</div>`
  return { title: 'Overview', section: 'overview', body }
}

function tile(path: string, figure: string, text: string, meaning: Parameters<typeof stateChip>[1]): Html {
  return html`<li><a class="tile ${meaning}" href="${path}"><strong>${figure}</strong><span>${text}</span></a></li>`
}

function openAlerts({ open }: Overview, { now }: PageContext): Html {
  if (open.length === 0) return html`<p>No alert is open.</p>`
  return html`<ul class="rows plain">${open
    .slice(0, MAX_OPEN_SHOWN)
    .map(
      ({ id, title, severity, detection, createdAt }) =>
        html`<li class="row">${severityChip(severity)}<div class="what"><a class="title" href="${pathOf('alerts', id)}">${title}</a><p class="meta"><span>${detection}</span></p></div><div class="age">${when(createdAt, now)}</div></li>`,
    )}</ul>
${open.length > MAX_OPEN_SHOWN && html`<p><a href="/alerts">All open alerts</a></p>`}`
}
