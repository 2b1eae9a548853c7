/** Torq: starts workflows through a webhook integration; the event is the notification. */
import { defineDestination, type Message, type Outgoing } from './_destination.ts'
import { postJson } from './parts/json-request.ts'
import { secretText, secretUrl, text } from './parts/option-forms.ts'
import { EXPECT_SCHEMA, type Expectation, expectedSuccess } from './parts/options/expect.ts'
import { notificationUpdates } from './parts/updates/notification-update.ts'

interface TorqOptions {
  readonly webhookUrl: string
  readonly authHeader?: string
  readonly authSecret?: string
  readonly expect?: Expectation
}

export default defineDestination<TorqOptions>({
  type: 'torq',
  summary: 'an event for Torq workflows',
  rate: { documented: 'Torq limits the events of an integration by plan, and answers 429.' },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['webhookUrl'],
    dependencies: { authHeader: ['authSecret'], authSecret: ['authHeader'] },
    properties: {
      webhookUrl: secretUrl('TORQ_WEBHOOK', 'URL of the webhook integration.'),
      authHeader: text("Name of the integration's authentication header.", 'X-Torq-Auth', {
        pattern: '^[A-Za-z0-9-]+$',
      }),
      authSecret: secretText('TORQ_SECRET', 'What the authentication header holds.'),
      expect: EXPECT_SCHEMA,
    },
    additionalProperties: false,
  },
  request,
  updates: notificationUpdates(request),
  answers: { provider: 'Torq', success: expectedSuccess, rules: [] },
})

function request(message: Message, { webhookUrl, authHeader, authSecret = '' }: TorqOptions): Outgoing {
  const headers = authHeader ? { [authHeader.toLowerCase()]: authSecret } : {}
  return postJson(webhookUrl, message.payload ?? message.json, { headers })
}
