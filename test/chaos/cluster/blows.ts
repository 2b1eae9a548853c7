/** The blows that hit the daemons, their database, their broker and their receivers. */
import type { PostgresServer } from '../../support/postgres.ts'
import type { SwallowingProxy } from '../../support/swallowing-proxy.ts'
import { until } from '../../support/until.ts'
import { pause } from '../producers.ts'
import type { ClusterReceiver, ReceiverName } from './cluster-receiver.ts'
import type { DaemonSlot } from './daemon-slot.ts'
import type { EventBroker } from './event-broker.ts'

export interface BlowTargets {
  readonly slots: readonly DaemonSlot[]
  /** The way of each daemon to its database, in the order of the daemons. */
  readonly proxies: readonly SwallowingProxy[]
  readonly database: Pick<PostgresServer, 'stop' | 'start'>
  readonly broker: EventBroker
  readonly receiver: Pick<ClusterReceiver, 'setDown'>
  readonly leaseMs: number
  readonly random: () => number
  /** The number of the registry that the last deploy has written. */
  readonly registry: { current: number }
}

export interface Blow {
  readonly name: string
  /** `daemon`: it hits one daemon, which no other blow hits meanwhile. Otherwise blows with the same word wait. */
  readonly target: 'daemon' | 'database' | 'broker' | 'receiver' | 'registry'
  strike(targets: BlowTargets, slot: DaemonSlot, proxy: SwallowingProxy): Promise<void>
}

const HOUR_MS = 3_600_000
/** The statement by which a plan is committed. */
const COMMIT = 'commit_plan'
/** An outage of a receiver, and the time for which a clock is wrong. */
const OUTAGE_OF_LEASE = 0.5
const HIT_RECEIVERS: readonly ReceiverName[] = ['main', 'second', 'third']
const STOP_TIMEOUT_MS = 8_000
/** Commits come at least so often while events are left. */
const HOLD_TIMEOUT_MS = 5_000

export const BLOWS: readonly Blow[] = [
  {
    name: 'kill -9',
    target: 'daemon',
    strike: async (_, slot) => slot.signal('SIGKILL'),
  },
  {
    name: 'stopped past its lease',
    target: 'daemon',
    async strike({ leaseMs }, slot) {
      await freeze(slot, leaseMs)
    },
  },
  {
    name: 'commit delivered past the lease',
    target: 'daemon',
    async strike({ leaseMs }, slot, proxy) {
      const held = proxy.holdRequest(COMMIT)
      await until(() => held.isHeld(), { timeoutMs: HOLD_TIMEOUT_MS }).catch(() => {})
      if (held.isHeld()) await freeze(slot, leaseMs)
      held.release()
    },
  },
  {
    name: 'answer of a commit lost',
    target: 'daemon',
    async strike(_, _slot, proxy) {
      const before = proxy.swallowed()
      proxy.swallowAnswerTo(COMMIT)
      await until(() => proxy.swallowed() > before, { timeoutMs: HOLD_TIMEOUT_MS }).catch(() => {})
    },
  },
  {
    name: 'clock an hour back',
    target: 'daemon',
    strike: ({ leaseMs }, slot) => moveClock(slot, -HOUR_MS, leaseMs),
  },
  {
    name: 'clock an hour ahead',
    target: 'daemon',
    strike: ({ leaseMs }, slot) => moveClock(slot, HOUR_MS, leaseMs),
  },
  {
    name: 'partitions move',
    target: 'daemon',
    // The daemon gives its partitions to the others, and takes them back when it comes again.
    async strike({ leaseMs }, slot) {
      await slot.stop('SIGTERM', STOP_TIMEOUT_MS)
      await pause(leaseMs * OUTAGE_OF_LEASE)
      slot.start()
    },
  },
  {
    name: 'rolling deploy',
    target: 'registry',
    strike: (targets) => deploy(targets),
  },
  {
    name: 'database restarted',
    target: 'database',
    async strike({ database }) {
      database.stop('immediate')
      database.start()
    },
  },
  {
    name: 'broker restarted',
    target: 'broker',
    strike: ({ broker }) => broker.restart(),
  },
  {
    name: 'receiver down',
    target: 'receiver',
    async strike({ receiver, random, leaseMs }) {
      const name = HIT_RECEIVERS[Math.floor(random() * HIT_RECEIVERS.length)]!
      receiver.setDown(name, true)
      await pause(leaseMs * OUTAGE_OF_LEASE)
      receiver.setDown(name, false)
    },
  },
]

/** A signal that is sent to a process that has ended meanwhile does nothing. */
async function freeze(slot: DaemonSlot, leaseMs: number): Promise<void> {
  slot.signal('SIGSTOP')
  await pause(leaseMs * 1.3)
  slot.signal('SIGCONT')
}

async function moveClock(slot: DaemonSlot, offsetMs: number, leaseMs: number): Promise<void> {
  slot.setClock(offsetMs)
  await pause(leaseMs * OUTAGE_OF_LEASE)
  slot.setClock(0)
}

const READY_TIMEOUT_MS = 60_000

/** Ends one daemon after the other and starts it with the next registry; meanwhile two registries are in use. */
async function deploy({ slots, registry, receiver }: BlowTargets): Promise<void> {
  const number = ++registry.current
  // What waits for a destination that not every daemon knows must stay where it is.
  receiver.setDown('third', true)
  for (const slot of slots) {
    await until(() => !slot.isBusy)
    slot.isBusy = true
    try {
      await slot.stop('SIGTERM', STOP_TIMEOUT_MS)
      slot.setRegistry(number)
      slot.start()
      await slot.untilReady(READY_TIMEOUT_MS).catch(() => {})
    } finally {
      slot.isBusy = false
    }
  }
  receiver.setDown('third', false)
}
