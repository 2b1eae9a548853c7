/**
 * The order of updates: an update is sent after its first delivery was delivered, and one at a time. The others wait in
 * the state `queued`, in which no claim finds them.
 */
import type { Driver } from '../driver.ts'

const HAS_UPDATES = 'SELECT 1 FROM delivery WHERE update_of = :first LIMIT 1'

/** The updates of a delivery that can still arrive do not end before it. */
const WITHHOLD = `
  UPDATE delivery SET state = :state, message = :message
  WHERE update_of = :first AND state IN ('pending', 'queued', 'waiting', 'withdrawn')`

const NEXT = `
  SELECT seq FROM delivery
  WHERE update_of = :first AND state IN ('queued', 'pending', 'waiting', 'sending', 'orphaned')
  ORDER BY seq LIMIT 1`

/** The age of an update counts from its turn. */
const RELEASE = `
  UPDATE delivery SET state = 'pending', due = max(due, :now), created_at = :now
  WHERE seq = :seq AND state = 'queued'`

const QUEUE_OTHERS = `
  UPDATE delivery SET state = 'queued'
  WHERE update_of = :first AND seq > :seq AND state IN ('pending', 'waiting')`

/** Brings the updates of a delivery into their order. It is called after each change of the delivery or of one of them. */
export function orderUpdates(driver: Driver, first: string, now: number): void {
  if (driver.prepare(HAS_UPDATES).get({ first }) === undefined) return
  const state = driver
    .prepare<{ state: string }>('SELECT state FROM delivery WHERE id = :first')
    .get({ first })?.state
  if (state !== 'delivered') {
    const hasEnded = state === 'dead' || state === 'withdrawn'
    const withheld = hasEnded
      ? { state: 'withdrawn', message: `its first delivery is ${state}` }
      : { state: 'queued', message: '' }
    driver.prepare(WITHHOLD).run({ first, ...withheld })
    return
  }
  const next = driver.prepare<{ seq: number }>(NEXT).get({ first })
  if (next === undefined) return
  driver.prepare(RELEASE).run({ seq: next.seq, now })
  driver.prepare(QUEUE_OTHERS).run({ first, seq: next.seq })
}
