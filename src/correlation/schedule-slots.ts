/** The slots of schedules: the times at which a correlation pass or a heartbeat is due. */
import { createTask } from 'node-cron'
import type { Clock } from '../model/ports.ts'
import type { CorrelationSchedule } from '../model/project/correlation-definition.ts'

export interface Slot {
  /** Epoch milliseconds. */
  readonly at: number
  /** The time from this slot to the one after it. */
  readonly intervalMs: number
}

/** Returns the first slot after a time. A cron expression is evaluated at the date of the process. */
export function nextSlot(schedule: CorrelationSchedule, now: number): Slot {
  if ('everyMs' in schedule) {
    const { everyMs } = schedule
    return { at: (Math.floor(now / everyMs) + 1) * everyMs, intervalMs: everyMs }
  }
  // The task is never started: it only computes the calendar.
  const calendar = createTask(schedule.cron, () => {})
  const [first, second] = calendar.getNextRuns(2)
  void calendar.destroy()
  return { at: first!.getTime(), intervalMs: second!.getTime() - first!.getTime() }
}

/** Calls `run` in each slot, one after the other, until the signal aborts. `run` must not reject. */
export async function runInSlots(
  schedule: CorrelationSchedule,
  clock: Clock,
  signal: AbortSignal,
  run: (slot: Slot) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const slot = nextSlot(schedule, clock.now())
    do await clock.sleep(slot.at - clock.now(), signal)
    while (!signal.aborted && clock.now() < slot.at)
    if (!signal.aborted) await run(slot)
  }
}
