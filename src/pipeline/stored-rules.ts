/** The rules of handling that are kept in the store. They are read again only if their version has changed. */
import { type HandlingState, NO_HANDLING_STATE } from '../handling/stage.ts'
import type { Store } from '../store/store.ts'

/** What ended longer ago is about no event that is still to be decided. */
const MAX_EVENT_AGE_MS = 7 * 86_400_000
const MAX_SILENCES_READ = 10_000

export class StoredRules {
  readonly #store: Pick<Store, 'silences' | 'now'>
  #version = 0
  #state: Pick<HandlingState, 'silences'> = NO_HANDLING_STATE

  constructor(store: Pick<Store, 'silences' | 'now'>) {
    this.#store = store
  }

  /**
   * Returns the rules of this version or of a later one. If it is later, the commit of what is decided by them is a
   * conflict, because it compares the version.
   */
  async at(version: number): Promise<Pick<HandlingState, 'silences'>> {
    if (version === this.#version) return this.#state
    const endsAfter = this.#store.now() - MAX_EVENT_AGE_MS
    const stored = await this.#store.silences({ endsAfter, limit: MAX_SILENCES_READ })
    this.#state = { silences: stored.map(({ silence }) => silence) }
    this.#version = version
    return this.#state
  }
}
