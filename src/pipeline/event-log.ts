/** The log of an event: the answers that it got from the cache, by detection, operation and question. */
import type { JsonText } from '../core/exact-json.ts'
import type { CacheEvent } from '../model/events/detection-cache.ts'
import { type KvItem, type KvWrite, NO_VERSION } from '../store/store.ts'

export interface EventLog {
  readonly event: CacheEvent
  readonly answers: Map<string, JsonText>
  hasWritten: boolean
  /** The number of answers that the store has. */
  stored: number
  /** The version of the log in the store. */
  base: string
}

/** A log is kept as long as a seen id. */
const LOG_TTL_MS = 24 * 3_600_000

export function logFrom(event: CacheEvent, stored: KvItem | undefined): EventLog {
  const answers = new Map<string, JsonText>(stored === undefined ? [] : JSON.parse(stored.value))
  const base = stored?.version ?? NO_VERSION
  return { event, answers, hasWritten: stored !== undefined, stored: answers.size, base }
}

export function logWrite({ event, answers }: EventLog, now: number): KvWrite {
  return { key: logKey(event.name), value: JSON.stringify([...answers]), expiresAt: now + LOG_TTL_MS }
}

export function logKey(name: string): string {
  return `cache-log:${name}`
}

/** True if the event changed items and the store does not have all of its answers. */
export function isAhead({ hasWritten, stored, answers }: EventLog): boolean {
  return hasWritten && answers.size > stored
}
