/** Stops every started part in reverse order. A part that fails to stop does not keep the others from stopping. */
import { messageOf } from '../errors.ts'
import type { Log } from '../model/ports.ts'
import { endWithin } from './ending.ts'

type Cleanup = () => Promise<unknown>

export interface Cleanups {
  /** @param part names it in the log. */
  add(part: string, cleanup: Cleanup): void
  /** Never rejects. */
  run(): Promise<void>
}

/** The time for all parts together. */
const CLEANUP_TIMEOUT_MS = 7_000
/** The time that each part gets, however long the others took. */
const MIN_CLEANUP_MS = 250

export function createCleanups(log: Log, timeoutMs = CLEANUP_TIMEOUT_MS): Cleanups {
  const stack: { readonly part: string; readonly cleanup: Cleanup }[] = []
  return {
    add: (part, cleanup) => void stack.push({ part, cleanup }),
    async run() {
      const deadline = performance.now() + timeoutMs
      for (const { part, cleanup } of stack.splice(0).reverse()) {
        const leftMs = Math.max(MIN_CLEANUP_MS, deadline - performance.now())
        try {
          await endWithin(leftMs, part, cleanup(), log)
        } catch (error) {
          log.error({ part, error: messageOf(error) }, 'failed to stop a part of the daemon')
        }
      }
    },
  }
}
