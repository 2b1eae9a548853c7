/** Says which state another writer changed, after the store answered "conflict". Pure. */
import type { ExpectedVersions, ReadState, Versioned } from '../store/store.ts'

export type ConflictSubject = 'group' | 'limiter' | 'seen' | 'rules' | 'inhibitor' | 'item' | 'other'

/** The versions that the refused plan had to find, and the ids that were seen when it was made. */
export type RefusedPlan = Pick<ExpectedVersions, 'groups' | 'limiters' | 'rules' | 'inhibitors'> &
  Pick<ReadState, 'seen'>

/** @param state was read after the conflict. */
export function conflictSubjects(refused: RefusedPlan, state: ReadState): readonly ConflictSubject[] {
  const subjects: ConflictSubject[] = []
  if (haveMoved(refused.groups, state.groups)) subjects.push('group')
  if (haveMoved(refused.limiters, state.limiters)) subjects.push('limiter')
  if ([...state.seen].some((id) => !refused.seen.has(id))) subjects.push('seen')
  if (refused.rules !== null && refused.rules !== state.rulesVersion) subjects.push('rules')
  const isInhibitorChanged = ([key, alertId]: readonly [string, string | null]) =>
    (state.inhibitors.get(key)?.alertId ?? null) !== alertId
  if ([...refused.inhibitors].some(isInhibitorChanged)) subjects.push('inhibitor')
  // Not everything that a commit compares is read here, and a server ends one of two transactions that wait for each other.
  return subjects.length === 0 ? ['other'] : subjects
}

function haveMoved(
  expected: ReadonlyMap<string, number>,
  present: ReadonlyMap<string, Versioned<unknown>>,
): boolean {
  return [...expected].some(([key, version]) => version !== (present.get(key)?.version ?? 0))
}
