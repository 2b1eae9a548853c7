import { expect, it } from 'vitest'
import { ByteBudget } from '../../../src/daemon/partitions/byte-budget.ts'
import { type LeaseLoss, PartitionStates } from '../../../src/daemon/partitions/partition-states.ts'
import { runPartitionedSource } from '../../../src/daemon/partitions/partitions.ts'
import { nullLog, nullMetrics } from '../../../src/model/ports.ts'
import { parseSourceSpec } from '../../../src/sources/_source-spec.ts'
import type { PartitionExtension } from '../../../src/store/store.ts'
import { manualClock } from '../../support/clock.ts'
import { until } from '../../support/until.ts'

const LEASE_MS = 10_000

it('a partition that is claimed again after its broker was away has a whole lease', async () => {
  const clock = manualClock()
  const abort = new AbortController()
  const lost: LeaseLoss[] = []
  const states = new PartitionStates({
    ...nullMetrics,
    count: (name, labels) => {
      if (name === 'signalbox_lease_losses_total') lost.push(labels?.why as LeaseLoss)
    },
  })
  let isReachable = false
  let extensions = 0
  let extended: readonly PartitionExtension[] = []
  let owners = 0
  let reading: AbortSignal | null = null
  const ended = runPartitionedSource(
    {
      spec: parseSourceSpec('nats:127.0.0.1:4222/EVENTS'),
      keySpace: 'nats',
      source: {
        ends: false,
        storedName: 'nats:EVENTS',
        list: async () => ['>'],
        run: async (_partition, context) => {
          const { signal } = context
          if (!isReachable) throw new Error('connection refused')
          reading = signal
          context.caughtUp()
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
        close: async () => {},
      },
    },
    {
      store: {
        claimPartitions: async ({ sources: [source = ''] }) => [
          { source, owner: String(owners++), version: 1, cursor: null },
        ],
        extendPartitions: async (leases) => {
          extensions++
          extended = leases
          return leases.map(() => true)
        },
        giveBackPartitions: async () => {},
        registerReader: async () => ({ readers: 1, held: [] }),
      },
      evaluate: async () => [],
      pipeline: { admit: async () => [], areKnown: async () => [] },
      nextSeq: () => 0,
      writeRejects: async () => {},
      stats: { recordSettled: () => {}, recordKnown: () => {}, recordPassed: () => {} },
      onEvent: () => {},
      readiness: { sourceStarted: () => {}, intakeFailed: () => {}, intakeSucceeded: () => {} },
      admitSystem: async () => {},
      reveal: () => Promise.reject(new Error('no secrets')),
      limits: { eventBytes: 1_000, bodyBytes: 1_000 },
      log: nullLog,
      signal: abort.signal,
      states,
      member: 'member',
      leaseMs: LEASE_MS,
      inFlight: new ByteBudget(1_000),
      clock,
      monotonic: () => clock.now(),
    },
  )
  const advanceUntil = (condition: () => boolean) =>
    until(() => {
      clock.advance(100)
      return condition()
    })
  const awaySince = clock.now()
  await advanceUntil(() => clock.now() - awaySince > 2 * LEASE_MS)
  isReachable = true
  await advanceUntil(() => reading !== null)
  const before = extensions
  await advanceUntil(() => extensions > before + 2)
  expect({ lost, wasInterrupted: reading!.aborted }).toEqual({ lost: [], wasInterrupted: false })
  // The other daemons learn how far the partition was read.
  expect(extended).toMatchObject([{ lag: 0, caughtUpAgoMs: expect.any(Number) }])
  abort.abort()
  await ended
})

it('a partition of a daemon that has ended is claimed also while the broker is away', async () => {
  const clock = manualClock()
  const abort = new AbortController()
  const states = new PartitionStates(nullMetrics)
  const other = 'nats:EVENTS#b'
  let isOtherAlive = true
  let lists = 0
  const claimed: string[] = []
  const unowned = () =>
    states.gauges().find(({ name }) => name === 'signalbox_partitions_unowned')?.value ?? 0
  const ended = runPartitionedSource(
    {
      spec: parseSourceSpec('nats:127.0.0.1:4222/EVENTS'),
      keySpace: 'nats',
      source: {
        ends: false,
        storedName: 'nats:EVENTS',
        list: async () => {
          // The broker answers once, and then nothing.
          if (lists++ > 0) await new Promise((resolve) => abort.signal.addEventListener('abort', resolve))
          return ['a', 'b']
        },
        run: (_partition, { signal }) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
        close: async () => {},
      },
    },
    {
      store: {
        claimPartitions: async ({ sources, limit }) => {
          const [source = ''] = sources.slice(0, limit)
          claimed.push(source)
          return [{ source, owner: source, version: 1, cursor: null }]
        },
        extendPartitions: async (leases) => leases.map(() => true),
        giveBackPartitions: async () => {},
        registerReader: async () =>
          isOtherAlive ? { readers: 2, held: [...claimed, other] } : { readers: 1, held: [...claimed] },
      },
      evaluate: async () => [],
      pipeline: { admit: async () => [], areKnown: async () => [] },
      nextSeq: () => 0,
      writeRejects: async () => {},
      stats: { recordSettled: () => {}, recordKnown: () => {}, recordPassed: () => {} },
      onEvent: () => {},
      readiness: { sourceStarted: () => {}, intakeFailed: () => {}, intakeSucceeded: () => {} },
      admitSystem: async () => {},
      reveal: () => Promise.reject(new Error('no secrets')),
      limits: { eventBytes: 1_000, bodyBytes: 1_000 },
      log: nullLog,
      signal: abort.signal,
      states,
      member: 'member',
      leaseMs: LEASE_MS,
      inFlight: new ByteBudget(1_000),
      clock,
      monotonic: () => clock.now(),
    },
  )
  const advanceUntil = (condition: () => boolean) =>
    until(() => {
      clock.advance(100)
      return condition()
    })
  await advanceUntil(() => lists === 2)
  expect(claimed).toEqual(['nats:EVENTS#a'])
  isOtherAlive = false
  await advanceUntil(() => claimed.length === 2)
  await advanceUntil(() => unowned() === 0)
  expect(claimed[1]).toBe(other)
  abort.abort()
  await ended
})
