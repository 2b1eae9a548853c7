/** Python, booting while the project is still being read. Imports as little as it can: it is what a command starts with. */
import type { PackageSet } from '../../model/project/packages.ts'
import { StartState } from './start-state.ts'
import { WorkerHandle } from './worker-handle.ts'

/** Beyond it Python gets a MemoryError. */
const MEMORY_BYTES = 256 * 1024 * 1024

export class PrewarmedWorker {
  readonly state: StartState
  readonly #worker: WorkerHandle
  #isClaimed = false

  /** @param from folder of the prepared interpreters, without which each start loads everything; or what another came from. */
  constructor(from: string | StartState | undefined, packages?: PackageSet) {
    this.state = from instanceof StartState ? from : new StartState(from ?? null, MEMORY_BYTES)
    this.#worker = new WorkerHandle(this.state, packages)
  }

  /** One more, from what this one has compiled, for a project with these packages. */
  fork(packages: PackageSet): PrewarmedWorker {
    return new PrewarmedWorker(this.state, packages)
  }

  claim(): WorkerHandle {
    this.#isClaimed = true
    return this.#worker
  }

  /** Ends it where no engine came of it. */
  async dispose(): Promise<void> {
    if (!this.#isClaimed) await this.#worker.stop()
  }
}
