/** The public module `signalbox/destination`: its names, and a contract suite that finds the faults of a type. */
import { AssertionError } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as api from '../src/destination-api.ts'
import {
  type ContractSubject,
  type DestinationType,
  defineDestination,
  destinationCases,
  destinationContract,
  type HttpDestination,
  joinUrl,
  type OptionsSchema,
  plainText,
  postJson,
  sendSample,
  startReceiver,
  Truncation,
} from '../src/destination-api.ts'
import * as signalbox from '../src/index.ts'

it('exports these values and no others', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Bug',
    'PermanentError',
    'RetryableError',
    'TLS_PROPERTIES',
    'Truncation',
    'UserError',
    'contextText',
    'createOnce',
    'defineDestination',
    'destinationCases',
    'destinationContract',
    'escapeMarkdown',
    'fencedText',
    'formatMarkdown',
    'headline',
    'isError',
    'joinUrl',
    'labelledParts',
    'messageOf',
    'plainText',
    'postJson',
    'sendSample',
    'startReceiver',
    'textAt',
    'withoutMarkup',
  ])
})

it('lists the name of each type, and has every name of the module signalbox', () => {
  const names = (file: string) => {
    const text = readFileSync(join(import.meta.dirname, '..', 'src', file), 'utf8')
    expect(text).not.toMatch(/export (?:type )?\*/)
    return [...text.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) => list.match(/\b[A-Z]\w+/g) ?? [])
  }
  expect(names('destination-api.ts')).toEqual(expect.arrayContaining(names('index.ts')))
  expect(Object.keys(api)).toEqual(expect.arrayContaining(Object.keys(signalbox)))
})

interface Options {
  readonly url: string
  readonly token: string
}

const SCHEMA: OptionsSchema = {
  type: 'object',
  required: ['url', 'token'],
  properties: {
    url: { type: 'string', description: 'The URL.' },
    token: { type: 'string', secret: true, description: 'The token.' },
  },
  additionalProperties: false,
}

function pager(over: Partial<HttpDestination<Options>> = {}): DestinationType {
  return defineDestination<Options>({
    type: 'pager',
    summary: 'an alert in the pager',
    options: SCHEMA,
    request(message, { url, token }) {
      const truncation = new Truncation()
      const body = { title: message.title, text: truncation.text('text', plainText(message), 2_000) }
      const headers = { authorization: `Bearer ${token}` }
      return postJson(joinUrl(url, 'alerts'), body, { headers, notes: truncation.notes })
    },
    answers: {
      provider: 'the pager',
      success: [{ status: [202], field: 'id' }],
      rules: [{ status: [422], effect: 'dead' }],
    },
    ...over,
  })
}

const subject = (type: DestinationType, over: Partial<ContractSubject> = {}): ContractSubject => ({
  type,
  options: (url) => ({ url, token: 'a-secret-token' }),
  secrets: ['a-secret-token'],
  accepts: { status: 202, headers: { 'content-type': 'application/json' }, body: '{"id":"1"}' },
  cuts: /^text cut from \d+ to 2000 characters$/,
  ...over,
})

/** The rules whose cases fail. */
async function failedRules(tested: ContractSubject): Promise<string[]> {
  const failed = new Set<string>()
  for (const { id, run } of destinationCases(tested)) {
    try {
      await run()
    } catch (error) {
      expect(error).toBeInstanceOf(AssertionError)
      failed.add(id)
    }
  }
  return [...failed].sort()
}

