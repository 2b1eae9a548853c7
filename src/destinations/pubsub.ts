/** Google Cloud Pub/Sub: publishes the notification to a topic, with credentials as Google's own library finds them. */
import { defineDestination } from './_destination.ts'
import { authorizeByGoogle, type GoogleOptions } from './parts/credentials/google-identity.ts'
import { GOOGLE_RULES, googleError } from './parts/google-answers.ts'
import { joinUrl, postJson } from './parts/json-request.ts'
import { notificationWithin } from './parts/notification-size.ts'
import { apiUrl, googleCredentials, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface PubSubOptions extends GoogleOptions {
  readonly topic: string
  readonly apiUrl?: string
}

const MESSAGE_LIMIT_BYTES = 7_000_000
const SCOPE = 'https://www.googleapis.com/auth/pubsub'
const API = 'https://pubsub.googleapis.com'

export default defineDestination<PubSubOptions>({
  type: 'pubsub',
  summary: 'a message to a Google Cloud Pub/Sub topic',
  rate: { documented: 'Pub/Sub accepts far more messages than alerts need.' },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['topic'],
    properties: {
      topic: text('The topic.', 'projects/example/topics/alerts', {
        pattern: '^projects/[^/]+/topics/[^/]+$',
      }),
      credentials: googleCredentials('secrets/pubsub.json'),
      apiUrl: apiUrl(API, 'Base URL of the API; regions have their own.', [
        'https://europe-west3-pubsub.googleapis.com',
      ]),
    },
    additionalProperties: false,
  },
  request(message, { topic, apiUrl: base = API }) {
    const truncation = new Truncation()
    const { severity, id, alertId } = message.notification
    const data = notificationWithin(message, truncation, MESSAGE_LIMIT_BYTES)
    const attributes = { severity, detection: id, alertId, idempotencyKey: message.idempotencyKey }
    const body = { messages: [{ data: Buffer.from(data).toString('base64'), attributes }] }
    return postJson(joinUrl(base, `v1/${topic}:publish`), body, { notes: truncation.notes })
  },
  answers: {
    provider: 'Google Cloud Pub/Sub',
    success: [{ status: [200], field: 'messageIds.0', receipt: (id) => `message ${id}` }],
    error: googleError,
    rules: GOOGLE_RULES,
    unlisted: 'pause',
  },
  sign: (request, options, _signal, send) => authorizeByGoogle(request, SCOPE, options, send),
})
