/** The report of a replay as a comment on a pull request or merge request. Pure. */
import type { ReplayedAlert, ReplayReport } from '../../model/replay/replay-report.ts'
import {
  changesOf,
  changeText,
  type DetectionRow,
  destinationRows,
  detectionRows,
  eventsText,
  minuteText,
} from './replay-figures.ts'

const MAX_DETECTIONS_SHOWN = 15
const MAX_EXAMPLES_SHOWN = 3

/** The first line is a mark by which a workflow finds the comment that it replaces. */
export function replayMarkdown(report: ReplayReport): string {
  const { before, after, changes, events, problemCount, budgets } = report
  const rows = detectionRows(report).filter((row) => changes === null || changesOf(row) > 0)
  const sections = [
    '<!-- signalbox replay -->',
    `### Replay: ${summary(report)}`,
    `${eventsText(events)}${before === null ? '' : `, against ${code(before.name)}`}. Pages per week: ${
      before === null ? '' : `${before.pagesPerWeek} → `
    }**${after.pagesPerWeek}**.`,
    budgets
      .filter(({ isKept }) => !isKept)
      .map(({ budget, message }) => `- **Budget exceeded**: ${code(budget)}: ${escapeMarkdown(message)}`)
      .join('\n'),
    problemCount > 0 ? `- **Not replayed**: ${events.rejected} events of the input` : '',
    detectionTable(rows, before !== null),
    rows.length > MAX_DETECTIONS_SHOWN ? `${rows.length - MAX_DETECTIONS_SHOWN} more detections.` : '',
    destinationTable(report),
    examples(rows.slice(0, MAX_DETECTIONS_SHOWN)),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function summary({ after, changes }: ReplayReport): string {
  if (changes === null) return `${after.alerts.length} alerts`
  const { added, removed, changed } = changes
  if (added.length + removed.length + changed.length === 0) return 'no alert changes'
  return `${added.length} alerts added, ${removed.length} removed, ${changed.length} changed`
}

function detectionTable(rows: readonly DetectionRow[], isComparison: boolean): string {
  if (rows.length === 0) return ''
  const shown = rows.slice(0, MAX_DETECTIONS_SHOWN)
  if (!isComparison)
    return table(
      ['Detection', 'Alerts'],
      shown.map((row) => [code(row.id), row.after]),
    )
  return table(
    ['Detection', 'Alerts', 'Added', 'Removed', 'Changed'],
    shown.map((row) => [
      code(row.id),
      `${row.before} → **${row.after}**`,
      row.added.length,
      row.removed.length,
      row.changed.length,
    ]),
  )
}

function destinationTable(report: ReplayReport): string {
  const rows = destinationRows(report).filter((row) => report.before === null || row.before !== row.after)
  if (rows.length === 0) return ''
  if (report.before === null)
    return table(
      ['Destination', 'Deliveries per week'],
      rows.map((row) => [code(row.name), row.after]),
    )
  return table(
    ['Destination', 'Deliveries per week'],
    rows.map((row) => [code(row.name), `${row.before} → **${row.after}**`]),
  )
}

function examples(rows: readonly DetectionRow[]): string {
  const lines = rows.flatMap((row) => [
    ...row.added.slice(0, MAX_EXAMPLES_SHOWN).map((alert) => `- added: ${alertText(alert)}`),
    ...row.removed.slice(0, MAX_EXAMPLES_SHOWN).map((alert) => `- removed: ${alertText(alert)}`),
    ...row.changed
      .slice(0, MAX_EXAMPLES_SHOWN)
      .map(
        (each) =>
          `- changed: ${alertText(each.after)}: ${escapeMarkdown(changeText(each).replaceAll(' -> ', ' → '))}`,
      ),
  ])
  if (lines.length === 0) return ''
  return `<details><summary>Examples</summary>\n\n${lines.join('\n')}\n\n</details>`
}

function alertText({ createdAt, severity, title, detection }: ReplayedAlert): string {
  return `${minuteText(createdAt)} **${severity}** ${escapeMarkdown(title)} (${code(detection)})`
}

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '\\|').replace(/\s+/g, ' ')}\``
}

/** Events supply titles, which must not become links, mentions or markup. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>()#|~!]/g, (character) => `\\${character}`)
    .replace(/@/g, '@\u200b')
}
