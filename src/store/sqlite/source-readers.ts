/** The daemons that read each source. Only one daemon has a file of SQLite open, so they need no rows. */
import type { SourceReader } from '../store.ts'

export class SourceReaders {
  /** The ends of the registrations by the id of the daemon, for each source. */
  readonly #ends = new Map<string, Map<string, number>>()

  /** Returns how many daemons are registered for the source. */
  register({ source, reader, ttlMs }: SourceReader, now: number): number {
    const ends = this.#ends.get(source) ?? new Map<string, number>()
    this.#ends.set(source, ends)
    ends.set(reader, now + ttlMs)
    for (const [each, until] of ends) if (until <= now) ends.delete(each)
    return ends.size
  }
}
