/** Measures the buffers of this process after a garbage collection. */
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export function heldBytes(): number {
  collectGarbage()
  // Buffers of the first collection are freed in the background; the second one waits for that.
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** The work goes on between two measurements, each of which stops it for some milliseconds. */
const LOOK_INTERVAL_MS = 100

/** The most that was held at a time while the work went on, beyond what was held before. */
export async function peakHeldBytes(work: () => Promise<unknown>): Promise<number> {
  const before = heldBytes()
  let peak = 0
  let isOver = false
  const over = work().finally(() => {
    isOver = true
  })
  let looks = 0
  for (; !isOver; looks++) {
    await setTimeout(LOOK_INTERVAL_MS)
    peak = Math.max(peak, heldBytes() - before)
  }
  await over
  if (looks === 0) throw new Error('the work was over before it could be measured')
  return peak
}
