/** The report of a replay for a terminal. Pure. */
import type { ReplayReport } from '../../model/replay/replay-report.ts'
import { counted, escapeForTerminal, type Style } from '../parts/terminal-text.ts'
import {
  changesOf,
  changeText,
  type DetectionRow,
  destinationRows,
  detectionRows,
  eventsText,
  minuteText,
  numberText,
} from './replay-figures.ts'

const MAX_DETECTIONS_SHOWN = 30
const MAX_EXAMPLES_SHOWN = 3

export function replayText(report: ReplayReport, style: Style): string {
  const { before, after, changes } = report
  const rows = detectionRows(report)
  const shown = changes === null ? rows : rows.filter((row) => changesOf(row) > 0)
  const sections = [
    headline(report, style),
    shown.slice(0, MAX_DETECTIONS_SHOWN).flatMap((row) => detectionLines(row, before !== null, style)),
    shown.length > MAX_DETECTIONS_SHOWN
      ? [`${shown.length - MAX_DETECTIONS_SHOWN} more detections: --format json lists all`]
      : [],
    destinationLines(report, style),
    report.budgets.map(
      ({ isKept, budget, message }) =>
        `${isKept ? style('green', 'kept') : style('red', 'EXCEEDED')} ${budget}: ${message}`,
    ),
    problemLines(report, style),
  ]
  const muted = rows.filter(({ isMuted }) => isMuted).map(({ id }) => id)
  if (muted.length > 0)
    sections.push([
      `muted after 1000 alerts in an hour, as in run: ${muted.map(escapeForTerminal).join(', ')}`,
    ])
  if (after.destinations.size === 0) sections.push(['no destinations.yaml: the alerts have no destination'])
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

function headline({ events, after, before, changes }: ReplayReport, style: Style): string[] {
  const replayed = `replayed ${eventsText(events)}`
  const alerts = `${numberText(after.alerts.length)} ${after.alerts.length === 1 ? 'alert' : 'alerts'}`
  const left = [
    events.outside > 0 && `${numberText(events.outside)} outside of the time`,
    events.unclassified > 0 && `${numberText(events.unclassified)} without a log type`,
    events.untimed > 0 && `${numberText(events.untimed)} without a time`,
  ].filter(Boolean)
  const notes = left.length > 0 ? [style('dim', `events: ${left.join(', ')}`)] : []
  if (changes === null || before === null) return [style('bold', `${replayed}: ${alerts}`), ...notes]
  const { added, removed, changed } = changes
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length} changed`
  return [
    style('bold', `${replayed}, against ${before.name}`),
    `alerts ${before.alerts.length} -> ${after.alerts.length}: ${counts}`,
    ...notes,
  ]
}

function detectionLines(row: DetectionRow, isComparison: boolean, style: Style): string[] {
  const id = style('bold', escapeForTerminal(row.id))
  if (!isComparison) return [`${String(row.after).padStart(7)}  ${id}`]
  const examples = [
    ...row.added.slice(0, MAX_EXAMPLES_SHOWN).map((alert) => `${style('green', '+')} ${alertText(alert)}`),
    ...row.removed.slice(0, MAX_EXAMPLES_SHOWN).map((alert) => `${style('red', '-')} ${alertText(alert)}`),
    ...row.changed
      .slice(0, MAX_EXAMPLES_SHOWN)
      .map(
        (each) => `${style('yellow', '~')} ${alertText(each.after)}: ${escapeForTerminal(changeText(each))}`,
      ),
  ]
  const hidden = changesOf(row) - examples.length
  return [
    `${id}  ${row.before} -> ${row.after}`,
    ...examples.map((line) => `  ${line}`),
    ...(hidden > 0 ? [`  ${style('dim', `${hidden} more`)}`] : []),
  ]
}

function alertText({ createdAt, severity, title, id }: DetectionRow['added'][number]): string {
  return `${minuteText(createdAt)}  ${severity}  ${escapeForTerminal(title)}  ${id.slice(0, 8)}`
}

function destinationLines(report: ReplayReport, style: Style): string[] {
  const { after, before } = report
  const rows = destinationRows(report)
  if (rows.length === 0) return []
  const from = (value: number) => (before === null ? '' : `${value} -> `)
  return [
    style('bold', 'deliveries per week'),
    ...rows.map((row) => `${escapeForTerminal(row.name)}  ${from(row.before)}${row.after}`),
    `pages per week  ${from(before?.pagesPerWeek ?? 0)}${after.pagesPerWeek}`,
  ]
}

function problemLines({ problems, problemCount, events }: ReplayReport, style: Style): string[] {
  if (problemCount === 0) return []
  const damaged = problems.filter(({ kind }) => kind === 'damage').length
  const what = damaged > 0 ? `${counted(damaged, 'damaged file')}, ` : ''
  return [
    style('red', `${what}${counted(events.rejected, 'event')} not replayed:`),
    ...problems.map(({ file, position, reason }) => escapeForTerminal(`${file}: ${position}: ${reason}`)),
    ...(problemCount > problems.length ? [`${problemCount - problems.length} more`] : []),
  ]
}
