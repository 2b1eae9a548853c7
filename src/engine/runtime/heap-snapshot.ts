/**
 * WORKER THREAD. Takes and restores snapshots of an interpreter's memory: the pages that differ from zeros, or from another
 * snapshot.
 *
 * The format is one array of 32-bit words and pages, little-endian: the number of runs, then the first page and the length
 * of each run, then the pages of all runs. It has no version; the name of the cache entry contains one (snapshot-store.ts).
 *
 * A memory is restorable only in an interpreter with the same code and the same function table, because the memory holds
 * function pointers that are indexes into that table. It must also have the size of the one that was saved, which
 * wasm-module.ts guarantees. Restoring writes only the pages of the snapshot: the memory below must be
 * exactly what the snapshot was taken over, or it becomes a mixture of two states; see
 * docs/decisions/0005-snapshots-under-a-lock.md. State outside of the memory is restored by outside-state.ts.
 */

const PAGE_BYTES = 4096
const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT
/** Most of a memory is zeros, which are compared many pages at a time. */
const BLOCK_PAGES = 256
const ZEROS = Buffer.alloc(BLOCK_PAGES * PAGE_BYTES)
const ZERO_PAGE = ZEROS.subarray(0, PAGE_BYTES)

interface Run {
  /** The first page. */
  readonly start: number
  readonly length: number
  /** The offset of its pages in the snapshot. */
  readonly at: number
}

/** @param base the snapshot that the memory was before; without it, zeros. */
export function takeSnapshot(memory: ArrayBuffer, base?: Uint8Array): Uint8Array {
  const bytes = Buffer.from(memory)
  const starts: number[] = []
  const lengths: number[] = []
  for (const page of differingPages(bytes, new PageReader(base))) {
    if (starts.length > 0 && starts.at(-1)! + lengths.at(-1)! === page) lengths[lengths.length - 1]!++
    else {
      starts.push(page)
      lengths.push(1)
    }
  }
  return pack(bytes, starts, lengths)
}

/** The memory must be in the state over which the snapshot was taken. */
export function restoreSnapshot(memory: ArrayBuffer, snapshot: Uint8Array): void {
  const whole = new Uint8Array(memory)
  for (const { start, length, at } of runsOf(snapshot)) {
    whole.set(snapshot.subarray(at, at + length * PAGE_BYTES), start * PAGE_BYTES)
  }
}

/** Restores the memory to exactly the snapshot, whatever was written to it meanwhile. */
export function resetTo(memory: ArrayBuffer, snapshot: Uint8Array): void {
  const bytes = Buffer.from(memory)
  const targetPages = new PageReader(snapshot)
  for (const page of differingPages(bytes, targetPages)) targetPages.copyTo(page, bytes)
}

/** Returns the pages of the memory that are not as in the snapshot, in ascending order. */
function* differingPages(memory: Buffer, snapshot: PageReader): Generator<number> {
  const pages = memory.length / PAGE_BYTES
  for (let block = 0; block < pages; block += BLOCK_PAGES) {
    const end = Math.min(block + BLOCK_PAGES, pages)
    if (snapshot.hasNone(block, end) && isZero(memory, block, end)) continue
    for (let page = block; page < end; page++) if (snapshot.differs(page, memory)) yield page
  }
}

function isZero(memory: Buffer, start: number, end: number): boolean {
  const length = (end - start) * PAGE_BYTES
  return memory.compare(ZEROS, 0, length, start * PAGE_BYTES, end * PAGE_BYTES) === 0
}

/** The buffer is shared, so that every worker can start from the same bytes. */
function pack(memory: Buffer, starts: readonly number[], lengths: readonly number[]): Uint8Array {
  const head = Uint32Array.from([starts.length, ...starts.flatMap((start, i) => [start, lengths[i]!])])
  const pages = lengths.reduce((sum, length) => sum + length, 0)
  const snapshot = new Uint8Array(new SharedArrayBuffer(head.byteLength + pages * PAGE_BYTES))
  snapshot.set(new Uint8Array(head.buffer))
  let at = head.byteLength
  starts.forEach((start, i) => {
    const run = memory.subarray(start * PAGE_BYTES, (start + lengths[i]!) * PAGE_BYTES)
    snapshot.set(run, at)
    at += run.length
  })
  return snapshot
}

function runsOf(snapshot: Uint8Array): Run[] {
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength)
  const word = (index: number) => view.getUint32(index * WORD_BYTES, true)
  const runs: Run[] = []
  let at = (1 + 2 * word(0)) * WORD_BYTES
  for (let i = 0; i < word(0); i++) {
    const run = { start: word(1 + 2 * i), length: word(2 + 2 * i), at }
    runs.push(run)
    at += run.length * PAGE_BYTES
  }
  return runs
}

/** Reads the pages of a snapshot in ascending order. */
class PageReader {
  readonly #bytes: Buffer
  readonly #runs: readonly Run[]
  #run = 0

  constructor(snapshot: Uint8Array = new Uint8Array(WORD_BYTES)) {
    this.#bytes = Buffer.from(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength)
    this.#runs = runsOf(snapshot)
  }

  /** True if the snapshot has none of these pages. Must be called with ascending pages. */
  hasNone(start: number, end: number): boolean {
    while (this.#runs[this.#run] && this.#endOf(this.#runs[this.#run]!) <= start) this.#run++
    return (this.#runs[this.#run]?.start ?? end) >= end
  }

  /** Must be called with ascending pages. */
  differs(page: number, memory: Buffer): boolean {
    const from = page * PAGE_BYTES
    const at = this.#offsetOf(page)
    return at === null
      ? memory.compare(ZEROS, 0, PAGE_BYTES, from, from + PAGE_BYTES) !== 0
      : memory.compare(this.#bytes, at, at + PAGE_BYTES, from, from + PAGE_BYTES) !== 0
  }

  /** Must be called with the page of the last `differs`. */
  copyTo(page: number, memory: Buffer): void {
    const at = this.#offsetOf(page)
    memory.set(at === null ? ZERO_PAGE : this.#bytes.subarray(at, at + PAGE_BYTES), page * PAGE_BYTES)
  }

  #endOf({ start, length }: Run): number {
    return start + length
  }

  #offsetOf(page: number): number | null {
    const run = this.#runs[this.#run]
    if (run === undefined || page < run.start) return null
    if (page >= this.#endOf(run)) {
      this.#run++
      return this.#offsetOf(page)
    }
    return run.at + (page - run.start) * PAGE_BYTES
  }
}
