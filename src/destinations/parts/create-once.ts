/** Creates a record once, for providers without idempotency keys: a repeated attempt first looks for the record. */
import { parseJsonObject } from '../../core/json-path.ts'
import { isError, messageOf } from '../../errors.ts'
import type { Answer, Message, Outgoing, Receipt, Success } from '../_destination.ts'

/** A look-up reads at most so many pages, so that a long list cannot take all requests that the provider accepts. */
const MAX_PAGES = 10
const TOO_LONG = 'the list of records is too long'

interface CreateOnce {
  /** Builds the request that looks for the record of an earlier attempt; `listing` is the path of the list in its answer. */
  readonly lookUp: () => Outgoing
  readonly listing: string
  /** Builds the request for the page after this one; undefined: there is none. Absent: the list has one page. */
  readonly nextPage?: (answer: Answer) => Outgoing | undefined
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
  { create, created = () => {}, ...search }: CreateOnce,
): Generator<Outgoing, Receipt, Answer> {
  let doubt = ''
  if (message.repeated) {
    try {
      const earlier = yield* findEarlier(search)
      if (typeof earlier !== 'string') return earlier
      doubt = earlier
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

/** Returns the receipt of the record; a text: there is none, or why it is not certain. */
function* findEarlier({
  lookUp,
  listing,
  found,
  nextPage = () => undefined,
}: Omit<CreateOnce, 'create' | 'created'>): Generator<Outgoing, Receipt | string, Answer> {
  let request: Outgoing | undefined = lookUp()
  for (let page = 0; request !== undefined; page++) {
    if (page === MAX_PAGES) return TOO_LONG
    const answer: Answer = yield { ...request, success: listingSuccess(listing) }
    const record = found(answer)
    if (record)
      return { status: answer.status, message: `${answer.status}: an earlier attempt created ${record}` }
    if (parseJsonObject(answer.body) === undefined) return TOO_LONG
    request = nextPage(answer)
  }
  return ''
}

/** A list that is cut off can contain the record, so its beginning is enough. */
function listingSuccess(listing: string): readonly Success[] {
  return [{ status: [200], list: listing }]
}
