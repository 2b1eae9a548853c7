/** Durations on the command line: `30s`, `24h`, `3d`. */
import { parseDuration } from '../../config/files/durations.ts'
import { UserError } from '../../errors.ts'

/** Milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new UserError('It is a number with ms, s, m, h or d, for example 30s or 3d.')
  return ms
}
