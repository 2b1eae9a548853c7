/** Creates a record once, for providers without idempotency keys: a repeated attempt first looks for the record. */
import { parseJsonObject } from '../../core/json-path.ts'
import { isError, messageOf } from '../../errors.ts'
import type { Answer, Message, Outgoing, Receipt, Success } from '../_destination.ts'

interface CreateOnce {
  /** Builds the request that looks for the record of an earlier attempt; `listing` is the path of the list in its answer. */
  readonly lookUp: () => Outgoing
  readonly listing: string
  /** Names the record that the answer contains; empty: there is none. */
  readonly found: (answer: Answer) => string
  readonly create: () => Outgoing
  /** Gets the answer to `create`. */
  readonly created?: (answer: Answer) => void
}

/**
 * The steps of `exchange` for a provider without idempotency keys. A repeated attempt first looks for the record of an
 * earlier one, and creates it only if there is none.
 * @example
 * exchange: (message, { url }) => createOnce(message, {
 *   lookUp: () => ({ method: 'GET', url: joinUrl(url, `tickets?key=${message.idempotencyKey}`), headers: {}, body: '' }),
 *   listing: 'tickets',
 *   found: ({ body }) => textAt(body, 'tickets.0.id'),
 *   create: () => postJson(joinUrl(url, 'tickets'), { title: message.title, key: message.idempotencyKey }),
 * })
 *
 * A look-up that fails for good does not prevent the delivery: a duplicate is better than a missing alert. One
 * that fails for a while ends the attempt, because the next one can find out.
 */
export function* createOnce(
  message: Message,
  { lookUp, listing, found, create, created = () => {} }: CreateOnce,
): Generator<Outgoing, Receipt, Answer> {
  let doubt = ''
  if (message.repeated) {
    try {
      const answer = yield { ...lookUp(), success: listingSuccess(listing) }
      const record = found(answer)
      if (record)
        return { status: answer.status, message: `${answer.status}: an earlier attempt created ${record}` }
      if (parseJsonObject(answer.body) === undefined) doubt = 'the list of records is too long'
    } catch (error) {
      if (!isError(error, 'permanent')) throw error
      doubt = messageOf(error)
    }
  }
  const answer = yield create()
  const { receipt } = answer
  created(answer)
  if (!doubt) return receipt
  return {
    ...receipt,
    message: `${receipt.message}; could not look for an earlier attempt, it may be there twice: ${doubt}`,
  }
}

/** A list that is cut off can contain the record, so its beginning is enough. */
function listingSuccess(listing: string): readonly Success[] {
  return [{ status: [200], list: listing }]
}
