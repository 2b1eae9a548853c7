/** Tines: sends the notification as an event to a webhook action. */
import { defineDestination, type Message, type Outgoing } from './_destination.ts'
import { postJson } from './parts/json-request.ts'
import { secretText, secretUrl } from './parts/option-forms.ts'
import { EXPECT_SCHEMA, type Expectation, expectedSuccess } from './parts/options/expect.ts'
import { notificationUpdates } from './parts/updates/notification-update.ts'

interface TinesOptions {
  readonly webhookUrl: string
  readonly accessToken?: string
  readonly expect?: Expectation
}

export default defineDestination<TinesOptions>({
  type: 'tines',
  summary: 'an event for a webhook action in Tines',
  rate: { documented: 'Tines limits the events of a webhook by plan, and answers 429.' },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['webhookUrl'],
    properties: {
      webhookUrl: secretUrl('TINES_WEBHOOK', 'URL of the webhook action, with its path and secret.'),
      accessToken: secretText('TINES_TOKEN', 'Bearer token, where the webhook asks for one.'),
      expect: EXPECT_SCHEMA,
    },
    additionalProperties: false,
  },
  request,
  updates: notificationUpdates(request),
  answers: { provider: 'Tines', success: expectedSuccess, rules: [] },
})

function request(message: Message, { webhookUrl, accessToken }: TinesOptions): Outgoing {
  const headers: Record<string, string> = accessToken ? { authorization: `Bearer ${accessToken}` } : {}
  return postJson(webhookUrl, message.payload ?? message.json, { headers })
}
