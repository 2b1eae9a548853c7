/** Decides whether events can be accepted now, for `/readyz`. */

import { ageMs } from '../core/age.ts'
import { messageOf } from '../errors.ts'
import type { Clock } from '../model/ports.ts'

/** A failure counts for this time only: a client that sends nothing while unready could not bring the success that clears it. */
const FAILURE_TTL_MS = 10_000

export interface Readiness {
  /** The source reads from here on: no event that comes to it later is missed. */
  sourceStarted(source: string): void
  /** Nothing is read from the source until it starts again. */
  sourceFailed(source: string): void
  /** The last batch could not be accepted. */
  intakeFailed(error: unknown): void
  intakeSucceeded(): void
  status(): { readonly ok: boolean; readonly reasons: readonly string[] }
}

interface ReadinessParts {
  readonly clock: Pick<Clock, 'now'>
  readonly draining: AbortSignal
  readonly sources: readonly string[]
  /** Reasons for which no event can be accepted, for as long as they last. */
  readonly unavailable: () => readonly string[]
}

export function createReadiness({ clock, draining, sources, unavailable }: ReadinessParts): Readiness {
  const starting = new Set(sources)
  const failed = new Set<string>()
  let failure: { readonly at: number; readonly reason: string } | null = null
  return {
    sourceStarted: (source) => {
      starting.delete(source)
      failed.delete(source)
    },
    sourceFailed: (source) => {
      if (!starting.has(source)) failed.add(source)
    },
    intakeFailed: (error) => {
      failure = { at: clock.now(), reason: `events could not be accepted: ${messageOf(error)}` }
    },
    intakeSucceeded: () => {
      failure = null
    },
    status: () => {
      const isRecent = failure !== null && ageMs(failure.at, clock.now()) < FAILURE_TTL_MS
      const lasting = unavailable()
      const reasons = [
        ...(draining.aborted ? ['draining'] : []),
        ...[...starting].map((source) => `${source} has not started`),
        ...[...failed].map((source) => `${source} failed and will be restarted; the log has the reason`),
        ...lasting,
        // A lasting reason is the cause of the failure, too.
        ...(isRecent && lasting.length === 0 ? [failure!.reason] : []),
      ]
      return { ok: reasons.length === 0, reasons }
    },
  }
}
