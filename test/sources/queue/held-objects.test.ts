/** The time after which the message of an object that another reader holds is received again. */
import { expect, it } from 'vitest'
import { nullLog } from '../../../src/model/ports.ts'
import type { SourceContext } from '../../../src/sources/_source.ts'
import { ObjectSelection } from '../../../src/sources/objects/object-selection.ts'
import { NotifiedObjects } from '../../../src/sources/queue/notified-objects.ts'
import { manualClock } from '../../support/clock.ts'

const OBJECT = { bucket: 'trail', key: 'file', version: null, etag: 'e1' }

function heldObjects(leaseMs: number): NotifiedObjects {
  const options = {
    spec: { name: 'trail', unwrap: null },
    selection: new ObjectSelection({ buckets: 'trail' }),
    maxBytes: 1_000,
  }
  const partitions = { leaseMs, read: async () => 'held', reportProblem: async () => {} }
  const context = { partitions, clock: manualClock(), log: nullLog, limits: { eventBytes: 1, bodyBytes: 1 } }
  return new NotifiedObjects(options as never, context as unknown as SourceContext)
}

it.each([
  ['of the default length', 10_000, [10, 20, 40, 60, 60]],
  ['of the shortest length', 2_000, [2, 4, 8, 16, 32]],
  ['of no whole second', 2_500, [3, 6, 12, 24, 48]],
  ['longer than a minute', 300_000, [300, 300, 300, 300, 300]],
])('with a lease %s, the waits of one message begin with its length', async (_, leaseMs, waits) => {
  const objects = heldObjects(leaseMs)
  const signal = new AbortController().signal
  const seconds = waits.map((_wait, n) => objects.read([OBJECT], n + 1, signal))
  expect(await Promise.all(seconds)).toEqual(waits)
})
