/** What workers start from: the cache's folder, and what the first of them leaves for those that follow. */
import { programVersion } from '../../program-version.ts'
import type { CompiledInterpreter } from '../protocol/interpreter-start.ts'
import type { BaseSnapshot, FromWorker, PackedSnapshot, WorkerSetup } from '../protocol/messages.ts'
import { NO_CACHE, openImageCache, type SnapshotCache } from '../snapshot/snapshot-cache.ts'

export class StartState {
  readonly #imageFolder: string | null
  readonly #memoryBytes: number
  readonly #cache: SnapshotCache
  #interpreter: CompiledInterpreter | null = null
  /** Only until the cache has it: no bytes stay for nothing. */
  #base: BaseSnapshot | null = null
  readonly #writing = new Set<Promise<void>>()

  /** @param imageFolder null: nothing is kept, and each worker but the first starts from what that one became. */
  constructor(imageFolder: string | null, memoryBytes: number) {
    this.#imageFolder = imageFolder
    this.#memoryBytes = memoryBytes
    this.#cache = imageFolder ? openImageCache(imageFolder) : NO_CACHE
  }

  next(): Omit<WorkerSetup, 'mark' | 'cache' | 'packages'> {
    return {
      programVersion: programVersion(),
      imageFolder: this.#imageFolder,
      memoryBytes: this.#memoryBytes,
      interpreter: this.#interpreter,
      base: this.#base,
    }
  }

  learn({ interpreter, made }: Extract<FromWorker, { kind: 'booted' }>): void {
    this.#interpreter = interpreter
    if (made === null) return
    this.#base = made.base
    this.keep(made.kept, () => {
      this.#base = null
    })
  }

  /** Written beside everything else. */
  keep({ name, parts }: PackedSnapshot, written: () => void = () => {}): void {
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
