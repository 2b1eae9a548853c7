/** Compares the alerts of two revisions over the same events. Pure. */
import {
  type AlertChanges,
  type ChangedAlert,
  COMPARED_FIELDS,
  type ComparedField,
  type ReplayedAlert,
} from '../model/replay/replay-report.ts'

/** Alerts of one dedup group whose times differ by more are not the same alert. */
const MAX_SHIFT_MS = 3_600_000

/**
 * Two alerts are the same if the same event has created them. Of the others, those of one detection with the same dedup
 * key and almost the same time are the same: for example if a threshold has changed, so that another event creates the
 * alert.
 */
export function compareAlerts(
  before: readonly ReplayedAlert[],
  after: readonly ReplayedAlert[],
): AlertChanges {
  const byEvent = pair(before, after, ({ detection, kind, rowId }) =>
    rowId === null ? null : JSON.stringify([detection, kind, rowId]),
  )
  const byGroup = pair(byEvent.onlyBefore, byEvent.onlyAfter, ({ detection, kind, dedup }) =>
    JSON.stringify([detection, kind, dedup]),
  )
  const changed = [...byEvent.pairs, ...byGroup.pairs].flatMap(([old, now]): ChangedAlert[] => {
    const fields = COMPARED_FIELDS.filter((field) => isDifferent(field, old, now))
    return fields.length === 0 ? [] : [{ before: old, after: now, fields }]
  })
  return {
    added: byGroup.onlyAfter,
    removed: byGroup.onlyBefore,
    changed: changed.sort((a, b) => a.after.createdAt - b.after.createdAt),
  }
}

interface Pairs {
  readonly pairs: readonly (readonly [before: ReplayedAlert, after: ReplayedAlert])[]
  readonly onlyBefore: readonly ReplayedAlert[]
  readonly onlyAfter: readonly ReplayedAlert[]
}

/** Alerts with the same key are paired in the order of their times. An alert whose key is null has no pair. */
function pair(
  before: readonly ReplayedAlert[],
  after: readonly ReplayedAlert[],
  keyOf: (alert: ReplayedAlert) => string | null,
): Pairs {
  const open = Map.groupBy(after, keyOf)
  open.delete(null)
  const pairs: [ReplayedAlert, ReplayedAlert][] = []
  const onlyBefore: ReplayedAlert[] = []
  const paired = new Set<ReplayedAlert>()
  for (const alert of before) {
    const same = open.get(keyOf(alert)) ?? []
    while (same[0] && same[0].createdAt < alert.createdAt - MAX_SHIFT_MS) same.shift()
    const other = same[0] && same[0].createdAt <= alert.createdAt + MAX_SHIFT_MS ? same.shift() : undefined
    if (other === undefined) onlyBefore.push(alert)
    else {
      pairs.push([alert, other])
      paired.add(other)
    }
  }
  return { pairs, onlyBefore, onlyAfter: after.filter((alert) => !paired.has(alert)) }
}

function isDifferent(field: ComparedField, before: ReplayedAlert, after: ReplayedAlert): boolean {
  if (field === 'event') return before.rowId !== null && after.rowId !== null && before.rowId !== after.rowId
  if (field !== 'destinations') return before[field] !== after[field]
  const names = ({ destinations }: ReplayedAlert) => JSON.stringify([...destinations].sort())
  return names(before) !== names(after)
}
