/**
 * Group commit: all writes of one turn of the event loop share one transaction and one sync to disk. Each write still
 * succeeds or fails by itself, and no caller gets a result before the disk has it.
 */
import { Bug } from '../errors.ts'
import type { Driver } from './driver.ts'

/** The limit bounds how long one group blocks the event loop. */
const MAX_WRITES_PER_GROUP = 200

/** An `unsynced` write can be lost in a power cut, but not with the process. A synced write in its group syncs it, too. */
export type Sync = 'synced' | 'unsynced'

interface Write {
  readonly sync: Sync
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface GroupCommit {
  write<T>(work: () => T, sync?: Sync): Promise<T>
  /** Writes what is queued. Every later write is rejected. */
  end(): void
}

/** @param check is called before each commit. If it throws, nothing of the group is written. */
export function createGroupCommit(driver: Driver, check: () => void = () => {}): GroupCommit {
  const queue: Write[] = []
  let ended = false

  const flush = () => {
    const group = queue.splice(0, MAX_WRITES_PER_GROUP)
    if (group.length === 0) return
    if (queue.length > 0) setImmediate(flush)
    for (const settle of writeGroup(driver, group, check)) settle()
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

/** Returns functions that settle the promises: none may be settled before the whole group is committed. */
function writeGroup(driver: Driver, group: readonly Write[], check: () => void): (() => void)[] {
  try {
    const all = () => {
      const settlers =
        group.length === 1 ? group.map(writeSingle) : group.map((write) => writeOne(driver, write))
      check()
      return settlers
    }
    return group.some(({ sync }) => sync === 'synced') ? driver.transaction(all) : driver.unsynced(all)
  } catch (error) {
    return group.map((write) => () => write.reject(error))
  }
}

/** A single write needs no inner transaction: its failure is the failure of the group. */
function writeSingle({ work, resolve }: Write): () => void {
  const value = work()
  return () => resolve(value)
}

function writeOne(driver: Driver, write: Write): () => void {
  try {
    const value = driver.transaction(write.work)
    return () => write.resolve(value)
  } catch (error) {
    // If the engine ended the transaction, the rest of the group must not be written one by one.
    if (!driver.inTransaction()) throw error
    return () => write.reject(error)
  }
}
