/** Sends a HEARTBEAT alert on a schedule, once per slot however many daemons run. */
import { ageMs } from '../../core/age.ts'
import { runInSlots, type Slot } from '../../correlation/schedule-slots.ts'
import { messageOf } from '../../errors.ts'
import type { SystemFinding } from '../../model/alerts/finding.ts'
import type { Clock, Log } from '../../model/ports.ts'
import type { Heartbeat } from '../../model/project/destination.ts'

/** A busy process can be late for a slot. The heartbeat of a slot that is later than this is not sent any more. */
const MAX_LATENESS_MS = 60_000

interface HeartbeatPorts {
  readonly clock: Clock
  readonly admit: (findings: readonly SystemFinding[]) => Promise<void>
  readonly log: Log
  /** It is called when the heartbeat of a slot is in the store, by this daemon or another one. Epoch ms. */
  readonly onSent?: (slot: number) => void
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
    try {
      await sendHeartbeat(heartbeat, new Date(at), ports)
      ports.onSent?.(at)
    } catch (error) {
      ports.log.error({ error: messageOf(error) }, 'failed to send the heartbeat')
    }
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

/**
 * Resolves when the heartbeat is in the store, by this daemon or another one. The slot is taken in the same commit as the
 * alert is created, so a crash loses neither.
 * @param at the time of the slot, the same for all daemons.
 */
export async function sendHeartbeat(
  heartbeat: Heartbeat,
  at: Date,
  { clock, admit }: Pick<HeartbeatPorts, 'clock' | 'admit'>,
): Promise<void> {
  const slot = at.toISOString()
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
      onceId: `heartbeat ${slot}`,
      context: { slot, cron: heartbeat.cron },
      destinations: heartbeat.destinations,
      at: clock.now(),
    },
  ])
}
