/** Finds the silences that can concern a detection. The globs of detections are compared once for each detection. Pure. */
import { anyGlobMatches } from '../core/glob.ts'
import type { Silence } from '../model/alerts/silence.ts'

/** A store of events from anywhere can make any number of ids, so the index forgets them all from time to time. */
const MAX_INDEXED_DETECTIONS = 10_000

const indexes = new WeakMap<readonly Silence[], SilenceIndex>()

export class SilenceIndex {
  readonly #silences: readonly Silence[]
  readonly #byDetection = new Map<string, readonly Silence[]>()

  private constructor(silences: readonly Silence[]) {
    this.#silences = silences
  }

  /** Returns the index of a list, which must not change. */
  static of(silences: readonly Silence[]): SilenceIndex {
    const known = indexes.get(silences)
    if (known) return known
    const index = new SilenceIndex(silences)
    indexes.set(silences, index)
    return index
  }

  candidates(detection: string): readonly Silence[] {
    const known = this.#byDetection.get(detection)
    if (known) return known
    const found = this.#silences.filter(
      ({ match }) => match.detections === undefined || anyGlobMatches(match.detections, [detection]),
    )
    if (this.#byDetection.size >= MAX_INDEXED_DETECTIONS) this.#byDetection.clear()
    this.#byDetection.set(detection, found)
    return found
  }
}
