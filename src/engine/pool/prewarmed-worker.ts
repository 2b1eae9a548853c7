/** Python, booting while the project is still being read. Imports as little as it can: it is what a command starts with. */
import type { PackageSet } from '../../model/project/packages.ts'
import { StartState } from './start-state.ts'
import { Evaluator } from './worker-handle.ts'

/** Beyond it Python gets a MemoryError. */
const MEMORY_BYTES = 256 * 1024 * 1024

export class WarmEngine {
  readonly from: StartState
  readonly #first: Evaluator
  #taken = false

  /** @param from folder of the prepared interpreters, without which each start loads everything; or what another came from. */
  constructor(from: string | StartState | undefined, packages?: PackageSet) {
    this.from = from instanceof StartState ? from : new StartState(from ?? null, MEMORY_BYTES)
    this.#first = new Evaluator(this.from, packages)
  }

  /** One more, from what this one has compiled, for a project with these packages. */
  another(packages: PackageSet): WarmEngine {
    return new WarmEngine(this.from, packages)
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
