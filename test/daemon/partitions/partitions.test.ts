import { expect, it } from 'vitest'
import { ByteBudget } from '../../../src/daemon/partitions/byte-budget.ts'
import { type LeaseLoss, PartitionStates } from '../../../src/daemon/partitions/partition-states.ts'
import { runPartitionedSource } from '../../../src/daemon/partitions/partitions.ts'
import { nullLog, nullMetrics } from '../../../src/model/ports.ts'
import { parseSourceSpec } from '../../../src/sources/_source-spec.ts'
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
        run: async (_partition, { signal }) => {
          if (!isReachable) throw new Error('connection refused')
          reading = signal
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
  abort.abort()
  await ended
})
