/** Formats a route: its destinations in one line, and the reasons level by level. Pure. */
import type { Route, TraceStep } from '../../model/alerts/route.ts'
import { escapeForTerminal, plainStyle, type Style } from './terminal-text.ts'

/** `soc-slack, soc-inbox (static-severity)`. */
export function routeTarget(route: Route): string {
  if (route.suppressed) return `suppressed (${route.level})`
  if (route.destinations.length > 0)
    return `${route.destinations.map(escapeForTerminal).join(', ')} (${route.level})`
  if (route.level === 'unresolved')
    return `unresolved: ${escapeForTerminal(route.trace.at(-1)?.reason ?? '')}`
  return `no destination (${route.level})`
}

/** Formats the trace with one step per line and its dropped destinations below, then the problems. */
export function formatRoute(route: Route, style: Style = plainStyle): string[] {
  const width = Math.max(0, ...route.trace.map((step) => step.level.length))
  return [
    ...route.trace.flatMap((step) => stepLines(step, width, style)),
    ...route.problems.map((problem) => style('yellow', `! ${escapeForTerminal(problem.message)}`)),
  ]
}

function stepLines(step: TraceStep, width: number, style: Style): string[] {
  const head = `${step.decided ? '*' : '-'} ${step.level.padEnd(width)}  ${escapeForTerminal(step.reason)}`
  const margin = ' '.repeat(width + 4)
  const lines = [step.decided ? style('bold', head) : style('dim', head)]
  if (step.unknown?.length) lines.push(`${margin}unknown: ${step.unknown.map(escapeForTerminal).join(', ')}`)
  for (const { destination, filter } of step.dropped ?? [])
    lines.push(`${margin}dropped: ${escapeForTerminal(destination)}, ${DROPPED[filter]}`)
  return lines
}

const DROPPED = {
  disabled: 'disabled',
  severities: 'its severities lack this one',
  alertTypes: 'its alertTypes lack this one',
  logTypes: 'its logTypes do not match',
} as const
