/**
 * The one way to write. What is asked for in one turn of the event loop goes down in one transaction, so that
 * one sync to disk pays for many; each write still succeeds or fails alone, and nobody is answered before the
 * disk has it.
 */
import { Bug } from '../errors.ts'
import type { Driver } from './driver.ts'

/** Bounds how long one group may hold the event loop. */
const MAX_WRITES_PER_GROUP = 200

/** `unsynced`: it may be lost with the power, but not with the process. Any other in its group has it synced too. */
export type Sync = 'synced' | 'unsynced'

interface Write {
  readonly sync: Sync
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface GroupCommit {
  write<T>(work: () => T, sync?: Sync): Promise<T>
  /** Writes out what waits; from then on every write is refused. */
  end(): void
}

/** @param check called before each commit: where it throws, nothing of the group is written. */
export function createGroupCommit(driver: Driver, check: () => void = () => {}): GroupCommit {
  const queue: Write[] = []
  let ended = false

  const flush = () => {
    const group = queue.splice(0, MAX_WRITES_PER_GROUP)
    if (group.length === 0) return
    if (queue.length > 0) setImmediate(flush)
    for (const answer of writeGroup(driver, group, check)) answer()
  }

  return {
    write: <T>(work: () => T, sync: Sync = 'synced') =>
      new Promise<T>((resolve, reject) => {
        if (ended) return reject(new Bug('the store is closed'))
        if (queue.length === 0) setImmediate(flush)
        queue.push({ work, sync, resolve: resolve as (value: unknown) => void, reject })
      }),
    end: () => {
      ended = true
      while (queue.length > 0) flush()
    },
  }
}

/** Answers are functions because none may be given before the whole group is committed. */
function writeGroup(driver: Driver, group: readonly Write[], check: () => void): (() => void)[] {
  try {
    const all = () => {
      const answers = group.length === 1 ? group.map(alone) : group.map((write) => attempt(driver, write))
      check()
      return answers
    }
    return group.some(({ sync }) => sync === 'synced') ? driver.transaction(all) : driver.unsynced(all)
  } catch (error) {
    return group.map((write) => () => write.reject(error))
  }
}

/** Its failure is the group's: no transaction of its own. */
function alone({ work, resolve }: Write): () => void {
  const value = work()
  return () => resolve(value)
}

function attempt(driver: Driver, write: Write): () => void {
  try {
    const value = driver.transaction(write.work)
    return () => write.resolve(value)
  } catch (error) {
    // Without its transaction the rest of the group would be written piecemeal.
    if (!driver.inTransaction()) throw error
    return () => write.reject(error)
  }
}
