/** Faults of a destination's set-up, in the words of its provider: each pauses the destination instead of killing an alert. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadDestination } from '../support/delivery.ts'
import { type Answer, type Receiver, startReceiver } from '../support/receiver.ts'
import { sendSample } from '../support/stage.ts'

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const answer = (status: number, body: object | string): Answer => {
  return { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
}
const telegram = (description: string) => answer(400, { ok: false, error_code: 400, description })
const jira = (errors: object) => answer(400, { errorMessages: [], errors })

const OPTIONS: Record<string, (url: string) => object> = {
  slack: (apiUrl) => ({ botToken: 'xoxb-1-abcdef', channel: 'C1', apiUrl }),
  jira: (url) => ({ url, user: 'a@example.com', apiToken: 'token-of-jira', projectKey: 'SOC' }),
  msteams: (webhookUrl) => ({ webhookUrl }),
  discord: (webhookUrl) => ({ webhookUrl }),
  telegram: (apiUrl) => ({ botToken: '123:token', chatId: '-100', apiUrl }),
  asana: (apiUrl) => ({ personalAccessToken: 'token-of-asana', projectGids: ['12'], apiUrl }),
  servicenow: (url) => ({ url, token: 'token-of-now' }),
  github: (apiUrl) => ({ repository: 'o/r', token: 'token-of-hub', apiUrl }),
  splunk: (url) => ({ url, token: 'token-of-splunk' }),
}
const moved = { status: 301, headers: { location: 'https://api.github.com/repositories/7/issues' } }
const assignees = {
  message: 'Validation Failed',
  errors: [{ resource: 'Issue', field: 'assignees', code: 'invalid' }],
}

it.each<[string, Answer]>([
  ['slack', answer(200, { ok: false, error: 'access_denied' })],
  ['slack', answer(200, { ok: false, error: 'an_error_of_next_year' })],
  ['jira', jira({ customfield_10010: 'Team is required.' })],
  [
    'jira',
    jira({ labels: "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown." }),
  ],
  ['jira', jira({ assignee: "User 'x' cannot be assigned issues." })],
  ['jira', jira({ summary: 'is too long', customfield_10010: 'Team is required.' })],
  ['msteams', answer(400, { error: { code: 'WorkflowTriggerIsNotEnabled', message: 'not enabled' } })],
  [
    'discord',
    answer(400, { code: 220_001, message: 'Webhooks posted to forum channels must have a thread' }),
  ],
  ['telegram', telegram('Bad Request: TOPIC_CLOSED')],
  ['telegram', telegram('Bad Request: not enough rights to send text messages to the chat')],
  ['asana', answer(400, { errors: [{ message: 'project: Not a recognized ID: 12' }] })],
  ['asana', answer(402, { errors: [{ message: 'Payment Required' }] })],
  ['servicenow', answer(402, {})],
  ['github', moved],
  ['github', answer(422, assignees)],
  ['splunk', answer(400, { text: 'Query string authorization is not enabled', code: 16 })],
  ['splunk', answer(407, 'proxy authentication required')],
])('[DEL-11.3] %s pauses for %j', async (name, given) => {
  receiver.script(given)
  const outcome = await sendSample(await loadDestination(name), OPTIONS[name]!(receiver.url))
  expect(outcome).toMatchObject({ result: 'refused', scope: 'destination' })
  await receiver.until(1)
})

it.each<[string, Answer]>([
  ['slack', answer(200, { ok: false, error: 'attachment_payload_limit_exceeded' })],
  ['jira', jira({ summary: 'is too long' })],
])('[DEL-11.3] %s refuses this alert alone for %j', async (name, given) => {
  receiver.script(given)
  const outcome = await sendSample(await loadDestination(name), OPTIONS[name]!(receiver.url))
  expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  await receiver.until(1)
})
