/** What a signal means to a running daemon. Pure: the time is an argument. */
import type { Signal } from './command.ts'

/** A terminal and the tools between (npm, the hand-over to another Node) may each pass on the same Ctrl-C. */
const SIGNAL_DEBOUNCE_MS = 300

export const EXIT_INTERRUPTED = 130

export interface Interrupts {
  /** The signal that asked for the end first. */
  readonly stoppedBy: 'SIGINT' | 'SIGTERM' | null
  /** SIGHUP reloads; the first SIGINT or SIGTERM drains; a later SIGINT ends at once. */
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
