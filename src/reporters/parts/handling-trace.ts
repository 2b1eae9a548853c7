/** Formats the handling of an alert: one line for each step, then what happens in one line. Pure. */
import type { Handling, HandlingStep, PlannedSend } from '../../model/alerts/handling.ts'
import { escapeForTerminal, plainStyle, type Style } from './terminal-text.ts'

export function formatHandling({ sends, steps }: Handling, style: Style = plainStyle): string[] {
  return steps.length === 0 ? [] : [...formatSteps(steps, style), sendsLine(sends)]
}

/** `silence  soc-slack  hid  patching until 2026-12-05T05:00:00Z (platform@example.com: Kernel patching)`. */
export function formatSteps(steps: readonly HandlingStep[], style: Style = plainStyle): string[] {
  const rows = steps.map(({ stage, destination = '', did, reason }) =>
    [stage, destination, did, reason].map(escapeForTerminal),
  )
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row, i) => {
    const [stage, destination, did] = widths.map((width, column) => row[column]!.padEnd(width))
    const cells = [stage, widths[1] === 0 ? [] : destination, did, row[3]].flat()
    return style(steps[i]!.did === 'passed' ? 'dim' : 'bold', cells.join('  '))
  })
}

function sendsLine(sends: readonly PlannedSend[]): string {
  const names = (...hows: readonly PlannedSend['how'][]) =>
    sends.filter(({ how }) => hows.includes(how)).map(({ destination }) => escapeForTerminal(destination))
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['sends now', names('now')],
    ['later', names('at')],
    ['in a digest', names('digest')],
    ['not at all', names('none')],
  ]
  const given = parts.filter(([, list]) => list.length > 0)
  return given.map(([title, list]) => `${title}: ${list.join(', ')}`).join('; ')
}
