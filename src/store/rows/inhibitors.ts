/** Rows of alerts that hide others while they are not resolved. */
import type { Inhibitor } from '../../model/alerts/inhibition.ts'
import { type Driver, insert } from '../driver.ts'
import type { ExpectedVersions, NewInhibitor } from '../store.ts'

export function readInhibitors(driver: Driver, keys: readonly string[]): Map<string, Inhibitor> {
  return new Map(
    keys.flatMap((key) => {
      const inhibitor = inhibitorOf(driver, key)
      return inhibitor ? [[key, inhibitor] as const] : []
    }),
  )
}

export function areInhibitorsChanged(driver: Driver, expected: ExpectedVersions['inhibitors']): boolean {
  return [...expected].some(([key, alertId]) => (inhibitorOf(driver, key)?.alertId ?? null) !== alertId)
}

/** The alert that hides others for the longest time. */
function inhibitorOf(driver: Driver, key: string): Inhibitor | undefined {
  return driver
    .prepare<Inhibitor>(
      `SELECT alert_id AS alertId, at, until FROM inhibitor WHERE key = :key
       ORDER BY until DESC, alert_id DESC LIMIT 1`,
    )
    .get({ key })
}

export function insertInhibitor(driver: Driver, { key, alertId, at, until }: NewInhibitor): void {
  insert(driver, 'inhibitor', { key, alert_id: alertId, at, until }, 'ON CONFLICT DO NOTHING')
}

/** A resolved alert hides nothing, also when it is opened again. */
export function endInhibitions(driver: Driver, alertId: string): void {
  driver.prepare('DELETE FROM inhibitor WHERE alert_id = :alertId').run({ alertId })
}
