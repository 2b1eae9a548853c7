/** Gathers the events of small batches into one: a crossing into Python costs the same for one event as for many. */

interface BatchingOptions<T, R> {
  readonly run: (items: readonly T[]) => Promise<readonly R[]>
  /** A batch of so many is run at once, with those that wait. */
  readonly fullBatchItems: number
  /** The first of a batch waits no longer. */
  readonly waitMs: number
}

interface WaitingCall<T, R> {
  readonly items: readonly T[]
  readonly resolve: (results: readonly R[]) => void
  readonly reject: (error: unknown) => void
}

/** The same as `run`, for callers who come one after the other: each gets the results of its own items, in their order. */
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
