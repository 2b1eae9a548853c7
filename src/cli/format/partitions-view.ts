/** Formats the partitions of sources as a table and as JSON. Pure. */
import type { Style } from '../../reporters/parts/terminal-text.ts'
import type { PartitionRow } from '../../store/store.ts'
import { iso } from './alert-view.ts'
import { table } from './table.ts'

export function partitionsTable(partitions: readonly PartitionRow[], now: number, style: Style): string {
  if (partitions.length === 0) return 'no partitions\n'
  const rows = partitions.map((row) => {
    const { source, partition } = namesOf(row)
    const { member, cursor, lag, problem } = row
    return [
      source,
      partition,
      member ?? '',
      leaseText(row, now),
      cursor ?? '',
      lag === null ? '' : String(lag),
      problem ?? '',
    ]
  })
  return table(['SOURCE', 'PARTITION', 'OWNER', 'LEASE', 'CURSOR', 'LAG', 'ERROR'], rows, style)
}

/** One row for each source, and each cursor that is held by itself. */
export function sourceSummaries(partitions: readonly PartitionRow[], now: number) {
  const bySource = Map.groupBy(partitions, (row) => namesOf(row).source)
  return [...bySource].map(([source, rows]) => {
    const held = rows.filter((row) => isHeld(row, now))
    return {
      source,
      partitions: rows.length,
      owned: held.length,
      stopped: rows.filter(({ problem }) => problem !== null).length,
      lag: rows.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      owners: [...new Set(held.map(({ member }) => member ?? ''))].sort(),
    }
  })
}

export function sourcesTable(sources: ReturnType<typeof sourceSummaries>, style: Style): string {
  if (sources.length === 0) return 'no partitions\n'
  const rows = sources.map(({ source, partitions, owned, stopped, lag, owners }) => [
    source,
    ...[partitions, owned, stopped, lag].map(String),
    owners.join(' '),
  ])
  return table(['SOURCE', 'PARTITIONS', 'OWNED', 'STOPPED', 'LAG', 'OWNERS'], rows, style)
}

export function partitionJson(row: PartitionRow, now: number) {
  const { member, leaseUntil, cursor, lag, problem } = row
  return {
    ...namesOf(row),
    owner: member,
    leaseUntil: leaseUntil === null ? null : iso(leaseUntil),
    isHeld: isHeld(row, now),
    cursor,
    lag,
    error: problem,
  }
}

/** A cursor without a # is held as a whole. The name of a partition can contain a #, that of a source cannot. */
function namesOf({ source: name }: PartitionRow): { source: string; partition: string } {
  const [source = ''] = name.split('#', 1)
  return { source, partition: name.slice(source.length + 1) }
}

function isHeld({ leaseUntil }: PartitionRow, now: number): boolean {
  return leaseUntil !== null && leaseUntil > now
}

function leaseText(row: PartitionRow, now: number): string {
  if (row.leaseUntil === null) return 'free'
  return isHeld(row, now) ? `${Math.ceil((row.leaseUntil - now) / 1_000)} s` : 'expired'
}
