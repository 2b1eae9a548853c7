/** Updates in Slack: answers in the thread of a message, and edits the message if its status changed. */
import { textAt } from '../../../core/json-path.ts'
import { isError, messageOf } from '../../../errors.ts'
import type { Answer, Outgoing, Receipt, Update } from '../../_destination.ts'
import { createOnce } from '../create-once.ts'
import { joinUrl, postJson } from '../json-request.ts'
import { slackButtons } from '../slack-buttons.ts'
import { Truncation } from '../truncate.ts'
import { titleWithStatus, unknownMessage, updateText } from './update-text.ts'

/** Where a message is. */
export interface PostedMessage {
  readonly channel: string
  readonly ts: string
}

/** The options of a destination with a bot, and what builds its messages. */
interface SlackChannel {
  readonly botToken?: string
  readonly channel?: string
  readonly threadTs?: string
  readonly apiUrl?: string
  readonly escaped: (text: string) => string
  readonly metadata: (update: Update) => object
  readonly attachment: (shown: Update, withContext: boolean, truncation: Truncation) => object
}

const TEXT_LIMIT = 3_900
const BODY_LIMIT_BYTES = 35_000
const API = 'https://slack.com/api'
/** If the options take the channel from the environment or a file, it is redacted in the answer and so in the reference. */
const CHANNEL_ID = /^[A-Z0-9]+$/

/** Answers in the thread of the message. If its status or severity changed, the message is edited, too. */
export function* reportSlackUpdate(
  update: Update,
  options: SlackChannel,
): Generator<Outgoing, Receipt, Answer> {
  const reference = update.remoteReference ?? ''
  const [known, ts] = [textAt(reference, 'channel'), textAt(reference, 'ts')]
  // The delivery was made by an earlier version, or by another type.
  if (!known || !ts) throw unknownMessage()
  const place: PostedMessage = { channel: CHANNEL_ID.test(known) ? known : (options.channel ?? known), ts }
  const receipt = yield* createOnce(update, {
    lookUp: () => thread(update, place, options),
    listing: 'messages',
    found: ({ body }) => (body.includes(update.idempotencyKey) ? 'the answer' : ''),
    create: () => answerInThread(update, place, options),
  })
  const isEdited = update.events.some((event) => event !== 'repeated' && event !== 'commented')
  if (!isEdited || update.payload !== null) return receipt
  try {
    yield edit(update, place, options)
    return { ...receipt, message: `${receipt.message}, edited ${place.ts}` }
  } catch (error) {
    // Slack refuses to edit a message that was removed, or is too old. The answer in the thread is there.
    if (!isError(error, 'permanent')) throw error
    return { ...receipt, message: `${receipt.message}; the message is not edited: ${messageOf(error)}` }
  }
}

/** Slack lists a thread from its beginning, so that a long one would not reach to the answer. */
function thread({ attemptedSince }: Update, { channel, ts }: PostedMessage, options: SlackChannel): Outgoing {
  const query = new URLSearchParams({
    channel,
    ts: options.threadTs ?? ts,
    oldest: String(attemptedSince / 1_000),
    limit: '100',
    include_all_metadata: 'true',
  })
  const url = joinUrl(options.apiUrl ?? API, `conversations.replies?${query.toString()}`)
  return { method: 'GET', url, headers: { authorization: `Bearer ${options.botToken}` }, body: '' }
}

function answerInThread(update: Update, { channel, ts }: PostedMessage, options: SlackChannel): Outgoing {
  const truncation = new Truncation()
  const text = truncation.text('text', options.escaped(updateText(update)), TEXT_LIMIT)
  const body = { channel, thread_ts: options.threadTs ?? ts, text, metadata: options.metadata(update) }
  return callApi('chat.postMessage', body, truncation, options)
}

function edit(update: Update, { channel, ts }: PostedMessage, options: SlackChannel): Outgoing {
  const truncation = new Truncation()
  const shown = { ...update, title: titleWithStatus(update) }
  const attachmentsOf = (withContext: boolean) => [
    options.attachment(shown, withContext, truncation),
    ...slackButtons(update, update.status),
  ]
  const bodyWith = (withContext: boolean) =>
    JSON.stringify({ channel, ts, attachments: attachmentsOf(withContext) })
  const body = truncation.fullest(BODY_LIMIT_BYTES, () => bodyWith(true), {
    without: 'the context',
    build: () => bodyWith(false),
  })
  return callApi('chat.update', body, truncation, options)
}

function callApi(
  method: string,
  body: object | string,
  { notes }: Truncation,
  { apiUrl = API, botToken = '' }: SlackChannel,
): Outgoing {
  const headers = { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${botToken}` }
  return postJson(joinUrl(apiUrl, method), body, { headers, notes })
}
