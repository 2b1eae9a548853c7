/** Creates a record once, and returns its id and its place as the reference by which updates find it. */

import type { JsonText } from '../../../core/exact-json.ts'
import { textAt } from '../../../core/json-path.ts'
import { hashId } from '../../../model/alerts/alert.ts'
import type { Answer, Message, Outgoing, Receipt } from '../../_destination.ts'
import { createOnce } from '../create-once.ts'

/** Where a record is. */
interface RecordPlace {
  /** The field of the reference that holds the id. */
  readonly field: string
  /** The address of what contains the record, such as a repository: elsewhere its id names another record. */
  readonly at: string
}

interface ReferencedRecord {
  readonly lookUp: () => Outgoing
  readonly listing: string
  readonly nextPage?: (answer: Answer) => Outgoing | undefined
  /** Reads the id of the record from the answer to the look-up; empty: there is none. */
  readonly found: (body: string) => string
  readonly create: () => Outgoing
  /** Reads the id from the answer to `create`. */
  readonly created: (body: string) => string
  /** How the record is called, by its id or the answer to the look-up; absent: by its id. */
  readonly nameOf?: (id: string, body: string) => string
}

export function* createReferenced(
  message: Message,
  place: RecordPlace,
  { found, created, nameOf = (id) => id, ...requests }: ReferencedRecord,
): Generator<Outgoing, Receipt, Answer> {
  let id = ''
  const receipt = yield* createOnce(message, {
    ...requests,
    found: ({ body }) => {
      id = found(body)
      return nameOf(id, body)
    },
    created: ({ body }) => {
      id = created(body)
    },
  })
  return { ...receipt, remoteReference: referenceTo(id, place) }
}

export function referenceTo(id: string, { field, at }: RecordPlace): JsonText {
  return JSON.stringify({ [field]: id, at: placeHash(at) })
}

/** Returns the id in a reference; empty: there is none for this place, because the type or its options were changed. */
export function referencedId(reference: JsonText | null, { field, at }: RecordPlace): string {
  return reference !== null && textAt(reference, 'at') === placeHash(at) ? textAt(reference, field) : ''
}

/** The address can come from a secret reference, and then a reference that contained it would be redacted. */
function placeHash(at: string): string {
  return hashId('place', at)
}
