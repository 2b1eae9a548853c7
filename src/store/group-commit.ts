/**
 * Group commit: all writes of one turn of the event loop share one transaction, and all transactions that are written
 * while the disk syncs share the next sync. Each write still succeeds or fails by itself, and no caller of `write` gets a
 * result before the disk has it.
 */
import { Bug } from '../errors.ts'
import type { Driver } from './driver.ts'

/** The limit bounds how long one group blocks the event loop. */
const MAX_WRITES_PER_GROUP = 200

/** An `unsynced` write can be lost in a power cut, but not with the process. It waits only for the synced writes before it. */
export type Sync = 'synced' | 'unsynced'

/** A result that later reads can see already, and the promise that it is on disk. */
export interface Written<T> {
  readonly value: T
  readonly durable: Promise<void>
}

interface Write {
  readonly sync: Sync
  readonly work: () => unknown
  readonly resolve: (written: Written<unknown>) => void
  readonly reject: (error: unknown) => void
}

export interface GroupCommit {
  /** Resolves when the result and everything before it is on disk. */
  write<T>(work: () => T, sync?: Sync): Promise<T>
  /** Resolves when the result is written. It must not be acknowledged before it is durable. */
  writeAhead<T>(work: () => T): Promise<Written<T>>
  /** Runs a task while nothing is written: what comes meanwhile is written after it. One task runs at a time. */
  hold(task: () => Promise<void>): Promise<void>
  /** Writes what is queued and waits for the disk. Every later write is rejected. */
  end(): Promise<void>
}

interface Disk {
  /** Resolves when everything that was written before the call is on disk. */
  request(): Promise<void>
  /** Resolves when everything is on disk for which a sync was requested. */
  readonly pending: Promise<void>
}

interface GroupCommitOptions {
  /** null if every transaction is on disk when it ends. */
  readonly disk?: Disk | null
  /** It is called before each commit. If it throws, nothing of the group is written. */
  readonly check?: () => void
  /** It is called after each commit. */
  readonly onWritten?: () => void
}

export function createGroupCommit(
  driver: Driver,
  { disk = null, check = () => {}, onWritten = () => {} }: GroupCommitOptions = {},
): GroupCommit {
  const queue: Write[] = []
  let ended = false
  let held: Promise<void> | null = null

  const flush = () => {
    if (held !== null) return
    const group = queue.splice(0, MAX_WRITES_PER_GROUP)
    if (group.length === 0) return
    if (queue.length > 0) setImmediate(flush)
    const settlers = writeGroup(driver, group, check)
    const durable = durabilityOf(group, disk)
    // A caller that needs no durability does not look at it.
    durable.catch(() => {})
    for (const settle of settlers) settle(durable)
    onWritten()
  }

  const hold = (task: () => Promise<void>): Promise<void> => {
    held = task().finally(() => {
      held = null
      if (queue.length > 0) setImmediate(flush)
    })
    return held
  }

  const enqueue = <T>(work: () => T, sync: Sync) =>
    new Promise<Written<T>>((resolve, reject) => {
      if (ended) return reject(new Bug('the store is closed'))
      if (queue.length === 0) setImmediate(flush)
      queue.push({ work, sync, resolve: resolve as Write['resolve'], reject })
    })

  return {
    write: async <T>(work: () => T, sync: Sync = 'synced') => {
      const { value, durable } = await enqueue(work, sync)
      await durable
      return value
    },
    writeAhead: (work) => enqueue(work, 'synced'),
    hold,
    end: async () => {
      ended = true
      await held
      while (queue.length > 0) flush()
      await disk?.pending.catch(() => {})
    },
  }
}

function durabilityOf(group: readonly Write[], disk: Disk | null): Promise<void> {
  if (disk === null) return Promise.resolve()
  return group.some(({ sync }) => sync === 'synced') ? disk.request() : disk.pending
}

type Settler = (durable: Promise<void>) => void

/** Returns functions that settle the promises: none may be settled before the whole group is committed. */
function writeGroup(driver: Driver, group: readonly Write[], check: () => void): Settler[] {
  try {
    return driver.transaction(() => {
      const settlers =
        group.length === 1 ? group.map(writeSingle) : group.map((write) => writeOne(driver, write))
      check()
      return settlers
    })
  } catch (error) {
    return group.map((write) => () => write.reject(error))
  }
}

/** A single write needs no inner transaction: its failure is the failure of the group. */
function writeSingle({ work, resolve }: Write): Settler {
  const value = work()
  return (durable) => resolve({ value, durable })
}

function writeOne(driver: Driver, write: Write): Settler {
  try {
    const value = driver.transaction(write.work)
    return (durable) => write.resolve({ value, durable })
  } catch (error) {
    // If the engine ended the transaction, the rest of the group must not be written one by one.
    if (!driver.inTransaction()) throw error
    return () => write.reject(error)
  }
}
