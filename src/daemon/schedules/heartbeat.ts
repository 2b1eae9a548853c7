/** Sends a HEARTBEAT alert on a schedule, once per slot however many daemons run. */
import { ageMs } from '../../core/age.ts'
import { messageOf } from '../../errors.ts'
import type { SystemFinding } from '../../model/alerts/finding.ts'
import type { Clock, Log } from '../../model/ports.ts'
import type { Heartbeat } from '../../model/project/destination.ts'
import type { Store } from '../../store/store.ts'
import { runInSlots, type Slot } from './schedule-slots.ts'

/** A busy process can be late for a slot. The heartbeat of a slot that is later than this is not sent any more. */
const MAX_LATENESS_MS = 60_000

interface HeartbeatPorts {
  readonly store: Pick<Store, 'claimSlot'>
  readonly clock: Clock
  readonly admit: (findings: readonly SystemFinding[]) => Promise<void>
  readonly log: Log
}

export interface HeartbeatSchedule {
  /** Replaces the schedule; null: no heartbeat is sent. */
  follow(heartbeat: Heartbeat | null): Promise<void>
  stop(): Promise<void>
}

export function createHeartbeat(ports: HeartbeatPorts): HeartbeatSchedule {
  let following = new AbortController()
  const stop = async () => following.abort()
  const send = async (heartbeat: Heartbeat, { at }: Slot) => {
    if (ageMs(at, ports.clock.now()) >= MAX_LATENESS_MS) return
    await sendHeartbeat(heartbeat, new Date(at), ports).catch((error: unknown) =>
      ports.log.error({ error: messageOf(error) }, 'failed to send the heartbeat'),
    )
  }
  return {
    stop,
    async follow(heartbeat) {
      await stop()
      if (heartbeat === null) return
      following = new AbortController()
      void runInSlots({ cron: heartbeat.cron }, ports.clock, following.signal, (slot) =>
        send(heartbeat, slot),
      )
    },
  }
}

/** Resolves with true if this daemon sent the heartbeat. `at` is the time of the slot, the same for all daemons. */
export async function sendHeartbeat(
  heartbeat: Heartbeat,
  at: Date,
  { store, clock, admit }: Omit<HeartbeatPorts, 'log'>,
): Promise<boolean> {
  const slot = at.toISOString()
  if (!(await store.claimSlot('heartbeat', slot))) return false
  await admit([
    {
      from: 'system',
      kind: 'HEARTBEAT',
      code: 'Heartbeat',
      title: 'Signalbox is alive',
      description:
        'This alert is sent on a schedule. Signalbox or its delivery has failed if it stops coming.',
      runbook: 'If no heartbeat arrives, check the daemon and its delivery queue.',
      dedup: slot,
      context: { slot, cron: heartbeat.cron },
      destinations: heartbeat.destinations,
      at: clock.now(),
    },
  ])
  return true
}
