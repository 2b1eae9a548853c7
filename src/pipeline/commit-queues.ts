/** Queues of commits: those of one queue run one after the other, those of different queues side by side. */

type Task<T> = () => Promise<T>

export class CommitQueues {
  /** The last task of each queue that is not idle. It never rejects. */
  readonly #tails = new Map<string, Promise<unknown>>()
  /** The last task that ran alone. */
  #barrier: Promise<unknown> = Promise.resolve()

  /** Runs tasks in the order of the calls. A failed task does not stop the next one. */
  enqueue<T>(queue: string, task: Task<T>): Promise<T> {
    const run = Promise.all([this.#tails.get(queue), this.#barrier]).then(task)
    const tail = run.then(
      () => {},
      () => {},
    )
    this.#tails.set(queue, tail)
    void tail.then(() => {
      if (this.#tails.get(queue) === tail) this.#tails.delete(queue)
    })
    return run
  }

  /** Runs a task when the present tasks of all queues have ended. The later ones wait for it. */
  runAlone<T>(task: Task<T>): Promise<T> {
    const run = Promise.all([...this.#tails.values(), this.#barrier]).then(task)
    this.#barrier = run.catch(() => {})
    return run
  }
}
