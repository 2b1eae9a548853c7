/** MAIN THREAD. Joins small batches into one, because a call of Python costs the same for one event as for many. */

interface BatchingOptions<T, R> {
  readonly run: (items: readonly T[]) => Promise<readonly R[]>
  /** A batch of this size runs at once, together with those that wait. */
  readonly fullBatchItems: number
  /** While another batch runs, the first call of a batch waits at most this long. */
  readonly waitMs: number
}

interface WaitingCall<T, R> {
  readonly items: readonly T[]
  readonly resolve: (results: readonly R[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Returns a function like `run` that joins the items of several calls: those of one turn of the event loop, and those that
 * come while a batch runs. Each caller gets the results of its own items, in their order.
 */
export function coalesce<T, R>({ run, fullBatchItems, waitMs }: BatchingOptions<T, R>): typeof run {
  const waiting: WaitingCall<T, R>[] = []
  let running = 0
  let immediate: NodeJS.Immediate | undefined
  let timer: NodeJS.Timeout | undefined

  function runAll(): void {
    clearImmediate(immediate)
    clearTimeout(timer)
    immediate = undefined
    timer = undefined
    void runTogether(waiting.splice(0))
  }

  async function runTogether(together: readonly WaitingCall<T, R>[]): Promise<void> {
    running++
    try {
      const results = await run(together.flatMap(({ items }) => items))
      let at = 0
      for (const { items, resolve } of together) {
        resolve(results.slice(at, at + items.length))
        at += items.length
      }
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
    running--
    if (running === 0 && waiting.length > 0) runAll()
  }

  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject })
      const count = waiting.reduce((sum, each) => sum + each.items.length, 0)
      if (count >= fullBatchItems) runAll()
      else if (running === 0) immediate ??= setImmediate(runAll)
      else timer ??= setTimeout(runAll, waitMs)
    })
}
