/** Rows of dedup groups: the matches of muted detections are added to the count without a comparison. */
import type { Driver } from '../driver.ts'
import type { Group, MutedMatches } from '../store.ts'
import { mergeIntoAlert } from './alerts.ts'
import { versionedRows } from './versioned.ts'

/** The version rises, so that a decision that read the smaller count is made again. */
export function countMutedMatches(driver: Driver, matches: MutedMatches): void {
  const groups = versionedRows<Group>(driver, 'alert_group')
  const row = groups.read(matches.groupKey)
  if (row === undefined || row.value.startedAt !== matches.startedAt) return
  const { value, version } = row
  if (value.alertId !== null) mergeIntoAlert(driver, { ...matches, alertId: value.alertId })
  else groups.write(matches.groupKey, { ...value, count: value.count + matches.events }, version + 1)
}
