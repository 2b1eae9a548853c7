/** Formats events of the daemon as lines of text and as log entries. They contain no times, so that equal runs print the same. */

import { shownProblems } from '../../config/files/folded-problems.ts'
import type { DaemonEvent } from '../../daemon/daemon.ts'
import type { Severity } from '../../model/alerts/severity.ts'
import type { Problem } from '../../model/project/problem.ts'
import type { AdmitResult } from '../../pipeline/planner.ts'
import { formatSteps } from '../../reporters/parts/handling-trace.ts'
import { routeTarget } from '../../reporters/parts/route-trace.ts'
import { counted, escapeForTerminal, type Format, type Style } from '../../reporters/parts/terminal-text.ts'
import { messageWithCode } from './message-with-code.ts'
import { colorProblem, problemsText } from './problems-text.ts'

interface FormattedEvent {
  readonly level: 'info' | 'warn'
  /** The lines of the text format. The first line is a summary. */
  readonly lines: readonly string[]
  /** The message of `--log-format json`. */
  readonly message: string
  readonly fields: object
}

/** Only this number of rejected events of one source is printed. The summary counts all of them. */
const MAX_REJECTS_PRINTED = 10
/** Only this number of warnings about files is printed. `validate` prints all of them. */
const MAX_WARNINGS_PRINTED = 5

const COLOURS: Record<Severity, Format> = {
  INFO: 'dim',
  LOW: 'cyan',
  MEDIUM: 'yellow',
  HIGH: 'red',
  CRITICAL: 'red',
}

const RELOAD_REQUESTED: Record<Extract<DaemonEvent, { kind: 'reload requested' }>['begins'], string> = {
  now: 'reload requested: loading the project',
  next: 'reload requested: it starts after the current reload',
  joined: 'reload requested: joined to the reload that is already waiting',
}

/** Creates the formatter of one run, which remembers the warnings that it has printed. */
export function createEventFormatter(style: Style): (event: DaemonEvent) => FormattedEvent | null {
  const printed = new Map<string, number>()
  return (event) => {
    switch (event.kind) {
      case 'started':
        return formatStarted(event, style)
      case 'console opened': {
        const { url } = event
        return infoEvent(style('dim', `console: ${escapeForTerminal(url)}`), 'console opened', { url })
      }
      case 'admitted':
        return formatAdmitted(event.admitted, style)
      case 'rejected': {
        const key = `${event.status} ${event.source}`
        const before = printed.get(key) ?? 0
        printed.set(key, before + 1)
        return event.status === 'unclassified'
          ? formatUnclassified(event, before, style)
          : formatRejected(event, before, style)
      }
      case 'noticed': {
        const key = `${event.code} ${event.source}`
        if (printed.has(key)) return null
        printed.set(key, 1)
        return formatNoticed(event, style)
      }
      case 'draining':
        return event.waiting === 0
          ? null
          : infoEvent(`${counted(event.waiting, 'delivery', 'deliveries')} in progress`, 'draining', {
              waiting: event.waiting,
            })
      case 'reload requested':
        return infoEvent(style('dim', RELOAD_REQUESTED[event.begins]), 'reload requested', {
          begins: event.begins,
        })
      case 'reloaded':
        return formatReloaded(event, style)
    }
  }
}

function formatStarted(event: Extract<DaemonEvent, { kind: 'started' }>, style: Style): FormattedEvent {
  const { sources, store, ...contents } = event
  const from = sources.map(escapeForTerminal).join(', ')
  const line = style('dim', `${countsOf(contents)}, ${escapeForTerminal(store)}, from ${from}`)
  return withProblems(line, 'started', { sources, store }, contents, style)
}

type Contents = Pick<
  Extract<DaemonEvent, { kind: 'started' }>,
  'detections' | 'destinations' | 'invalid' | 'warnings'
>

function countsOf({ detections, destinations }: Contents): string {
  return `${counted(detections, 'detection')}, ${counted(destinations, 'destination')}`
}

/** The line follows the problems, so that it stays visible. */
function withProblems(
  line: string,
  message: string,
  more: object,
  { detections, destinations, invalid, warnings }: Contents,
  style: Style,
): FormattedEvent {
  const fields = { ...more, detections, destinations, invalid, warnings }
  const lines = [...invalidLines(invalid, style), ...warningLines(warnings, style), line]
  return invalid.length > 0
    ? { level: 'warn', lines, message: `${message} without invalid files`, fields }
    : { level: 'info', lines, message, fields }
}

function invalidLines(invalid: readonly Problem[], style: Style): string[] {
  if (invalid.length === 0) return []
  const head = style('yellow', 'running without files that have errors:')
  return [head, problemsText(invalid, style)]
}

/** Unknown destinations come first, because alerts for them are routed elsewhere. */
function warningLines(warnings: readonly Problem[], style: Style): string[] {
  if (warnings.length === 0) return []
  const { routing = [], others = [] } = Object.groupBy(warnings, ({ code }) =>
    code === 'unknown-destination' ? 'routing' : 'others',
  )
  const shown = shownProblems([...routing, ...others])
  const left = shown.length - MAX_WARNINGS_PRINTED
  const more = left > 0 ? [`${counted(left, 'more warning')}: signalbox validate shows them all`] : []
  const texts = shown.slice(0, MAX_WARNINGS_PRINTED).map((each) => colorProblem(each, style))
  return [texts.join('\n\n'), ...more]
}

