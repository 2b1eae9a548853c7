/**
 * The contract of destination types. The test of a type registers it here with options, secrets and the requests that
 * its provider accepts.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import {
  type Options,
  previewRequest,
  requestSteps,
  withStandardHeaders,
} from '../../src/delivery/request-steps.ts'
import {
  type DeliveryNotice,
  type DestinationType,
  type DirectDestination,
  type Message,
  type Outgoing,
  usesHttp,
} from '../../src/destinations/_destination.ts'
import { ALERT_KINDS } from '../../src/model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../src/model/alerts/severity.ts'
import { loadDestination } from '../support/delivery.ts'
import { documented, generatedParts, refreshed } from '../support/destination-page.ts'
import { bodyParts, hostileMessage, hostileTexts } from '../support/hostile-texts.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage } from '../support/message.ts'
import { leaked } from '../support/secrets.ts'
import { expectOnWire } from '../support/wire.ts'
import { directContract } from './destination-direct.ts'
import { type DestinationFixture, httpContract } from './destination-http.ts'
import { redactionContract } from './destination-redaction.ts'

export type { DestinationFixture } from './destination-http.ts'

const ANYWHERE = 'https://example.com/x'

export function destinationContract(name: string, fixture: DestinationFixture): void {
  describe(`${name}, as every destination`, async () => {
    const type = await loadDestination(name)

    it('is named after its file and says what it is', () => {
      expect(type.type).toBe(name)
      expect(type.summary).toMatch(/\S/)
    })

    it('describes every option, refuses unknown ones and takes its own', () => {
      expect(type.options.additionalProperties).toBe(false)
      const undescribed = Object.entries(type.options.properties).filter(
        ([, property]) => !('description' in property && String(property.description).trim()),
      )
      expect(undescribed).toEqual([])
      const validate = new Ajv({ keywords: ['secret'], strict: true, strictRequired: false }).compile(
        type.options,
      )
      expect(validate(fixture.options(ANYWHERE)) || validate.errors).toBe(true)
      expect(validate({ ...fixture.options(ANYWHERE), nonsense: 1 })).toBe(false)
    })

    payloadContract(type, fixture)
    pageContract(type)
    if (!usesHttp(type)) {
      // Every type that does not speak HTTP must declare this, so that none omits it by mistake.
      expect(fixture.direct).toBeDefined()
      faultsContract(type, fixture)
      if (fixture.direct) directContract(type, fixture, fixture.direct)
      return
    }
    httpContract(type, fixture)
    redactionContract(type, fixture)
  })
}

/** A request can be built from every alert, and the provider accepts it. */
function payloadContract(type: DestinationType, fixture: DestinationFixture): void {
  const options = fixture.options(ANYWHERE)
  const expectTaken = (message: Message) => {
    const built = build(type, message, options)
    expect(build(type, message, options)).toEqual(built)
    if ('url' in built)
      expectOnWire(fixture.wires ?? [], { ...built, path: built.url.slice(ANYWHERE.length) })
    else expect(JSON.parse(JSON.stringify(built))).toEqual(built)
  }

  it.each([
    ['a usual alert', sampleMessage('target')],
    ['an alert with nothing to say', leastMessage()],
    ['an alert with too much to say', mostMessage()],
  ])('[DEL-7.1] the provider accepts the request of %s', (_, message) => expectTaken(message))

  it('[DEL-7.1] the provider accepts the requests of every kind and severity', () => {
    for (const kind of ALERT_KINDS) expectTaken(messageOf({ kind }, ''))
    for (const value of SEVERITIES) expectTaken(messageOf({ severity: { value, source: 'static' } }, ''))
  })

  const notesOf = (message: Message) => build(type, message, options).notes?.join('; ') ?? ''
  it('[DEL-7.2] the receipt names what was cut, and nothing of a usual alert is cut', () => {
    expect(notesOf(sampleMessage('target'))).toBe('')
    expect(notesOf(mostMessage())).toMatch(fixture.cuts ?? /^$/)
  })

  it('sends half a character to no receiver, and characters that are not readable within the exact notification alone', () => {
    const built = build(type, hostileMessage(), options)
    const { unwrap } = fixture
    const sent = !('body' in built) ? built : unwrap ? unwrap(built.body) : bodyParts(built.body)
    const { exact = [] } = fixture
    const { malformed, unreadable } = hostileTexts(sent, exact)
    expect(malformed).toEqual([])
    expect(unreadable.filter((path) => !exact.some((start) => path.startsWith(start)))).toEqual([])
    for (const start of exact) expect(unreadable.filter((path) => path.startsWith(start))).not.toEqual([])
  })

  it('a preview contains no secret', () => {
    const output = JSON.stringify(previewRequest(type, sampleMessage('target'), options, '1.2.3'))
    expect(leaked(fixture.secrets, output)).toEqual([])
  })

  it.each(templateParts(type))('the %s of a template is sent', (part) => {
    const marked = part === 'payload' ? '{"templated":"yes"}' : 'TEMPLATED'
    const built = build(type, { ...sampleMessage('target'), [part]: marked }, options)
    const unwrap = fixture.unwrap ?? ((body: string) => body)
    if (part === 'payload' && 'body' in built) expect(unwrap(built.body)).toBe(marked)
    else expect(JSON.stringify(built)).toContain(part === 'payload' ? 'templated' : marked)
  })

  it('every refused kind of alert has a reason', () => {
    for (const [kind, reason] of Object.entries(type.refuses ?? {})) {
      expect(ALERT_KINDS).toContain(kind)
      expect(reason).toMatch(/\S/)
    }
  })
}

/** The table of a type without HTTP: the first rule that matches an error decides. */
function faultsContract({ outcomes }: DirectDestination, { faults: samples = {} }: DestinationFixture): void {
  const declared = outcomes?.faults ?? []
  it('every fault of its table is known by an error, and by no rule before', () => {
    expect(outcomes).toBeDefined()
    expect(Object.keys(samples).sort()).toEqual(declared.map(({ fault }) => fault).sort())
    for (const [fault, errors] of Object.entries(samples)) {
      expect(errors.length).toBeGreaterThan(0)
      for (const error of errors) expect(declared.find(({ matches }) => matches(error))?.fault).toBe(fault)
    }
  })
}

/** The first request, or the payload, as it goes over the wire. */
function build(
  type: DestinationType,
  message: Message,
  options: object,
): (Outgoing | object) & DeliveryNotice {
  if (!usesHttp(type)) return type.payload(message, options as never)
  const { value } = requestSteps(type, message, options as Options).next() as { value: Outgoing }
  const dressedUp = withStandardHeaders(value, message, options as Options, '1.2.3')
  return { ...dressedUp, notes: value.notes }
}

function templateParts({ options }: DestinationType): string[] {
  const { template } = options.properties as { template?: { properties: object } }
  return Object.keys(template?.properties ?? {}).filter((part) => part !== 'map')
}

function pageContract(type: DestinationType): void {
  const path = join(import.meta.dirname, '../../docs/destinations', `${type.type}.md`)

  it('the docs page has the options and samples of the code', async () => {
    const page = readFileSync(path, 'utf8')
    const examples = documented(page).filter((each) => each.type === type.type)
    const parts = ['options', 'answers', ...examples.map((each) => `sent by ${each.name}`)]
    expect(examples.length).toBeGreaterThan(0)
    expect(generatedParts(page).sort()).toEqual(parts.sort())
    // `vitest run -u` rewrites the page.
    await expect(refreshed(page, type)).toMatchFileSnapshot(path)
  })
}
