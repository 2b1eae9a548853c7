/** MAIN THREAD. Joins small batches into one, because a call of Python costs the same for one event as for many. */

interface BatchingOptions<T, R> {
  readonly run: (items: readonly T[]) => Promise<readonly R[]>
  /** A batch of this size runs at once, together with those that wait. */
  readonly fullBatchItems: number
  /** The first call of a batch waits at most this long. */
  readonly waitMs: number
}

interface WaitingCall<T, R> {
  readonly items: readonly T[]
  readonly resolve: (results: readonly R[]) => void
  readonly reject: (error: unknown) => void
}

/** Returns a function like `run` that joins the items of several calls. Each caller gets the results of its own items, in their order. */
export function coalesce<T, R>({ run, fullBatchItems, waitMs }: BatchingOptions<T, R>): typeof run {
  let waiting: WaitingCall<T, R>[] = []
  let timer: NodeJS.Timeout | undefined

  function runAll(): void {
    clearTimeout(timer)
    timer = undefined
    const together = waiting
    waiting = []
    run(together.flatMap(({ items }) => items)).then(
      (results) => {
        let at = 0
        for (const { items, resolve } of together) {
          resolve(results.slice(at, at + items.length))
          at += items.length
        }
      },
      (error) => {
        for (const { reject } of together) reject(error)
      },
    )
  }

  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject })
      const count = waiting.reduce((sum, each) => sum + each.items.length, 0)
      if (count >= fullBatchItems) runAll()
      else timer ??= setTimeout(runAll, waitMs)
    })
}
