/** Whether events can be taken now, for `/readyz`. */
import { messageOf } from '../errors.ts'
import type { Clock } from '../model/ports.ts'

/** A failure counts no longer: who is told to send nothing could not bring the success that ends it. */
const REMEMBERED_MS = 10_000

export interface Readiness {
  /** What comes to this source from here on is not missed. */
  begun(source: string): void
  /** The last events offered could not be taken. */
  failed(error: unknown): void
  succeeded(): void
  now(): { readonly ok: boolean; readonly reasons: readonly string[] }
}

export function createReadiness(
  clock: Pick<Clock, 'now'>,
  draining: AbortSignal,
  sources: readonly string[],
): Readiness {
  const starting = new Set(sources)
  let failure: { readonly at: number; readonly reason: string } | null = null
  return {
    begun: (source) => void starting.delete(source),
    failed: (error) => {
      failure = { at: clock.now(), reason: `events could not be taken: ${messageOf(error)}` }
    },
    succeeded: () => {
      failure = null
    },
    now: () => {
      const isRecent = failure !== null && clock.now() - failure.at < REMEMBERED_MS
      const reasons = [
        ...(draining.aborted ? ['draining'] : []),
        ...[...starting].map((source) => `${source} has not begun`),
        ...(isRecent ? [failure!.reason] : []),
      ]
      return { ok: reasons.length === 0, reasons }
    },
  }
}
