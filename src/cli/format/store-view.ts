/** Formats what `store copy`, `store check` and `store prune` print. Pure. */
import { escapeForTerminal, type Style } from '../../reporters/parts/terminal-text.ts'
import type { PruneResult } from '../../workspace/prune-store.ts'
import type { CopyResult, StoreReport } from '../../workspace/store-maintenance.ts'
import { table } from './table.ts'

export function copyText({ status, from, to, tables, uncertain }: CopyResult, style: Style): string {
  const isDryRun = status === 'dry-run'
  const rows = tables.map(({ table: name, source, target }) =>
    isDryRun ? [name, String(source)] : [name, String(source), String(target)],
  )
  const resent =
    uncertain > 0
      ? [`${uncertain} deliveries were being sent when the daemon ended; they are sent again`]
      : []
  const ends = {
    'dry-run': [`nothing was written; stop the daemon, then copy without --dry-run`],
    'copied-before': [`${from} was copied before; use the store ${to}`],
    copied: [`copied ${from}; use the store ${to}`, ...resent],
  }
  const lines = ends[status].map((line) => `${escapeForTerminal(line)}\n`).join('')
  const header = isDryRun ? ['TABLE', 'ROWS'] : ['TABLE', 'SOURCE', 'TARGET']
  return `${table(header, rows, style)}\n${lines}`
}

export function reportText(report: StoreReport, style: Style): string {
  const { store, schema, tables, leases, events, settings, replicas, faults } = report
  const pairs = [
    ['store', store],
    ['schema', `version ${schema.version} of ${schema.newest}`],
    ['leases', `deliveries ${leases.deliveries}, partitions ${leases.partitions}`],
    ['events', `${events.counted} counted in alerts, ${events.unfolded} to be added`],
    ...(replicas === null ? [] : [['replicas', replicaText(replicas)]]),
    ...settings.map(({ name, value }) => [name, value]),
  ]
  const rows = tables.map(({ table: name, rows: count }) => [name, String(count)])
  return [
    table(['CHECK', 'VALUE'], pairs, style),
    ...(rows.length > 0 ? [table(['TABLE', 'ROWS'], rows, style)] : []),
    faults.length === 0 ? `${style('green', 'no faults')}\n` : faultsText(faults, style),
  ].join('\n')
}

export function pruneText({ removed, closed, isDryRun }: PruneResult, style: Style): string {
  const rows = Object.entries(removed).map(([kind, count]) => [kind, String(count)])
  const windows =
    closed > 0
      ? `the dedup windows of ${closed} old alerts were ended; the next call removes these alerts\n`
      : ''
  return `${table([isDryRun ? 'WOULD BE REMOVED' : 'REMOVED', 'ROWS'], rows, style)}${windows}`
}

function replicaText(replicas: NonNullable<StoreReport['replicas']>): string {
  if (replicas.length === 0) return 'none'
  return replicas.map(({ name, state, sync }) => `${name} ${state} ${sync}`).join(', ')
}

function faultsText(faults: StoreReport['faults'], style: Style): string {
  return faults
    .map(
      ({ check, message, hint }) =>
        `${style('red', check)}: ${escapeForTerminal(message)}\n  ${escapeForTerminal(hint)}\n`,
    )
    .join('')
}
