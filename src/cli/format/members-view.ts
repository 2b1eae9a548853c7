/** Formats the daemons of a shared store as a table and as JSON, those with the newest project first. Pure. */
import type { Style } from '../../reporters/parts/terminal-text.ts'
import type { MemberRow } from '../../store/store.ts'
import { iso } from './alert-view.ts'
import { table } from './table.ts'

const MINUTE_MS = 60_000
const HEADER = ['PROJECT', 'HOST', 'PROCESS', 'VERSION', 'AGE']

export function membersTable(members: readonly MemberRow[], now: number, style: Style): string {
  if (members.length === 0) return 'no daemons\n'
  const rows = sorted(members).map(({ generation, host, pid, version, since }) => [
    String(generation),
    host,
    String(pid),
    version,
    ageText(now - since),
  ])
  return table(HEADER, rows, style)
}

export function membersJson(members: readonly MemberRow[]) {
  return sorted(members).map(({ generation, host, pid, version, since }) => ({
    project: generation,
    host,
    pid,
    version,
    since: iso(since),
  }))
}

function sorted(members: readonly MemberRow[]): MemberRow[] {
  return members.toSorted((a, b) => b.generation - a.generation || a.since - b.since)
}

function ageText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS))
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