describe('the contract suite', () => {
  it('passes a sound type', async () => {
    expect(await failedRules(subject(pager()))).toEqual([])
  })

  /** Cuts within a character, if one of several code units stands there. */
  const careless: HttpDestination<Options>['request'] = ({ title, notification }, { url }) => {
    const text = `${title} ${notification.description}`
    const ends = [2_000, 2_001, 2_002, 2_003].map((end) => text.slice(0, end))
    return postJson(`${url}/alerts`, { text: ends.find((each) => !each.isWellFormed()) ?? text })
  }
  let count = 0
  it.each<[string, Partial<HttpDestination<Options>>, string[]]>([
    ['says nothing of itself', { summary: '' }, ['description']],
    [
      'does not describe an option',
      { options: { ...SCHEMA, properties: { ...SCHEMA.properties, url: { type: 'string' } } } },
      ['options'],
    ],
    [
      'does not mark a secret',
      {
        options: {
          ...SCHEMA,
          properties: { ...SCHEMA.properties, token: { type: 'string', description: 'The token.' } },
        },
      },
      ['preview', 'secrets'],
    ],
    [
      'takes any answer for a success',
      { answers: { provider: 'the pager', success: [{}], rules: [] } },
      ['empty-answers', 'statuses'],
    ],
    [
      'takes a page for a success',
      { answers: { provider: 'the pager', success: [{ contentType: 'text/html' }], rules: [] } },
      ['foreign-answers', 'same-request'],
    ],
    [
      'sends something else each time',
      {
        request: (message, { url }) =>
          postJson(url, { title: message.title, text: plainText(message).slice(0, 0), count: count++ }),
      },
      ['accepted', 'cuts', 'same-request', 'templates'],
    ],
    [
      'cuts within a character, and does not say so',
      { request: careless },
      ['accepted', 'cuts', 'templates'],
    ],
  ])('finds a type that %s', async (_, over, rules) => {
    expect(await failedRules(subject(pager(over)))).toEqual(rules)
  })

  it('finds a rule that has another effect than the answer, and a request that the provider does not accept', async () => {
    const error = () => ({ codes: ['odd'], text: 'odd' })
    const rules = [
      { codes: ['odd'], effect: 'pause' },
      { status: [422], codes: ['even'], effect: 'dead' },
    ] as const
    const type = pager({
      answers: { provider: 'the pager', success: [{ status: [202], field: 'id' }], error, rules },
    })
    const errorAnswer = ({ status = 400 }) => ({ status })
    const failed = await failedRules(
      subject(type, {
        errorAnswer,
        checkRequest: ({ headers, path }) => {
          expect.soft(path).toBe('/alerts')
          if (headers.authorization !== 'Basic x') throw new AssertionError({ message: 'another credential' })
        },
      }),
    )
    expect(failed).toEqual(expect.arrayContaining(['accepted', 'documented-errors', 'same-request']))
  })

  it('demands the answer of a success from a type that uses HTTP', () => {
    expect(() => destinationCases(subject(pager(), { accepts: undefined }))).toThrow(
      'the contract of pager has no answer for a success',
    )
  })

  it('defines a test for each case by the function of any test runner', () => {
    const defined: string[] = []
    const test = (title: string, _run: () => Promise<void>) => defined.push(title)
    destinationContract({ test, ...subject(pager()) })
    const cases = destinationCases(subject(pager()))
    expect(defined).toEqual(cases.map(({ name }) => `pager: ${name}`))
    expect(new Set(defined).size).toBe(defined.length)
  })

  it('holds types that do not use HTTP to what they build', async () => {
    const direct = defineDestination<object, { line: string }>({
      type: 'line',
      summary: 'a line',
      options: { type: 'object', properties: {}, additionalProperties: false },
      payload: (message) => ({ line: `${message.title} ${message.notification.name}` }),
      send: async ({ line }, _options, { print }) => {
        await print(line)
        return { message: 'printed' }
      },
    })
    expect(await failedRules({ type: direct, options: () => ({}) })).toEqual(['templates'])
    const lines: string[] = []
    expect(await sendSample(direct, {}, { print: (line) => lines.push(line) })).toMatchObject({
      result: 'delivered',
    })
    expect(lines).toEqual(['New Alert: Root user signed in to account 123456789012 AWS root console login'])
  })
})

describe('sendSample', () => {
  it('delivers the sample alert as run does, and keeps secrets out of its result', async () => {
    const receiver = await startReceiver()
    receiver.script({ status: 202, body: '{"id":"1"}' }, { status: 500, body: 'not with a-secret-token' })
    const options = { url: receiver.url, token: 'a-secret-token' }
    expect(await sendSample(pager(), options)).toMatchObject({ result: 'delivered', status: 202 })
    expect(await sendSample(pager(), options, { repeated: true })).toMatchObject({
      result: 'retry',
      message: '500: not with <secret>',
    })
    expect(receiver.requests[0]).toMatchObject({
      path: '/alerts',
      headers: {
        authorization: 'Bearer a-secret-token',
        'user-agent': expect.stringMatching(/^Signalbox\//) as unknown,
      },
    })
    receiver.expect(2)
    await receiver.close()
  })
})
