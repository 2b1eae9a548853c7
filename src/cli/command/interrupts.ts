/** Decides what a signal means to a running daemon. Pure, because the time is an argument. */
import type { Signal } from './command.ts'

/** A terminal, npm and the launcher of another Node may each forward the same Ctrl-C. */
const SIGNAL_DEBOUNCE_MS = 300

export const EXIT_INTERRUPTED = 130

export interface Interrupts {
  /** The first signal that requested the end. */
  readonly stoppedBy: 'SIGINT' | 'SIGTERM' | null
  /** SIGHUP reloads, the first SIGINT or SIGTERM drains, and a later SIGINT ends the process immediately. */
  next(signal: Signal, nowMs: number): 'reload' | 'drain' | 'end' | 'ignore'
}

export function createInterrupts(): Interrupts {
  let first: { signal: 'SIGINT' | 'SIGTERM'; at: number } | null = null
  return {
    get stoppedBy() {
      return first?.signal ?? null
    },
    next(signal, nowMs) {
      if (signal === 'SIGHUP') return first ? 'ignore' : 'reload'
      if (!first) {
        first = { signal, at: nowMs }
        return 'drain'
      }
      return signal === 'SIGINT' && nowMs - first.at >= SIGNAL_DEBOUNCE_MS ? 'end' : 'ignore'
    },
  }
}
