/** Loads the whole project again, one load at a time, and hands over or keeps the one before and says why. */
import { isError, messageOf, type UserError } from '../errors.ts'
import type { Generation } from './generation.ts'

/** When the load for a request begins: now, after the load under way, or joined to one that already waits for that. */
export type ReloadStart = 'now' | 'next' | 'joined'

interface ReloadSteps {
  readonly onRequested: (begins: ReloadStart) => void
  readonly load: () => Promise<Generation>
  /** Puts the new generation in the old one's place; whatever fails in it, the new one is in force afterwards. */
  readonly activate: (next: Generation) => Promise<void>
  readonly onDone: (next: Generation) => void
  readonly onRefused: (reason: string, code: UserError['code']) => void
}

export interface Reloads {
  /** Resolves when a load that began after the call is in force, or was refused. Never rejects. */
  request(): Promise<void>
  /** Begins no more; resolves when the one under way has ended. */
  stop(): Promise<void>
}

export function createReloads({ onRequested, load, activate, onDone, onRefused }: ReloadSteps): Reloads {
  let last: Promise<void> = Promise.resolve()
  /** Asked for, not begun: whoever asks meanwhile is served by it too. */
  let waiting: Promise<void> | null = null
  let isLoading = false
  let hasEnded = false

  async function reload(): Promise<void> {
    waiting = null
    if (hasEnded) return
    isLoading = true
    try {
      const next = await load()
      // A daemon that has ended meanwhile would never stop its workers.
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
