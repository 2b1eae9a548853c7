/** Rows of limiters: the alerts of a plan are added without a comparison, and only muting is decided once. */
import type { Driver } from '../driver.ts'
import type { LimiterChange, LimiterState } from '../store.ts'
import { versionedRows } from './versioned.ts'

/** True if the change mutes a detection that another plan has muted meanwhile. */
export function isMutedMeanwhile(driver: Driver, { detection, mutedAt }: LimiterChange): boolean {
  if (mutedAt === null) return false
  const current = versionedRows<LimiterState>(driver, 'limiter').read(detection)?.value
  return current !== undefined && current.mutedAt !== null
}

export function applyLimiterChange(driver: Driver, change: LimiterChange): void {
  const limiters = versionedRows<LimiterState>(driver, 'limiter')
  const { detection, hourStartedAt, previousHour, created, mutedAt } = change
  const { value, version } = limiters.read(detection) ?? { value: null, version: 0 }
  // If another plan has begun a new hour meanwhile, the alerts count in that hour.
  const beginsHour =
    value === null || (hourStartedAt !== previousHour && value.hourStartedAt === previousHour)
  const state: LimiterState = beginsHour
    ? { detection, hourStartedAt, created, mutedAt }
    : { ...value, created: value.created + created, mutedAt: value.mutedAt ?? mutedAt }
  limiters.write(detection, state, version + 1)
}
