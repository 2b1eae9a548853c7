/** MAIN THREAD. The state that workers start from: the cache folder, and what the first worker left for the others. */
import { programVersion } from '../../program-version.ts'
import type { CompiledInterpreter } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot, FromWorker, PackedSnapshot, WorkerSetup } from '../protocol/messages.ts'
import { NO_CACHE, openSnapshotCache, type SnapshotCache } from '../snapshot/snapshot-cache.ts'

export class StartState {
  readonly #snapshotDirectory: string | null
  readonly #memoryBytes: number
  readonly #cache: SnapshotCache
  #interpreter: CompiledInterpreter | null = null
  /** Kept only until it is in the cache, so that its memory is freed. */
  #base: BaseSnapshot | null = null
  readonly #writing = new Set<Promise<void>>()

  /** @param snapshotDirectory null: no file is written, and all workers start from the base of the first one. */
  constructor(snapshotDirectory: string | null, memoryBytes: number) {
    this.#snapshotDirectory = snapshotDirectory
    this.#memoryBytes = memoryBytes
    this.#cache = snapshotDirectory ? openSnapshotCache(snapshotDirectory) : NO_CACHE
  }

  next(): Omit<WorkerSetup, 'marker' | 'cache' | 'packages'> {
    return {
      programVersion: programVersion(),
      snapshotDirectory: this.#snapshotDirectory,
      memoryBytes: this.#memoryBytes,
      interpreter: this.#interpreter,
      base: this.#base,
    }
  }

  recordBoot({ interpreter, createdBase }: Extract<FromWorker, { kind: 'booted' }>): void {
    this.#interpreter = interpreter
    if (createdBase === null) return
    this.#base = createdBase.base
    this.save(createdBase.packed, () => {
      this.#base = null
    })
  }

  /** Writes without making anyone wait. */
  save({ name, parts }: PackedSnapshot, written: () => void = () => {}): void {
    const writing = this.#cache.write(name, ...parts).then((isKept) => {
      this.#writing.delete(writing)
      if (isKept) written()
    })
    this.#writing.add(writing)
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing)
  }
}
