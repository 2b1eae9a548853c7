/** The dead-man's switch: a HEARTBEAT alert on a schedule, once per slot however many daemons run. */
import { schedule, validate } from 'node-cron'
import { UserError } from '../errors.ts'
import type { Heartbeat } from '../model/destination.ts'
import type { SystemFinding } from '../model/finding.ts'
import type { Clock } from '../model/ports.ts'
import type { Store } from '../store/store.ts'

export interface HeartbeatOptions {
  readonly store: Store
  readonly clock: Clock
  readonly admit: (findings: readonly SystemFinding[]) => Promise<void>
  readonly onError: (error: unknown) => void
}

/** @returns stops it. */
export function startHeartbeat(heartbeat: Heartbeat, options: HeartbeatOptions): () => Promise<void> {
  if (!validate(heartbeat.cron))
    throw new UserError(`heartbeat.cron "${heartbeat.cron}" is no cron expression`)
  const task = schedule(heartbeat.cron, () => beat(heartbeat, options).catch(options.onError), {
    noOverlap: true,
  })
  return async () => {
    await task.destroy()
  }
}

/** One beat: true when this daemon was the one to send it. */
export async function beat(
  heartbeat: Heartbeat,
  { store, clock, admit }: HeartbeatOptions,
): Promise<boolean> {
  const slot = new Date(Math.floor(clock.now() / 1000) * 1000).toISOString()
  if (!(await store.once('heartbeat', slot))) return false
  await admit([
    {
      from: 'system',
      kind: 'HEARTBEAT',
      code: 'Heartbeat',
      title: 'Signalbox is alive',
      description: 'Sent on schedule; worry when it stops coming.',
      runbook: 'When no heartbeat arrives, look at the daemon and its delivery queue.',
      dedup: slot,
      context: { slot, cron: heartbeat.cron },
      destinations: heartbeat.destinations,
      at: clock.now(),
    },
  ])
  return true
}
