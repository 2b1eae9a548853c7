/** One deadline for the end of a run. A part that has not ended by then is abandoned, and the log names it. */
import type { Log } from '../model/ports.ts'

export interface Ending {
  /** The drain time starts; a later call changes nothing. */
  begin(): void
  /** The rest of the drain time; all of it before the end has begun. */
  remainingMs(): number
  /** Resolves when the part has ended, or when the drain time is over. Rejects as the part does until then. */
  wait(part: string, ended: Promise<unknown>): Promise<void>
}

export function createEnding(drainTimeoutMs: number, log: Log): Ending {
  const expired = Promise.withResolvers<typeof ABANDONED>()
  let deadline: number | null = null
  let timer: NodeJS.Timeout | undefined
  let waiting = 0
  /** The timer keeps the process alive only while a caller waits for a part. */
  const keepProcess = () => (waiting > 0 ? timer?.ref() : timer?.unref())
  const remainingMs = () => (deadline === null ? drainTimeoutMs : Math.max(0, deadline - performance.now()))
  return {
    begin() {
      if (deadline !== null) return
      deadline = performance.now() + drainTimeoutMs
      timer = setTimeout(() => {
        // A timer can fire a fraction of a millisecond early. After that no time remains.
        deadline = 0
        expired.resolve(ABANDONED)
      }, drainTimeoutMs)
      keepProcess()
    },
    remainingMs,
    wait: async (part, ended) => {
      waiting++
      keepProcess()
      try {
        if ((await Promise.race([ended, expired.promise])) === ABANDONED) reportAbandoned(part, log)
      } finally {
        waiting--
        keepProcess()
      }
    },
  }
}

const ABANDONED = Symbol('abandoned')

/** Resolves when the part has ended or the time has passed; rejects as the part does until then. */
export async function endWithin(
  timeoutMs: number,
  part: string,
  ended: Promise<unknown>,
  log: Log,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<typeof ABANDONED>((resolve) => {
    timer = setTimeout(() => resolve(ABANDONED), timeoutMs)
  })
  try {
    if ((await Promise.race([ended, expired])) === ABANDONED) reportAbandoned(part, log)
  } finally {
    clearTimeout(timer)
  }
}

function reportAbandoned(part: string, log: Log): void {
  log.error({ part }, 'a part of the daemon did not end in time')
}
