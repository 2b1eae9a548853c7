/** Creates a record once, and returns its id as the reference by which updates find it. */
import type { Answer, Message, Outgoing, Receipt } from '../../_destination.ts'
import { createOnce } from '../create-once.ts'

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

/** @param field the field of the reference that holds the id. */
export function* createReferenced(
  message: Message,
  field: string,
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
  return { ...receipt, remoteReference: JSON.stringify({ [field]: id }) }
}
