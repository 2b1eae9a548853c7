/** Parses durations on the command line, such as `30s`, `24h` or `3d`. */
import { parseDuration } from '../../config/files/durations.ts'
import { UserError } from '../../errors.ts'

/** @returns milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new UserError('Use a number and a unit (ms, s, m, h, d), for example 30s or 3d.', {
      code: 'invalid-option',
    })
  return ms
}
