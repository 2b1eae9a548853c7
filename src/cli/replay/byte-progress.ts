/** Shows how much of the input a replay has read, its rate and the time left, in one line of a terminal. */

const SHOWN_AFTER_MS = 1_000
const INTERVAL_MS = 250
const CLEAR_LINE = '\r\u001b[2K'
const BAR_CELLS = 20

interface ByteProgress {
  show(progress: { readonly events: number; readonly bytes: number }): void
  /** Removes the line before other output is written. */
  clear(): void
}

/** @param totalBytes 0: nothing is shown. */
export function createByteProgress(
  stream: NodeJS.WritableStream & { isTTY?: boolean },
  totalBytes: number,
  now: () => number,
): ByteProgress {
  if (!stream.isTTY || totalBytes === 0) return { show() {}, clear() {} }
  const startedAt = now()
  let shownAt: number | null = null
  return {
    show({ events, bytes }) {
      const at = now()
      if (at - startedAt < SHOWN_AFTER_MS || (shownAt !== null && at - shownAt < INTERVAL_MS)) return
      shownAt = at
      stream.write(`${CLEAR_LINE}${progressText(events, Math.min(1, bytes / totalBytes), at - startedAt)}`)
    },
    clear() {
      if (shownAt === null) return
      shownAt = null
      stream.write(CLEAR_LINE)
    },
  }
}

/** Text such as `[##########----------] 50 %, 12,000 events, 4,000/s, 3 s left`. */
function progressText(events: number, share: number, elapsedMs: number): string {
  const cells = Math.round(share * BAR_CELLS)
  const bar = `${'#'.repeat(cells)}${'-'.repeat(BAR_CELLS - cells)}`
  const perSecond = Math.round((events * 1_000) / Math.max(1, elapsedMs))
  const left = share > 0 ? `, ${durationText((elapsedMs * (1 - share)) / share)} left` : ''
  const counts = `${events.toLocaleString('en-US')} events, ${perSecond.toLocaleString('en-US')}/s`
  return `[${bar}] ${Math.floor(share * 100)} %, ${counts}${left}`
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
