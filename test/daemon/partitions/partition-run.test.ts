import { expect, it } from 'vitest'
import { ByteBudget } from '../../../src/daemon/partitions/byte-budget.ts'
import { PartitionRun } from '../../../src/daemon/partitions/partition-run.ts'
import { PartitionStates } from '../../../src/daemon/partitions/partition-states.ts'
import { nullLog, nullMetrics } from '../../../src/model/ports.ts'
import type { PartitionContext } from '../../../src/sources/_source.ts'
import { manualClock } from '../../support/clock.ts'
import { until } from '../../support/until.ts'

const HELD = { source: 'nats:EVENTS#>', owner: 'o', version: 1, cursor: null }

it('a partition is reported as waiting until it is read again, also while it connects', async () => {
  const clock = manualClock()
  const states = new PartitionStates(nullMetrics)
  const abort = new AbortController()
  const broker = { reveal: () => Promise.reject(new Error()), signal: abort.signal, clock, log: nullLog }
  const connected = Promise.withResolvers<void>()
  let runs = 0
  let isFree = false
  const read = async ({ commitCursor, signal }: PartitionContext) => {
    if (++runs === 1) throw new Error('connection refused')
    await connected.promise
    await commitCursor('1')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const run = new PartitionRun('>', HELD, 10_000, {
    source: {
      ends: false,
      storedName: 'nats:EVENTS',
      list: async () => ['>'],
      run: (_, context) => read(context),
      close: async () => {},
    },
    broker,
    limits: { eventBytes: 1_000, bodyBytes: 1_000 },
    inFlight: new ByteBudget(1_000),
    clock,
    store: {
      claimPartitions: async () => {
        isFree = false
        return [HELD]
      },
      giveBackPartitions: async () => {
        isFree = true
      },
    },
    claim: { leaseMs: 10_000, member: 'member' },
    monotonic: () => clock.now(),
    admitSystem: async () => {},
    emitter: (_name, _claim, onStarted) => ({ emit: async () => [], commitCursor: async () => onStarted() }),
    onBegun: () => {},
    recordPassed: () => {},
    setLag: () => {},
    onLeaseLost: () => {},
    onFenced: () => {},
    onPoison: () => {},
    setState: (partition, state, failure) => states.set('nats:EVENTS', partition, state, failure),
  })
  // Another daemon may reach the broker.
  await until(() => isFree)
  expect(runs).toBe(1)
  await until(() => {
    clock.advance(500)
    return runs === 2
  })
  expect(states.reasons()).toEqual(['nats:EVENTS waits (1 of 1 partitions): connection refused'])
  connected.resolve()
  await until(() => states.reasons().length === 0)
  abort.abort()
  await run.ended
})
