/** Whether events can be taken now, for `/readyz`. */

import { ageMs } from '../core/age.ts'
import { messageOf } from '../errors.ts'
import type { Clock } from '../model/ports.ts'

/** A failure counts no longer: who is told to send nothing could not bring the success that ends it. */
const FAILURE_TTL_MS = 10_000

export interface Readiness {
  /** What comes to this source from here on is not missed. */
  sourceStarted(source: string): void
  /** The last events offered could not be taken. */
  intakeFailed(error: unknown): void
  intakeSucceeded(): void
  status(): { readonly ok: boolean; readonly reasons: readonly string[] }
}

interface ReadinessParts {
  readonly clock: Pick<Clock, 'now'>
  readonly draining: AbortSignal
  readonly sources: readonly string[]
  /** Why no event can be taken as it is now, for as long as that lasts. */
  readonly unavailable: () => readonly string[]
}

export function createReadiness({ clock, draining, sources, unavailable }: ReadinessParts): Readiness {
  const starting = new Set(sources)
  let failure: { readonly at: number; readonly reason: string } | null = null
  return {
    sourceStarted: (source) => void starting.delete(source),
    intakeFailed: (error) => {
      failure = { at: clock.now(), reason: `events could not be taken: ${messageOf(error)}` }
    },
    intakeSucceeded: () => {
      failure = null
    },
    status: () => {
      const isRecent = failure !== null && ageMs(failure.at, clock.now()) < FAILURE_TTL_MS
      const lasting = unavailable()
      const reasons = [
        ...(draining.aborted ? ['draining'] : []),
        ...[...starting].map((source) => `${source} has not begun`),
        ...lasting,
        // What lasts is the reason of the failure, too.
        ...(isRecent && lasting.length === 0 ? [failure!.reason] : []),
      ]
      return { ok: reasons.length === 0, reasons }
    },
  }
}
