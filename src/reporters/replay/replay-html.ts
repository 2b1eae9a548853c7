/** The report of a replay as one page with charts. The page has no script and loads nothing. Pure. */
import { escapeMarkup, SEVERITY_COLOURS } from '../../drawings/_chart.ts'
import { drawCounts } from '../../drawings/count-bars.ts'
import { type DayCounts, drawDays } from '../../drawings/day-chart.ts'
import type { ReplayedAlert, ReplayReport, RevisionReport } from '../../model/replay/replay-report.ts'
import {
  changeText,
  type DetectionRow,
  destinationRows,
  detectionRows,
  eventsText,
  minuteText,
  numberText,
  pagesText,
  summaryText,
} from './replay-figures.ts'
import { REPLAY_STYLE } from './replay-html-style.ts'

const MAX_EXAMPLES_SHOWN = 10
const MAX_DETECTIONS_SHOWN = 200
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

export function replayHtml(report: ReplayReport): string {
  const { before, after, events } = report
  const rows = detectionRows(report)
  const against = before === null ? '' : `, ${escapeMarkup(after.name)} against ${escapeMarkup(before.name)}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Replay: ${escapeMarkup(summaryText(report))}</title><style>${REPLAY_STYLE}</style></head>
<body><h1>Replay: ${escapeMarkup(summaryText(report))}</h1>
<p>${escapeMarkup(eventsText(events))}${against}. ${escapeMarkup(pagesText(report))}.</p>
${[warnings(report, rows), dayChart(report), detectionTable(report, rows), destinationTable(report)].filter(Boolean).join('\n')}
</body></html>
`
}

function warnings({ budgets, problems, problemCount }: ReplayReport, rows: readonly DetectionRow[]): string {
  const items = [
    ...budgets.map(({ budget, isKept, message }) =>
      isKept
        ? `<li>Budget kept: <code>${escapeMarkup(budget)}</code>: ${escapeMarkup(message)}</li>`
        : `<li class="bad">Budget exceeded: <code>${escapeMarkup(budget)}</code>: ${escapeMarkup(message)}</li>`,
    ),
    ...rows
      .filter(({ isMuted }) => isMuted)
      .map(
        ({ id }) =>
          `<li class="bad"><code>${escapeMarkup(id)}</code> reaches the limit of alerts per hour and is muted</li>`,
      ),
    ...problems.map(
      ({ file, position, reason }) =>
        `<li class="bad">Not replayed: ${escapeMarkup(`${file}: ${position}: ${reason}`)}</li>`,
    ),
  ]
  if (problemCount > problems.length)
    items.push(`<li class="bad">${problemCount - problems.length} more problems of the input</li>`)
  return items.length === 0 ? '' : `<ul class="results">${items.join('\n')}</ul>`
}

function dayChart({ before, after }: ReplayReport): string {
  const chart = drawDays([...(before === null ? [] : [dayCounts(before)]), dayCounts(after)])
  if (chart === '') return ''
  const legend =
    before === null
      ? ''
      : `<p><span class="key before"></span> ${escapeMarkup(before.name)} <span class="key after"></span> ${escapeMarkup(after.name)}</p>`
  return `<h2>Alerts over time</h2>${legend}\n${chart}`
}

function dayCounts({ name, detections }: RevisionReport): DayCounts {
  const perDay: Record<string, number> = {}
  for (const totals of detections.values()) {
    for (const [day, count] of Object.entries(totals.perDay)) perDay[day] = (perDay[day] ?? 0) + count
  }
  return { name, perDay }
}

function detectionTable({ before }: ReplayReport, rows: readonly DetectionRow[]): string {
  if (rows.length === 0) return ''
  const top = Math.max(...rows.map((row) => Math.max(row.before, row.after)))
  const isComparison = before !== null
  const heads = isComparison
    ? '<th>Before</th><th>After</th><th></th><th>Added</th><th>Removed</th><th>Changed</th>'
    : '<th>Alerts</th><th></th>'
  const lines = rows.slice(0, MAX_DETECTIONS_SHOWN).map((row) => detectionLine(row, isComparison, top))
  const hidden = rows.length - lines.length
  return `<h2>Detections</h2>
<table><thead><tr><th>Detection</th>${heads}</tr></thead><tbody>
${lines.join('\n')}
</tbody></table>${hidden > 0 ? `<p>${hidden} more detections.</p>` : ''}`
}

function detectionLine(row: DetectionRow, isComparison: boolean, top: number): string {
  const bars = `<td>${drawCounts(isComparison ? row.before : null, row.after, top)}</td>`
  const cells = isComparison
    ? `${count(row.before)}${count(row.after)}${bars}${count(row.added.length)}${count(row.removed.length)}${count(row.changed.length)}`
    : `${count(row.after)}${bars}`
  return `<tr><td>${detectionName(row)}</td>${cells}</tr>`
}

/** A detection with changes opens to examples of them. */
function detectionName(row: DetectionRow): string {
  const name = `<code>${escapeMarkup(row.id)}</code>`
  const examples = [
    ...row.added.slice(0, MAX_EXAMPLES_SHOWN).map((alert) => `added: ${alertMarkup(alert)}`),
    ...row.removed.slice(0, MAX_EXAMPLES_SHOWN).map((alert) => `removed: ${alertMarkup(alert)}`),
    ...row.changed
      .slice(0, MAX_EXAMPLES_SHOWN)
      .map((each) => `changed: ${alertMarkup(each.after)}: ${escapeMarkup(changeText(each))}`),
  ]
  if (examples.length === 0) return name
  const items = examples.map((each) => `<li>${each}</li>`).join('\n')
  return `<details><summary>${name}</summary><ul>${items}</ul></details>`
}

function alertMarkup({ createdAt, severity, title }: ReplayedAlert): string {
  const chip = `<span class="chip" style="background:${SEVERITY_COLOURS[severity]}">${severity}</span>`
  return `${minuteText(createdAt)} ${chip} ${escapeMarkup(title)}`
}

function destinationTable(report: ReplayReport): string {
  const rows = destinationRows(report)
  if (rows.length === 0) return ''
  const isComparison = report.before !== null
  const top = Math.max(...rows.map((row) => Math.max(row.before, row.after)))
  const lines = rows.map((row) => {
    const bars = `<td>${drawCounts(isComparison ? row.before : null, row.after, top)}</td>`
    return `<tr><td><code>${escapeMarkup(row.name)}</code></td>${isComparison ? count(row.before) : ''}${count(row.after)}${bars}</tr>`
  })
  const heads = isComparison ? '<th>Before</th><th>After</th>' : '<th>Deliveries</th>'
  return `<h2>Deliveries per week</h2>
<table><thead><tr><th>Destination</th>${heads}<th></th></tr></thead><tbody>
${lines.join('\n')}
</tbody></table>`
}

function count(value: number): string {
  return `<td class="count">${numberText(value)}</td>`
}
