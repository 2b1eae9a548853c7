/** Python, booting while the project is still being read. Imports as little as it can: it is what a command starts with. */
import { Evaluator } from './evaluator.ts'
import { StartState } from './start-state.ts'

/** Beyond it Python gets a MemoryError. */
const MEMORY_BYTES = 256 * 1024 * 1024

export class WarmEngine {
  readonly from: StartState
  readonly #first: Evaluator
  #taken = false

  /** @param imageFolder folder of the prepared interpreters; without it each start loads everything. */
  constructor(imageFolder: string | undefined) {
    this.from = new StartState(imageFolder ?? null, MEMORY_BYTES)
    this.#first = new Evaluator(this.from)
  }

  take(): Evaluator {
    this.#taken = true
    return this.#first
  }

  /** Ends it where no engine came of it. */
  async cool(): Promise<void> {
    if (!this.#taken) await this.#first.stop()
  }
}
