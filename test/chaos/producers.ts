/** Two producers with a ledger outside the product: what was acknowledged (http) or written (file) must arrive. */
import { appendFileSync, existsSync, renameSync } from 'node:fs'
import { logType } from './project.ts'

export interface Ledger {
  /** The ids of events that the daemon acknowledged, or that are in the followed file. */
  readonly acknowledged: Set<string>
}

let events = 0
const line = (id: string) => `${JSON.stringify({ p_log_type: logType(events++), id })}\n`

/** Posts batches until stopped; a batch that was not answered is posted again under the same key. */
export class HttpProducer {
  readonly #ledger: Ledger
  readonly #random: () => number
  #batch = 0
  #open: { key: string; ids: string[]; body: string } | null = null

  constructor(ledger: Ledger, random: () => number) {
    this.#ledger = ledger
    this.#random = random
  }

  async run(url: string, going: () => boolean): Promise<void> {
    while (going()) {
      this.#open ??= this.#next()
      const { key, ids, body } = this.#open
      if (await post(url, key, body)) {
        for (const id of ids) this.#ledger.acknowledged.add(id)
        this.#open = null
      } else await pause(10)
    }
  }

  #next() {
    const batch = this.#batch++
    const ids = Array.from({ length: 1 + Math.floor(this.#random() * 12) }, (_, i) => `http-${batch}-${i}`)
    return { key: `batch-${batch}`, ids, body: ids.map(line).join('') }
  }
}

async function post(url: string, key: string, body: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/events`, {
      method: 'POST',
      body,
      headers: { 'Idempotency-Key': key },
    })
    await response.arrayBuffer()
    return response.status === 202
  } catch {
    return false
  }
}

const USUAL_MAX_PAUSE_MS = 8
/** Real rotations are further apart than the steps in which file systems count time. */
const BETWEEN_ROTATIONS_MS = 100

/** Appends lines, now and then half a line first, and rotates the file by renaming it. */
export class FileProducer {
  readonly #ledger: Ledger
  readonly #file: string
  readonly #random: () => number
  #next = 0
  #rotations = 0
  #rotatedAt = 0

  constructor(ledger: Ledger, file: string, random: () => number) {
    this.#ledger = ledger
    this.#file = file
    this.#random = random
  }

  /** @param maxPauseMs the longest pause between two lines. */
  async run(going: () => boolean, maxPauseMs = USUAL_MAX_PAUSE_MS): Promise<void> {
    while (going()) {
      const id = `file-${this.#next++}`
      const text = line(id)
      const cut = this.#random() < 0.2 ? Math.floor(this.#random() * text.length) : 0
      appendFileSync(this.#file, text.slice(0, cut))
      if (cut > 0) await pause(5)
      appendFileSync(this.#file, text.slice(cut))
      this.#ledger.acknowledged.add(id)
      await pause(this.#random() * maxPauseMs)
      if (this.#random() < 0.01 && performance.now() - this.#rotatedAt > BETWEEN_ROTATIONS_MS) this.rotate()
    }
  }

  /** Rotates between two lines. The new file is created immediately, or by its first line. */
  rotate(): void {
    if (!existsSync(this.#file)) return
    renameSync(this.#file, `${this.#file}.${++this.#rotations}`)
    if (this.#random() < 0.5) appendFileSync(this.#file, '')
    this.#rotatedAt = performance.now()
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
