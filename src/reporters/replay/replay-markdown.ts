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
  numberText,
  pagesText,
  summaryText,
} from './replay-figures.ts'

const MAX_DETECTIONS_SHOWN = 15
const MAX_EXAMPLES_SHOWN = 3
/** GitHub rejects a comment of more than 65,536 characters. */
const MAX_LINES_SHOWN = 40
const MAX_TEXT_CHARS = 300

/**
 * A reviewer reads from the top: what changes, whether it is too much, which detections it is. The first line is a mark by
 * which a workflow finds the comment that it replaces.
 */
export function replayMarkdown(report: ReplayReport): string {
  const { before, changes, events } = report
  const rows = detectionRows(report).filter((row) => changes === null || changesOf(row) > 0)
  const hidden = rows.length - MAX_DETECTIONS_SHOWN
  const against = before === null ? '' : `, against ${code(before.name)}`
  const sections = [
    '<!-- signalbox replay -->',
    `### Replay: ${summaryText(report)}`,
    warnings(report, rows),
    detectionTable(rows, before !== null),
    hidden > 0 ? `${hidden} more ${hidden === 1 ? 'detection' : 'detections'}.` : '',
    destinationTable(report),
    `${pagesText(report).replace(' -> ', ' → ')}. Replayed: ${eventsText(events)}${against}.`,
    examples(rows.slice(0, MAX_DETECTIONS_SHOWN)),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function warnings({ budgets, problemCount }: ReplayReport, rows: readonly DetectionRow[]): string {
  const muted = rows.filter(({ isMuted }) => isMuted).slice(0, MAX_DETECTIONS_SHOWN)
  return [
    ...budgets
      .filter(({ isKept }) => !isKept)
      .map(({ budget, message }) => `- **Budget exceeded**: ${code(budget)}: ${escapeMarkdown(message)}`),
    ...muted.map(({ id }) => `- **Muted**: ${code(id)} reaches the limit of alerts per hour`),
    ...(problemCount > 0 ? [`- **Not replayed**: ${numberText(problemCount)} parts of the input`] : []),
  ].join('\n')
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
          `- changed: ${alertText(each.after)}: ${escapeMarkdown(cut(changeText(each).replaceAll(' -> ', ' → ')))}`,
      ),
  ])
  if (lines.length === 0) return ''
  const hidden = lines.length - MAX_LINES_SHOWN
  if (hidden > 0) lines.splice(MAX_LINES_SHOWN, hidden, `- ${hidden} more examples`)
  return `<details><summary>Examples</summary>\n\n${lines.join('\n')}\n\n</details>`
}

function alertText({ createdAt, severity, title, detection }: ReplayedAlert): string {
  return `${minuteText(createdAt)} **${severity}** ${escapeMarkdown(cut(title))} (${code(detection)})`
}

function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '\\|').replace(/\s+/g, ' ')}\``
}

function cut(text: string): string {
  const characters = Array.from(text)
  return characters.length <= MAX_TEXT_CHARS ? text : `${characters.slice(0, MAX_TEXT_CHARS - 1).join('')}…`
}

/** Events supply titles, which must not become links, mentions or markup. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>()#|~!]/g, (character) => `\\${character}`)
    .replace(/@/g, '@\u200b')
}
