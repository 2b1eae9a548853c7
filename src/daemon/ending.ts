/** One deadline over the end of a run: what has not ended by then is left behind, and the log names it. */
import type { Log } from '../model/ports.ts'

export interface Ending {
  /** The drain time starts; a later call changes nothing. */
  begin(): void
  /** Of the drain time; all of it before the end has begun. */
  remainingMs(): number
  /** Resolves when the part has ended, or when the drain time is over. Rejects as the part does until then. */
  wait(part: string, ended: Promise<unknown>): Promise<void>
}

export function createEnding(drainTimeoutMs: number, log: Log): Ending {
  const expired = Promise.withResolvers<typeof LEFT>()
  let deadline: number | null = null
  let timer: NodeJS.Timeout | undefined
  let waiting = 0
  /** The process goes on until the drain time is over, but only for those who wait for that. */
  const keepProcess = () => (waiting > 0 ? timer?.ref() : timer?.unref())
  const remainingMs = () => (deadline === null ? drainTimeoutMs : Math.max(0, deadline - performance.now()))
  return {
    begin() {
      if (deadline !== null) return
      deadline = performance.now() + drainTimeoutMs
      timer = setTimeout(() => {
        // A timer can be a fraction of a millisecond early: once it has gone off, no time remains.
        deadline = 0
        expired.resolve(LEFT)
      }, drainTimeoutMs)
      keepProcess()
    },
    remainingMs,
    wait: async (part, ended) => {
      waiting++
      keepProcess()
      try {
        if ((await Promise.race([ended, expired.promise])) === LEFT) leave(part, log)
      } finally {
        waiting--
        keepProcess()
      }
    },
  }
}

const LEFT = Symbol('left behind')

/** Resolves when the part has ended or the time has passed; rejects as the part does until then. */
export async function endWithin(
  timeoutMs: number,
  part: string,
  ended: Promise<unknown>,
  log: Log,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<typeof LEFT>((resolve) => {
    timer = setTimeout(() => resolve(LEFT), timeoutMs)
  })
  try {
    if ((await Promise.race([ended, expired])) === LEFT) leave(part, log)
  } finally {
    clearTimeout(timer)
  }
}

function leave(part: string, log: Log): void {
  log.error({ part }, 'a part of the daemon did not end in time and is left behind')
}
