import { afterEach, beforeEach, expect, it } from 'vitest'
import { validationError } from '../../src/config/yaml/schema-check.ts'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import jira from '../../src/destinations/jira.ts'
import { destinationContract } from '../contract/destination.ts'
import { messageOf } from '../support/message.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { previewBody, sendSample } from '../support/stage.ts'
import { anyObject, expectOnWire, listOf, matching, table, text, type Wire } from '../support/wire.ts'

const CREATE: Wire = {
  path: '/rest/api/2/issue',
  headers: { 'content-type': 'application/json', authorization: /^(?:Basic|Bearer) \S+$/ },
  body: table({
    fields: table({
      project: table({ key: matching('^[A-Z][A-Z0-9_]+$') }),
      issuetype: table({ name: text() }),
      summary: { ...matching('^[^\\n\\r]+$'), maxLength: 255 },
      description: text(32_767),
      labels: listOf(matching('^\\S{1,255}$')),
      'assignee?': table({ 'id?': text(), 'name?': text() }),
      'priority?': anyObject,
    }),
  }),
}
const SEARCH: Wire = { method: 'GET', path: /^\/rest\/api\/2\/search(?:\/jql)?\?jql=/ }

const CLOUD = { user: 'soc-bot@example.com', apiToken: 'T0KEN-of-the-bot', projectKey: 'SOC' }

destinationContract('jira', {
  options: (url) => ({
    url,
    ...CLOUD,
    labels: ['soc'],
    assignee: '5b1',
    fields: { priority: { name: 'High' } },
  }),
  accepts: { status: 201, body: '{"id":"10000","key":"SOC-7"}' },
  retriedStatuses: [409],
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ errorMessages: [], errors: { [code]: text } }),
  }),
  lookUp: true,
  secrets: ['T0KEN-of-the-bot'],
  cuts: /^summary cut from \d+ to 255 characters; .*context cut from \d+ to \d+ characters$/,
  wires: [CREATE, SEARCH],
  meanings: [
    [
      '201, created',
      { status: 201, body: '{"key":"SOC-7"}' },
      { result: 'delivered', message: '201: created SOC-7' },
    ],
    [
      'a project that is not there',
      { status: 400, body: '{"errorMessages":[],"errors":{"project":"valid project is required"}}' },
      {
        result: 'refused',
        scope: 'destination',
        message: expect.stringMatching(/^400: project: valid project is required \(/) as unknown as string,
      },
    ],
    [
      'a field it does not take',
      { status: 400, body: '{"errors":{"summary":"too long"}}' },
      { scope: 'delivery' },
    ],
  ],
})

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const send = (options: object, repeated: boolean) =>
  sendSample(jira, { url: `${receiver.url}/`, ...options }, repeated)

it('[DEL-7.4] looks for the issue of an earlier attempt before it creates another', async () => {
  receiver.script({ status: 200, body: '{"issues":[{"key":"SOC-7"}]}' })
  expect(await send(CLOUD, true)).toMatchObject({
    result: 'delivered',
    message: '200: an earlier attempt created SOC-7',
  })
  await receiver.until(1)
  const { path } = receiver.requests[0]!
  const jql = new URL(path, receiver.url).searchParams.get('jql')
  expect(path).toMatch(/^\/rest\/api\/2\/search\/jql\?/)
  expect(jql).toBe(`project = "SOC" AND labels = "signalbox-${'k'.repeat(32)}"`)
})

it('the issue is created with the label of the search', async () => {
  receiver.script({ status: 200, body: '{"issues":[]}' }, { status: 201, body: '{"key":"SOC-8"}' })
  expect(await send(CLOUD, true)).toMatchObject({ result: 'delivered', message: '201: created SOC-8' })
  await receiver.until(2)
  const { fields } = JSON.parse(receiver.requests[1]!.body)
  expect(fields.labels).toEqual([`signalbox-${'k'.repeat(32)}`])
})

it('no issue is created while the search fails', async () => {
  receiver.script({ status: 503 })
  expect(await send(CLOUD, true)).toMatchObject({ result: 'retry', status: 503 })
  await receiver.until(1)
})

it('a personal access token alone makes it use the search and the names of Data Center', async () => {
  receiver.script({ status: 200, body: '{"issues":[]}' }, { status: 201, body: '{"key":"SOC-9"}' })
  const options = {
    personalAccessToken: 'pat',
    projectKey: 'SOC',
    assignee: 'jane',
  }
  await send(options, true)
  await receiver.until(2)
  const [search, create] = receiver.requests as [Receiver['requests'][number], Receiver['requests'][number]]
  expect(search.path).toMatch(/^\/rest\/api\/2\/search\?/)
  expect(create.headers.authorization).toBe('Bearer pat')
  expect(JSON.parse(create.body).fields.assignee).toEqual({ name: 'jane' })
  for (const request of receiver.requests) expectOnWire([CREATE, SEARCH], request as never)
})

it('the deployment cloud with a personal access token is an error that names both', () => {
  const options = { url: 'https://x', projectKey: 'SOC', personalAccessToken: 'pat' }
  expect(validationError(jira.options, { ...options, deployment: 'cloud' })).toBe(
    'deployment must be "dataCenter" with personalAccessToken',
  )
  expect(validationError(jira.options, options)).toBeNull()
  expect(validationError(jira.options, { ...options, deployment: 'dataCenter' })).toBeNull()
})

it('the issue is found by its description if the project has no labels', async () => {
  receiver.script({ status: 200, body: '{"issues":[]}' }, { status: 201, body: '{"key":"SOC-9"}' })
  expect(await send({ ...CLOUD, marker: 'description' }, true)).toMatchObject({ result: 'delivered' })
  await receiver.until(2)
  const [search, create] = receiver.requests as [Receiver['requests'][number], Receiver['requests'][number]]
  const jql = new URL(search.path, receiver.url).searchParams.get('jql')
  expect(jql).toBe(`project = "SOC" AND description ~ "\\"signalbox-${'k'.repeat(32)}\\""`)
  const { fields } = JSON.parse(create.body)
  expect(fields).not.toHaveProperty('labels')
  expect(fields.description).toMatch(new RegExp(`\\n\\nsignalbox-${'k'.repeat(32)}$`))
})

it('no alert can change the structure of the wiki text', () => {
  const evil = '!https://evil.example/x.png! {code} *bold* [link|https://evil.example]'
  const message = messageOf({ description: evil, context: JSON.stringify({ evil: '{code}' }) }, '')
  const preview = previewRequest(jira, message, { url: 'https://example.com', ...CLOUD }, '1.2.3')
  const { description } = JSON.parse((preview as { body: string }).body).fields
  expect(description).toContain(
    '\\!https://evil.example/x.png\\! \\{code\\} \\*bold\\* \\[link\\|https://evil.example\\]',
  )
  const [, context] = /\{code:json\}\n([\s\S]*)\n\{code\}$/.exec(description)!
  expect(context).not.toContain('{code')
  expect(JSON.parse(context!)).toEqual({ evil: '{code}' })
})

it('lines of a text become no heading, list, quotation or rule', () => {
  const options = { url: 'https://x', user: 'u', apiToken: 't', projectKey: 'SOC' }
  const description = 'a\nh1. head\n# list\nbq. q\n - dash\n+ plus\n----\n??cited??\nhello'
  const { fields } = previewBody(jira, { description }, options) as { fields: { description: string } }
  const z = '\u200b'
  expect(fields.description).toContain(
    `a\n${z}h1. head\n${z}# list\n${z}bq. q\n ${z}- dash\n${z}+ plus\n${z}----\n?${z}?cited?${z}?\nhello`,
  )
})
