import { beforeEach, expect, it } from 'vitest'
import { CaughtUp } from '../../../src/daemon/partitions/caught-up.ts'

let now: number
let caughtUp: CaughtUp
beforeEach(() => {
  now = 1_000
  caughtUp = new CaughtUp(() => now)
})
/** Reports a lag after a while. */
const report = (lag: number, afterMs = 10) => {
  now += afterMs
  caughtUp.report(lag)
}

it('an answer that was under way during the report before says nothing about later times', () => {
  expect(caughtUp.agoMs).toBeNull()
  report(5)
  report(3)
  report(0)
  // The reader asked for it while it worked on what the report at 1,010 was about.
  expect(now - caughtUp.agoMs!).toBe(1_010)
  report(0)
  expect(now - caughtUp.agoMs!).toBe(1_020)
  report(7)
  expect(now - caughtUp.agoMs!).toBe(1_020)
})

it('the end counts when everything that was read before is settled', async () => {
  const first = Promise.withResolvers<void>()
  const later = Promise.withResolvers<void>()
  const settled = caughtUp.follow(() => first.promise)
  report(0)
  const laterSettled = caughtUp.follow(() => later.promise)
  expect(caughtUp.agoMs).toBeNull()
  first.resolve()
  await settled
  expect(now - caughtUp.agoMs!).toBe(1_000)
  later.resolve()
  await laterSettled
})

it('events that could not be settled are never caught up', async () => {
  const failed = caughtUp.follow(() => Promise.reject(new Error('fenced')))
  report(0)
  await expect(failed).rejects.toThrow('fenced')
  report(0)
  expect(caughtUp.agoMs).toBeNull()
})
