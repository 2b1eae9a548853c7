/** The cases of every destination type: how it describes itself, and what it builds from alerts of all kinds. */
import assert from 'node:assert/strict'
import { Ajv } from 'ajv'
import {
  type Options,
  previewRequest,
  requestSteps,
  withStandardHeaders,
} from '../../delivery/request-steps.ts'
import {
  type DeliveryNotice,
  type DestinationType,
  type Message,
  type Outgoing,
  usesHttp,
} from '../../destinations/_destination.ts'
import { ALERT_KINDS } from '../../model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../model/alerts/severity.ts'
import { contractMessage, EMPTY_ALERT, hostileAlert, longAlert } from './contract-alerts.ts'
import { CONTRACT_VERSION } from './contract-stage.ts'
import type { ContractCase, ContractSubject } from './contract-subject.ts'
import { bodyParts, hostileTexts } from './hostile-texts.ts'
import { leaked } from './leaked-secrets.ts'

/** Nothing is sent there: these cases only build requests. */
const ANYWHERE = 'https://example.com/x'

export function typeCases(subject: ContractSubject): ContractCase[] {
  const { type, secrets = [] } = subject
  const options = subject.options(ANYWHERE)
  const build = (message: Message) => built(type, message, options)
  const assertAccepted = (message: Message) => {
    const request = build(message)
    assert.deepEqual(build(message), request, 'the same message makes the same request')
    if ('body' in request) assert.ok(isWhole(request.body), 'the body holds half a character')
    if ('url' in request) subject.checkRequest?.({ ...request, path: request.url.slice(ANYWHERE.length) })
    else assert.deepEqual(JSON.parse(JSON.stringify(request)), request, 'the payload is plain JSON')
  }
  const alerts = [
    ['a usual alert', contractMessage()],
    ['an alert with nothing to say', contractMessage(EMPTY_ALERT, '')],
    ['an alert with too much to say', contractMessage(longAlert())],
  ] as const
  return [
    { id: 'description', name: 'has a name and says what it is', run: async () => assertDescribed(type) },
    {
      id: 'options',
      name: 'describes every option, refuses unknown ones and takes its own',
      run: async () => assertOptions(type, options),
    },
    ...alerts.map(([what, message]) => ({
      id: 'accepted',
      name: `the provider accepts the request of ${what}`,
      run: async () => assertAccepted(message),
    })),
    {
      id: 'accepted',
      name: 'the provider accepts the requests of every kind and severity',
      run: async () => {
        for (const kind of ALERT_KINDS) assertAccepted(contractMessage({ kind }))
        for (const value of SEVERITIES)
          assertAccepted(contractMessage({ severity: { value, source: 'static' } }))
      },
    },
    {
      id: 'cuts',
      name: 'a note names what was cut, and nothing of a usual alert is cut',
      run: async () => {
        assert.equal(notesOf(build(contractMessage())), '')
        assert.match(notesOf(build(contractMessage(longAlert()))), subject.cuts ?? /^$/)
      },
    },
    {
      id: 'readable',
      name: 'sends half a character to no receiver, and characters that are not readable within the exact notification alone',
      run: async () => assertReadable(build(contractMessage(hostileAlert())), subject),
    },
    {
      id: 'preview',
      name: 'a preview contains no secret',
      run: async () => {
        const preview = previewRequest(type, contractMessage(), options, CONTRACT_VERSION)
        assert.deepEqual(leaked(secrets, JSON.stringify(preview)), [])
      },
    },
    ...templateParts(type).map((part) => ({
      id: 'templates',
      name: `the ${part} of a template is sent`,
      run: async () => assertTemplated(part, subject, build),
    })),
    {
      id: 'refused-kinds',
      name: 'every refused kind of alert has a reason',
      run: async () => {
        for (const [kind, reason] of Object.entries(type.refuses ?? {})) {
          assert.ok(
            ALERT_KINDS.some((each) => each === kind),
            kind,
          )
          assert.match(reason, /\S/)
        }
      },
    },
  ]
}

function assertDescribed({ type, summary }: DestinationType): void {
  assert.match(type, /\S/, 'type')
  assert.match(summary, /\S/, 'summary')
}

function assertOptions({ options: schema }: DestinationType, options: object): void {
  assert.equal(schema.additionalProperties, false, 'additionalProperties must be false')
  const undescribed = Object.entries(schema.properties).filter(
    ([, property]) => !('description' in property && String(property.description).trim()),
  )
  assert.deepEqual(undescribed, [], 'every option has a description')
  const validate = new Ajv({ keywords: ['secret'], strict: true, strictRequired: false }).compile(schema)
  assert.ok(validate(options), `the options of the subject are valid: ${JSON.stringify(validate.errors)}`)
  assert.ok(!validate({ ...options, nonsense: 1 }), 'an unknown option is refused')
}

function assertReadable(request: Built, { unwrap, exact = [] }: ContractSubject): void {
  const sent = !('body' in request) ? request : unwrap ? unwrap(request.body) : bodyParts(request.body)
  const { malformed, unreadable } = hostileTexts(sent, exact)
  assert.deepEqual(malformed, [], 'half characters')
  const outside = unreadable.filter((path) => !exact.some((start) => path.startsWith(start)))
  assert.deepEqual(outside, [], 'characters that are not readable')
  for (const start of exact) {
    const exactly = unreadable.filter((path) => path.startsWith(start))
    assert.notDeepEqual(exactly, [], `${start || 'the body'} holds the exact notification`)
  }
}

function assertTemplated(
  part: string,
  { unwrap = (body) => body }: ContractSubject,
  build: (message: Message) => Built,
) {
  const marked = part === 'payload' ? '{"templated":"yes"}' : 'TEMPLATED'
  const request = build({ ...contractMessage(), [part]: marked })
  if (part === 'payload' && 'body' in request) assert.equal(unwrap(request.body), marked)
  else
    assert.ok(JSON.stringify(request).includes(part === 'payload' ? 'templated' : marked), `${part} is sent`)
}

/** False for a text in which a cut has divided a character, also where JSON escapes its half. */
function isWhole(text: string): boolean {
  return text.isWellFormed() && !/\\ud[89a-f]/i.test(text)
}

type Built = (Outgoing | object) & DeliveryNotice

/** The first request, or the payload, as it goes over the wire. */
function built(type: DestinationType, message: Message, options: Options): Built {
  if (!usesHttp(type)) return type.payload(message, options as never)
  const { value } = requestSteps(type, message, options).next() as { value: Outgoing }
  return { ...withStandardHeaders(value, message, options, CONTRACT_VERSION), notes: value.notes }
}

function notesOf({ notes = [] }: Built): string {
  return notes.join('; ')
}

function templateParts({ options }: DestinationType): string[] {
  const { template } = options.properties as { template?: { properties: object } }
  return Object.keys(template?.properties ?? {}).filter((part) => part !== 'map')
}
