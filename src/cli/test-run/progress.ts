/** Shows the progress of a long run in one line of a terminal. Without a terminal it shows nothing. */
import { counted } from '../../reporters/parts/terminal-text.ts'

const SHOWN_AFTER_MS = 1_000
const INTERVAL_MS = 100
const CLEAR_LINE = '\r\u001b[2K'

interface Progress {
  advance(): void
  /** Removes the line before other output is written. */
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
