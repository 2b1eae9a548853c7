// Says on standard error how far a long run has come, how fast it is, and how long the rest takes.

const INTERVAL_MS = 30_000

/** Returns a function that is called with how many are done; it writes a line when the last one is some time ago. */
export function progressReport(total: number): (done: number, note: string) => void {
  const startedAt = performance.now()
  let writtenAt = startedAt
  return (done, note) => {
    const now = performance.now()
    if (now - writtenAt < INTERVAL_MS && done < total) return
    writtenAt = now
    const perSecond = (1_000 * done) / (now - startedAt)
    const left = (total - done) / perSecond
    const percent = ((100 * done) / total).toFixed(1)
    process.stderr.write(
      `${done.toLocaleString('en')} of ${total.toLocaleString('en')} events (${percent} %), ${Math.round(perSecond)} events/s, ${timeText(left)} left; ${note}\n`,
    )
  }
}

function timeText(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
