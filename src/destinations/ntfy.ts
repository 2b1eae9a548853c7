/** ntfy: a push notification through a topic. */
import { textAt } from '../core/json-path.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { env } from './_options.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { apiUrl, secretText } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { referencedId, referenceTo } from './parts/updates/create-referenced.ts'
import { MESSAGE_EVENTS, titleWithStatus, unknownMessage, updateText } from './parts/updates/update-text.ts'

interface NtfyOptions {
  readonly topic: string
  readonly token?: string
  readonly url?: string
  readonly tags?: readonly string[]
}

/**
 * A message of more than 4,096 bytes becomes an attachment, and a body of more than 8,192 is refused. In JSON a line
 * break takes two bytes, so the message is shorter.
 */
const MESSAGE_LIMIT_BYTES = 3_300
const TITLE_LIMIT_BYTES = 200
const TAG_LIMIT_BYTES = 40
const LINK_LIMIT_BYTES = 500
const MAX_TAGS = 5
const API = 'https://ntfy.sh'

const PRIORITIES: Record<Severity, number> = { INFO: 2, LOW: 3, MEDIUM: 3, HIGH: 4, CRITICAL: 5 }

export default defineDestination<NtfyOptions>({
  type: 'ntfy',
  summary: 'a push notification through ntfy',
  rate: {
    documented:
      'ntfy accepts 60 requests at once and then one every 5 seconds, unless its administrator has set another rate.',
    limit: { perMinute: 12, burst: 60 },
  },
  options: {
    type: 'object',
    required: ['topic'],
    properties: {
      topic: {
        type: 'string',
        pattern: '^[-_A-Za-z0-9]{1,64}$',
        secret: true,
        examples: [env('NTFY_TOPIC')],
        description:
          'The topic. On a server without access control, anyone who knows it can read the alerts.',
      },
      token: secretText('NTFY_TOKEN', 'Access token of a user who may write to the topic.'),
      url: apiUrl(API, 'URL of the server, without the topic.', ['https://ntfy.example.com']),
      tags: {
        type: 'array',
        maxItems: MAX_TAGS,
        items: { type: 'string', minLength: 1, maxLength: 32 },
        examples: [['rotating_light']],
        description: 'Tags; one that is the short code of an emoji is shown as the emoji.',
      },
    },
    additionalProperties: false,
  },
  *exchange(message, options) {
    const { receipt, body } = yield publish(message, '', {}, options)
    const id = textAt(body, 'id')
    return id ? { ...receipt, remoteReference: referenceTo(id, placeOf(options)) } : receipt
  },
  updates: {
    events: MESSAGE_EVENTS,
    *exchange(update, options) {
      const id = referencedId(update.remoteReference, placeOf(options))
      if (!id) throw unknownMessage()
      const shown = { ...update, title: titleWithStatus(update) }
      return (yield publish(shown, updateText(update), { sequence_id: id }, options)).receipt
    },
  },
  answers: {
    provider: 'ntfy',
    success: [
      { status: [200], json: { event: 'message' }, field: 'id', receipt: (id) => `published as ${id}` },
    ],
    error,
    // https://github.com/binwiederhier/ntfy/blob/main/server/errors.go
    rules: [
      {
        codes: ['42901', '42905', '42908', '42909'],
        effect: 'retry',
        meaning: 'too many requests, or the quota of the day',
      },
      { codes: ['500*'], effect: 'retry' },
      { codes: ['40011', '40017', '40024', '41301', '41303'], effect: 'dead' },
      { codes: ['40009', '40010', '42904'], effect: 'pause', meaning: 'the topic' },
      {
        codes: ['40101', '40301'],
        effect: 'pause',
        meaning: 'the token, or its right to write to the topic',
      },
      { codes: ['40401'], effect: 'pause', meaning: 'the URL of the server' },
    ],
    unlisted: 'pause',
  },
})

/** A topic of another server has other messages under the same ids. */
function placeOf({ url = API, topic }: NtfyOptions) {
  return { field: 'message', at: joinUrl(url, topic) }
}

function publish(
  message: Message,
  latest: string,
  sequence: { readonly sequence_id?: string },
  { topic, token, url = API, tags = [] }: NtfyOptions,
): Outgoing {
  const truncation = new Truncation()
  const { severity, link } = message.notification
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const text = [latest, plainText(message)].filter(Boolean).join('\n\n')
  const body = {
    topic,
    ...sequence,
    title: truncation.bytes('title', title, TITLE_LIMIT_BYTES),
    message: truncation.bytes('message', text, MESSAGE_LIMIT_BYTES),
    priority: PRIORITIES[severity],
    tags: truncation.distinct(
      'tags',
      [...tags, ...message.notification.tags].map((tag) => truncation.bytes('tag', tag, TAG_LIMIT_BYTES)),
      MAX_TAGS,
    ),
    ...(link && Buffer.byteLength(link) <= LINK_LIMIT_BYTES && { click: link }),
  }
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  return postJson(joinUrl(url, ''), body, { headers, notes: truncation.notes })
}

function error({ status, body }: HttpResponse): ProviderError | undefined {
  const [code, reason] = [textAt(body, 'code'), textAt(body, 'error')]
  if (status < 400 || !reason) return undefined
  return { codes: code ? [code] : [], text: `${reason}${code && ` (${code})`}` }
}
