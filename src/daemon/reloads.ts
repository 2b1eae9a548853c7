/** Loads the whole project again, one load at a time. If a load fails, the previous generation stays active. */
import { isError, messageOf, type UserError } from '../errors.ts'
import type { Generation } from './generation.ts'

/** When the load for a request begins: now, after the running load, or together with one that waits already. */
export type ReloadStart = 'now' | 'next' | 'joined'

interface ReloadSteps {
  readonly onRequested: (begins: ReloadStart) => void
  readonly load: () => Promise<Generation>
  /** Replaces the old generation. Whatever fails meanwhile, the new one is active afterwards. */
  readonly activate: (next: Generation) => Promise<void>
  readonly onDone: (next: Generation) => void
  readonly onRefused: (reason: string, code: UserError['code']) => void
}

export interface Reloads {
  /** Resolves when a load that began after the call is active, or has failed. Never rejects. */
  request(): Promise<void>
  /** Starts no more loads. Resolves when the running load has ended. */
  stop(): Promise<void>
}

export function createReloads({ onRequested, load, activate, onDone, onRefused }: ReloadSteps): Reloads {
  let last: Promise<void> = Promise.resolve()
  /** The load that is requested and has not begun: it serves the requests that come meanwhile, too. */
  let waiting: Promise<void> | null = null
  let isLoading = false
  let hasEnded = false

  async function reload(): Promise<void> {
    waiting = null
    if (hasEnded) return
    isLoading = true
    try {
      const next = await load()
      // If the daemon has ended meanwhile, it does not stop these workers any more.
      if (hasEnded) return await next.retire()
      await activate(next)
      onDone(next)
    } catch (error) {
      onRefused(reasonOf(error), isError(error, 'user') ? error.code : undefined)
    } finally {
      isLoading = false
    }
  }

  return {
    request() {
      if (!hasEnded) onRequested(waiting !== null ? 'joined' : isLoading ? 'next' : 'now')
      if (waiting === null) {
        waiting = last.then(reload)
        last = waiting
      }
      return waiting
    },
    stop() {
      hasEnded = true
      return last
    },
  }
}

function reasonOf(error: unknown): string {
  const hint = isError(error, 'user') && error.hint ? `\nhint: ${error.hint}` : ''
  return `${messageOf(error)}${hint}`
}
