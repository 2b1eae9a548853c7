/** Indexes the texts of new alerts soon after their commits, and those of older ones after an upgrade, in small steps. */
import type { Store } from '../../store/store.ts'

/** A step takes about 20 ms, so that commits wait no longer than for each other. */
const MAX_ALERTS_PER_STEP = 200
const INTERVAL_MS = 1_000
/** The pause between the steps while more alerts wait, so that events come first. */
const PAUSE_MS = 100

interface TextIndexing {
  /** Resolves when the step under way has ended. */
  stop(): Promise<void>
}

export function startTextIndexing(store: Pick<Store, 'indexTexts'>): TextIndexing {
  let isStopped = false
  let timer: NodeJS.Timeout
  let running: Promise<void> = Promise.resolve()
  const step = async () => {
    // A search compares the texts that are not indexed, so nothing is missing. A lost store is reported by others.
    const indexed = await store.indexTexts(MAX_ALERTS_PER_STEP).catch(() => 0)
    if (!isStopped) schedule(indexed === MAX_ALERTS_PER_STEP ? PAUSE_MS : INTERVAL_MS)
  }
  const schedule = (ms: number) => {
    timer = setTimeout(() => {
      running = step()
    }, ms)
    timer.unref()
  }
  schedule(INTERVAL_MS)
  return {
    stop: () => {
      isStopped = true
      clearTimeout(timer)
      return running
    },
  }
}
