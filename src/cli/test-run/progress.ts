/** One line on a terminal that says how far a long run is; nothing elsewhere. */
import { counted } from '../../reporters/parts/terminal-text.ts'

const SHOWN_AFTER_MS = 1_000
const INTERVAL_MS = 100
const CLEAR_LINE = '\r\u001b[2K'

interface Progress {
  advance(): void
  /** Takes the line away before something else is written. */
  clear(): void
}

const NONE: Progress = { advance() {}, clear() {} }

export function createProgress(
  stream: NodeJS.WritableStream & { isTTY?: boolean },
  total: number,
  noun: string,
  now: () => number,
): Progress {
  if (!stream.isTTY || total === 0) return NONE
  const startedAt = now()
  let done = 0
  let shownAt: number | null = null
  return {
    advance() {
      done++
      const at = now()
      if (at - startedAt < SHOWN_AFTER_MS || (shownAt !== null && at - shownAt < INTERVAL_MS)) return
      shownAt = at
      stream.write(`${CLEAR_LINE}${done} of ${counted(total, noun)}`)
    },
    clear() {
      if (shownAt === null) return
      shownAt = null
      stream.write(CLEAR_LINE)
    },
  }
}
