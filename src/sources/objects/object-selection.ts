/** Decides which of the objects that messages name are read: the sender of a message must not choose any object. */
import { anyGlobMatches } from '../../core/glob.ts'
import type { NamedObject } from './object-notification.ts'

/** Digest files of CloudTrail have no events. */
const DEFAULT_EXCLUDE = ['**/CloudTrail-Digest/**']

interface SelectionOptions {
  /** Globs that are separated by commas. */
  readonly buckets?: string
  readonly include?: string
  readonly exclude?: string
}

export class ObjectSelection {
  readonly #buckets: readonly string[]
  readonly #include: readonly string[]
  readonly #exclude: readonly string[]

  constructor({ buckets, include, exclude }: SelectionOptions) {
    this.#buckets = globsIn(buckets)
    this.#include = globsIn(include)
    this.#exclude = exclude === undefined ? DEFAULT_EXCLUDE : globsIn(exclude)
  }

  /** Returns the reason for which objects of a bucket are not read, or null. */
  refusalOf(bucket: string): string | null {
    if (this.#buckets.length === 0)
      return 'the source has no buckets, so no object is read: add buckets=NAME with the buckets to read, or read=body if the notification is the event'
    if (anyGlobMatches(this.#buckets, [bucket])) return null
    return 'the bucket is not among the buckets of the source: add it to buckets, or find out who sends the message'
  }

  isWanted({ key }: NamedObject): boolean {
    const isIncluded = this.#include.length === 0 || anyGlobMatches(this.#include, [key])
    return isIncluded && !anyGlobMatches(this.#exclude, [key])
  }
}

function globsIn(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((glob) => glob.trim())
    .filter((glob) => glob !== '')
}
