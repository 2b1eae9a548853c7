/**
 * MAIN THREAD. A worker that boots Python while the project is still being read. This file imports little, because a
 * command loads it first.
 */
import type { PackageSet } from '../../model/project/packages.ts'
import { StartState } from './start-state.ts'
import { WorkerHandle } from './worker-handle.ts'

/** Python raises a MemoryError beyond this size. */
const MEMORY_BYTES = 256 * 1024 * 1024

export class PrewarmedWorker {
  readonly state: StartState
  readonly #worker: WorkerHandle
  #isClaimed = false

  /**
   * Starts the thread. An engine must claim it, or the caller must dispose of it.
   *
   * @param from the folder of the snapshots, or the start state of another worker. Without either, each start loads
   * everything from source.
   */
  static start(from: string | StartState | undefined, packages?: PackageSet): PrewarmedWorker {
    const state = from instanceof StartState ? from : new StartState(from ?? null, MEMORY_BYTES)
    return new PrewarmedWorker(state, WorkerHandle.start(state, packages))
  }

  private constructor(state: StartState, worker: WorkerHandle) {
    this.state = state
    this.#worker = worker
  }

  /** Starts another worker from the same state, for a project with these packages. */
  fork(packages: PackageSet): PrewarmedWorker {
    return PrewarmedWorker.start(this.state, packages)
  }

  claim(): WorkerHandle {
    this.#isClaimed = true
    return this.#worker
  }

  /** Ends the worker unless an engine has claimed it. */
  async dispose(): Promise<void> {
    if (!this.#isClaimed) await this.#worker.stop()
  }
}
