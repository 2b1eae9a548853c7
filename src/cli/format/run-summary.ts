/** Formats the summary of a run with its undelivered alerts, and decides the exit code. Pure. */
import type { RunSummary } from '../../daemon/daemon.ts'
import { escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'
import { EXIT_FAILED, EXIT_OK, EXIT_STORE_LOST } from '../command/command.ts'
import { shortId } from '../command/ids.ts'
import { EXIT_INTERRUPTED, type Interrupts } from '../command/interrupts.ts'

const DELIVERY_ORDER = [
  'delivered',
  'pending',
  'sending',
  'waiting',
  'queued',
  'scheduled',
  'dead',
  'orphaned',
  'withdrawn',
] as const

export function summaryLines(
  { events, alerts, deliveries, undelivered: left }: RunSummary,
  style: Style,
): string[] {
  return [
    `events      ${counts(events, ['accepted', 'duplicate', 'rejected', 'unclassified'])}`,
    `alerts      ${counts(alerts, ['created', 'merged', 'muted'])}`,
    `deliveries  ${counts(deliveries, DELIVERY_ORDER)}`,
    ...undeliveredLines(deliveries, left, style),
  ]
}

/** Lists the undelivered deliveries. Dead ones of earlier runs are not listed. */
function undeliveredLines(
  { pending, sending, waiting, queued, dead, orphaned }: RunSummary['deliveries'],
  left: RunSummary['undelivered'],
  style: Style,
): string[] {
  const total = pending + sending + waiting + queued + dead + orphaned
  if (total === 0) return []
  const named = [
    ...left.filter(({ state }) => state !== 'dead'),
    ...left.filter(({ state }) => state === 'dead').slice(0, dead),
  ]
  const lines = named.map(({ id, state, destination, message }) =>
    escapeForTerminal([shortId(id), state, destination, message].filter(Boolean).join('  ')),
  )
  const more = total > named.length ? [`... and ${total - named.length} more`] : []
  const head = style('yellow', 'not delivered (signalbox deliveries list shows more):')
  return ['', head, ...[...lines, ...more].map((line) => `  ${line}`)]
}

/** Counts of zero are omitted, except the first. */
function counts<K extends string>(of: Readonly<Record<K, number>>, order: readonly K[]): string {
  return order
    .filter((key, i) => i === 0 || of[key] > 0)
    .map((key) => `${of[key]} ${key}`)
    .join(', ')
}

/** @param stoppedBy the signal that requested the end, or null if all sources ended by themselves. */
export function runExitCode(summary: RunSummary, stoppedBy: Interrupts['stoppedBy']): number {
  if (summary.lost !== null) return EXIT_STORE_LOST
  if (stoppedBy !== null) return stoppedBy === 'SIGINT' ? EXIT_INTERRUPTED : EXIT_OK
  const { events, deliveries } = summary
  const { pending, sending, waiting, queued, dead } = deliveries
  return events.rejected + events.unclassified + pending + sending + waiting + queued + dead > 0
    ? EXIT_FAILED
    : EXIT_OK
}