function formatAdmitted(event: AdmitResult, style: Style): FormattedEvent | null {
  switch (event.action) {
    case 'created':
      return formatCreated(event, style)
    case 'merged':
      return formatMerged(event, style)
    case 'counted': {
      const { draft, reached, threshold } = event
      const line = style(
        'dim',
        `${escapeForTerminal(draft.detection)}: ${reached} of ${threshold} towards an alert`,
      )
      return infoEvent(line, 'counted', {
        detection: draft.detection,
        dedup: draft.dedup,
        reached,
        threshold,
      })
    }
    case 'muted': {
      if (!event.now) return null
      const { detection } = event.draft
      const line = `${escapeForTerminal(detection)} created too many alerts in an hour and is muted`
      return { level: 'warn', lines: [style('yellow', line)], message: 'muted', fields: { detection } }
    }
  }
}

function formatCreated(
  { alert, steps }: Extract<AdmitResult, { action: 'created' }>,
  style: Style,
): FormattedEvent {
  const { id, detection, kind, severity, title, route } = alert
  const about = kind === 'RULE' ? detection : `${detection} (${kind})`
  const isUnrouted = route.destinations.length === 0 && !route.suppressed
  const lines = [
    `${style(COLOURS[severity], severity.padEnd(8))}  ${style('bold', escapeForTerminal(title))}`,
    `          ${escapeForTerminal(about)}  ${style('dim', id)}`,
    `          -> ${isUnrouted ? style('red', routeTarget(route)) : routeTarget(route)}`,
    ...formatSteps(
      steps.filter(({ did }) => did !== 'passed'),
      style,
    ).map((line) => `          ${line}`),
    ...route.problems.map(
      (problem) => `          ${style('yellow', `! ${escapeForTerminal(problem.message)}`)}`,
    ),
  ]
  const { level, destinations, suppressed, problems } = route
  const fields = {
    alertId: id,
    detection,
    kind,
    severity,
    title,
    route: { level, destinations, suppressed, problems },
  }
  return { level: isUnrouted ? 'warn' : 'info', lines, message: 'alert', fields }
}

function formatMerged(
  { alertId, draft, events, divergence }: Extract<AdmitResult, { action: 'merged' }>,
  style: Style,
): FormattedEvent {
  const rises = [
    divergence?.severity && `the severity rises to ${divergence.severity}`,
    divergence?.destinations?.length &&
      `it now also requests ${divergence.destinations.map(escapeForTerminal).join(', ')}`,
  ].filter(Boolean)
  const line = `merged into ${alertId}, ${counted(events, 'event')}`
  const lines = [style('dim', line), ...rises.map((text) => `  ${style('yellow', `! ${text}`)}`)]
  return {
    level: 'info',
    lines,
    message: 'merged',
    fields: { alertId, detection: draft.detection, events, divergence },
  }
}

type RejectedEvent = Extract<DaemonEvent, { kind: 'rejected' }>

/** One entry per source suffices, because the reason contains the solution. */
function formatUnclassified(
  { source, position, reason }: RejectedEvent,
  before: number,
  style: Style,
): FormattedEvent | null {
  if (before > 0) return null
  const lines = [
    `${style('yellow', 'unclassified')} ${escapeForTerminal(source)}, ${escapeForTerminal(position)}: ${escapeForTerminal(reason)}`,
    '  further unclassified events of this source are only counted',
  ]
  return { level: 'warn', lines, message: 'unclassified', fields: { source, place: position, reason } }
}

function formatRejected(
  { source, position, reason }: RejectedEvent,
  before: number,
  style: Style,
): FormattedEvent | null {
  if (before >= MAX_REJECTS_PRINTED) return null
  const more = before === MAX_REJECTS_PRINTED - 1 ? ' (further rejected events are only counted)' : ''
  const line = `${style('yellow', 'rejected')} ${escapeForTerminal(source)}, ${escapeForTerminal(position)}: ${escapeForTerminal(reason)}${more}`
  return { level: 'warn', lines: [line], message: 'rejected', fields: { source, place: position, reason } }
}

/** One entry per source suffices, because the reason names the option that helps. */
function formatNoticed(event: Extract<DaemonEvent, { kind: 'noticed' }>, style: Style): FormattedEvent {
  const { source, position, code, reason } = event
  const lines = [
    `${style('yellow', 'warning')} ${escapeForTerminal(source)}, ${escapeForTerminal(position)}: ${escapeForTerminal(reason)}`,
    '  further events of this source are not reported for this',
  ]
  return { level: 'warn', lines, message: 'noticed', fields: { source, place: position, code, reason } }
}

function formatReloaded(event: Extract<DaemonEvent, { kind: 'reloaded' }>, style: Style): FormattedEvent {
  if (event.ok) {
    const { kind: _, ok, ...contents } = event
    return withProblems(`reloaded: ${countsOf(contents)}`, 'reloaded', { ok }, contents, style)
  }
  const { ok, message, code } = event
  const head = style('red', 'reload failed; keeping the previous configuration:')
  const lines = [head, messageWithCode({ message, code })]
  return { level: 'warn', lines, message: 'not reloaded', fields: { ok, code, detail: message } }
}

function infoEvent(line: string, message: string, fields: object): FormattedEvent {
  return { level: 'info', lines: [line], message, fields }
}
