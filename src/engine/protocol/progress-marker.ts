/**
 * BOTH THREADS. The progress marker: memory that a worker shares with the main thread and that says which call it is running. Both
 * sides read and write it here.
 */

/** The cells of the marker. A new serial starts a new time budget. */
export const MARKER_CELLS = { serial: 0, body: 1, item: 2, function: 3, isExact: 4 } as const
export const MARKER_CELL_COUNT = 5

/** Which call a worker is running. */
export interface ProgressMarker {
  readonly serial: number
  /** -1: no project code is running. */
  readonly body: number
  /** -1: the body is being loaded. */
  readonly item: number
  readonly function: number
  /** False: the body may have gone on to a later item since. */
  readonly isExact: boolean
}

export function readMarker(cells: Int32Array): ProgressMarker {
  return {
    serial: Atomics.load(cells, MARKER_CELLS.serial),
    body: cells[MARKER_CELLS.body]!,
    item: cells[MARKER_CELLS.item]!,
    function: cells[MARKER_CELLS.function]!,
    isExact: cells[MARKER_CELLS.isExact] !== 0,
  }
}

/** The item of a marker while its body is being loaded. */
export const LOADING = -1

/** Loading a body runs all of its imports, so it gets several times what one event gets. */
const LOAD_FACTOR = 10

/** Milliseconds that the work at a marker may take; Infinity where no project code is running. */
export function budgetMs(marker: Pick<ProgressMarker, 'body' | 'item'>, timeMs: number): number {
  if (marker.body < 0) return Number.POSITIVE_INFINITY
  return marker.item < 0 ? timeMs * LOAD_FACTOR : timeMs
}
