/** Describes the daemons of a shared store for `doctor`, those with the newest project first. */
import type { MemberRow } from '../../store/store.ts'

/** What one check has found. */
export interface CheckOutcome {
  readonly state: 'fine' | 'note' | 'missing'
  readonly detail: string
  readonly hint: string | null
}

const HINT = 'a deployment is under way; if it is not, start this daemon again with the present project'

export function describeMembers(members: readonly MemberRow[]): CheckOutcome[] {
  const newest = Math.max(...members.map(({ generation }) => generation))
  return members
    .toSorted((a, b) => b.generation - a.generation || a.since - b.since)
    .map(({ host, pid, version, generation, since }) => {
      const isNewest = generation === newest
      const project = `project ${generation}${isNewest ? '' : ' (not the newest)'}`
      const detail = `daemon on ${host}, process ${pid}, version ${version}, ${project}, since ${new Date(since).toISOString()}`
      return isNewest
        ? { state: 'fine' as const, detail, hint: null }
        : { state: 'note' as const, detail, hint: HINT }
    })
}
