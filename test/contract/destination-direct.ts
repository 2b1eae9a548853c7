/**
 * The contract of destinations that do not speak HTTP: on the wire and in the whole harness, with a server that fails
 * in every possible way.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { type FaultyServer, startFaulty, type TcpFault, type Tongue } from '../support/faulty-server.ts'
import { leastMessage, messageOf, mostMessage, sampleMessage, sendDirectly } from '../support/message.ts'
import { destination, registry } from '../support/model.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { overhearing } from '../support/overhear.ts'
import { REFUSING_PORT } from '../support/receiver.ts'
import { leaked } from '../support/secrets.ts'
import { T0 } from '../support/store-rows.ts'
import { until } from '../support/until.ts'
import type { DestinationFixture } from './destination-http.ts'
import { type Expected, expectStored, measuring, waiting } from './stored.ts'

/** The connection of a type with its own TCP protocol to a server, and the outcomes of its failures. */
export interface DirectWire {
  /** Returns the options for a server at this address; `tls`: nothing is sent unencrypted. */
  readonly at: (host: string, port: number, tls: boolean) => Record<string, unknown>
  readonly tongue: Tongue
  /** The expected outcome, if it is not a retry after the usual delay. */
  readonly outcomes: Readonly<Partial<Record<TcpFault, Expected>>>
  /** A real connection whose bytes are parsed by a program that shares no code with what wrote them. */
  readonly reader: WireReader
}

/** A message as the program understood it. */
export interface ReadMessage {
  /** What the program found wrong. */
  readonly defects: readonly string[]
  /** The text that holds the idempotency key. */
  readonly key: string
  /** The time that the message says, in epoch milliseconds; absent: the protocol has none. */
  readonly time?: number
  /** The text that holds the title. */
  readonly text: string
}

export interface WireReader {
  /** The program, as `describeWithProgram` needs it. */
  readonly program: string
  /** Receives the one message that `send` sends, with these options beside those of the fixture. */
  receive(send: (options: Record<string, unknown>) => Promise<unknown>): Promise<ReadMessage>
}

const SEND_DEADLINE_MS = 30_000
const FAULTS: readonly TcpFault[] = [
  'hangs up',
  'resets',
  'resets mid-talk',
  'is silent',
  'stalls mid-talk',
  'never stops',
  'talks garbage',
  'quotes what it was sent',
  'has an untrusted certificate',
]
const HANGS = new Set<TcpFault>(['is silent', 'stalls mid-talk'])

export function directContract(type: DestinationType, fixture: DestinationFixture, wire: DirectWire): void {
  let harness: DeliveryHarness
  let server: FaultyServer | undefined
  beforeEach(async () => {
    harness = await openDeliveryHarness()
  })
  afterEach(async () => {
    await harness.close()
    await server?.close()
    server = undefined
  })

  /** Sends one alert to the server; `expected` is the state of the store after its outcome is recorded. */
  async function expectOutcome(options: Record<string, unknown>, expected: Expected, hangs = false) {
    const target = destination('target', { type: type.type, options })
    const { measured, metrics } = measuring()
    const overheard = overhearing()
    await harness.send('alert', [target])
    const loop = harness.open(registry([target]), { metrics })
    await loop.start()
    if (hangs) {
      await until(() => server!.met() > 0)
      harness.clock.advance(SEND_DEADLINE_MS)
    }
    await until(async () => {
      const { pending, sending } = await harness.store.countDeliveries()
      return pending + sending === 0
    })
    const stored = await expectStored(harness, 'target', expected)
    await loop.stop()
    expect(overheard.end()).toEqual([])
    const preview = previewRequest(type, sampleMessage('target'), options, '1.2.3')
    const outputs = JSON.stringify([stored, harness.logged, harness.findings, measured, preview])
    expect(leaked(fixture.secrets, outputs)).toEqual([])
  }

  it.each(FAULTS)(
    '[DEL-3.6] [DEL-10.4] the store has the outcome of an attempt whose server %s, and no secret',
    async (fault) => {
      server = await startFaulty(fault, wire.tongue)
      const options = wire.at('localhost', server.port, fault.includes('certificate'))
      const usual = HANGS.has(fault)
        ? waiting(`no answer within ${SEND_DEADLINE_MS} ms`, T0 + SEND_DEADLINE_MS)
        : waiting(new RegExp(`^\\w+://localhost:${server.port}: \\S`))
      const expected = wire.outcomes[fault] ?? usual
      await expectOutcome(options, expected, HANGS.has(fault) && expected === usual)
      await until(() => server!.standing() === 0, { what: 'the connection to be closed' })
    },
  )

  it('a delivery waits if the connection is refused', async () => {
    const options = wire.at('localhost', REFUSING_PORT, false)
    await expectOutcome(
      options,
      waiting(new RegExp(`^\\w+://localhost:${REFUSING_PORT}: .*connection refused`, 'i')),
    )
  })

  it('a delivery waits if the host has no address', async () => {
    const options = wire.at('no-such-host.invalid', 4_000, false)
    await expectOutcome(
      options,
      waiting(/^\w+:\/\/no-such-host\.invalid:4000: the host name does not resolve/),
    )
  })

  const { program } = wire.reader
  describeWithProgram(program, `as ${program} reads it`, () => {
    it.each([
      ['a usual alert', sampleMessage('target')],
      ['an alert with nothing to say', leastMessage()],
      ['an alert with too much to say', mostMessage()],
      ['a title of many scripts', messageOf({ title: 'Grüße, 你好, שלום, 👩‍👩‍👧‍👦' }, '')],
      ['a title that is markup', messageOf({ title: 'a"]b\\c=d <x>\r\nBcc: evil@example.com' }, '')],
    ])('is well-formed and says what was sent: %s', async (_, message) => {
      const read = await wire.reader.receive((options) => sendDirectly(type, message, options))
      expect(read.defects).toEqual([])
      expect(read.key).toContain(message.idempotencyKey)
      expect(read.time ?? T0).toBe(T0)
      const [beginning = ''] = message.title.split(/[\r\n]/)
      expect(read.text).toContain(beginning.slice(0, 40))
    })
  })
}
