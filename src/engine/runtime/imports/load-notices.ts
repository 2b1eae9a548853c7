/**
 * WORKER THREAD. Counts the reads of what differs between two starts: the wall clock and random numbers. The driver compares
 * the count before and after it loads a body; see start_dependence.py.
 */
import { CELL } from './deadline.ts'
import type { Memory } from './host-import.ts'

export class LoadNotices {
  #memory: Memory | undefined
  #address = 0

  /** @param cells is the address of the driver's cells. */
  watch(memory: Memory, cells: number): void {
    this.#memory = memory
    this.#address = cells + CELL.startReads * Int32Array.BYTES_PER_ELEMENT
  }

  startRead(): void {
    if (this.#memory === undefined) return
    const view = new DataView(this.#memory.buffer)
    view.setInt32(this.#address, view.getInt32(this.#address, true) + 1, true)
  }
}
