/**
 * An interpreter's memory as the pages that differ from what lies beneath: from nothing but zeros, or from another image.
 * One array of bytes: the number of runs, each run's first page and length, then the pages themselves.
 */

const PAGE_BYTES = 4096
const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT
const ZEROS = Buffer.alloc(PAGE_BYTES)

interface Run {
  /** In pages. */
  readonly start: number
  readonly length: number
  /** Where its pages stand in the image. */
  readonly at: number
}

/** @param beneath what the memory was before; without it, zeros. */
export function takeSnapshot(memory: ArrayBuffer, base?: Uint8Array): Uint8Array {
  const bytes = Buffer.from(memory)
  const starts: number[] = []
  const lengths: number[] = []
  const basePages = new PageReader(base)
  for (let page = 0; page * PAGE_BYTES < bytes.length; page++) {
    if (!basePages.differs(page, bytes)) continue
    if (starts.length > 0 && starts.at(-1)! + lengths.at(-1)! === page) lengths[lengths.length - 1]!++
    else {
      starts.push(page)
      lengths.push(1)
    }
  }
  return pack(bytes, starts, lengths)
}

/** The memory must be what it was when the image's differences were taken. */
export function restoreSnapshot(memory: ArrayBuffer, snapshot: Uint8Array): void {
  const whole = new Uint8Array(memory)
  for (const { start, length, at } of runsOf(snapshot)) {
    whole.set(snapshot.subarray(at, at + length * PAGE_BYTES), start * PAGE_BYTES)
  }
}

/** Whatever has happened in the memory, it is then as it was when the image, and nothing else, had been put there. */
export function resetTo(memory: ArrayBuffer, snapshot: Uint8Array): void {
  const bytes = Buffer.from(memory)
  const targetPages = new PageReader(snapshot)
  for (let page = 0; page * PAGE_BYTES < bytes.length; page++) {
    if (targetPages.differs(page, bytes)) targetPages.copyTo(page, bytes)
  }
}

/** Shared, so that every worker can start from the same bytes. */
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

/** Looks at the pages of an image in their order. */
class PageReader {
  readonly #bytes: Buffer
  readonly #runs: readonly Run[]
  #run = 0

  constructor(snapshot: Uint8Array = new Uint8Array(WORD_BYTES)) {
    this.#bytes = Buffer.from(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength)
    this.#runs = runsOf(snapshot)
  }

  /** Pages are asked for in ascending order. */
  differs(page: number, memory: Buffer): boolean {
    const from = page * PAGE_BYTES
    const at = this.#placeOf(page)
    return at === null
      ? memory.compare(ZEROS, 0, PAGE_BYTES, from, from + PAGE_BYTES) !== 0
      : memory.compare(this.#bytes, at, at + PAGE_BYTES, from, from + PAGE_BYTES) !== 0
  }

  /** The page that was asked for last. */
  copyTo(page: number, memory: Buffer): void {
    const at = this.#placeOf(page)
    memory.set(at === null ? ZEROS : this.#bytes.subarray(at, at + PAGE_BYTES), page * PAGE_BYTES)
  }

  #placeOf(page: number): number | null {
    const run = this.#runs[this.#run]
    if (run === undefined || page < run.start) return null
    if (page >= run.start + run.length) {
      this.#run++
      return this.#placeOf(page)
    }
    return run.at + (page - run.start) * PAGE_BYTES
  }
}
