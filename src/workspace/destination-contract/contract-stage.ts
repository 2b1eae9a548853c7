/** Sends alerts to a receiver on loopback, as delivery sends them: with secrets, transport and outcomes. */
import assert from 'node:assert/strict'
import { createHttpClient } from '../../delivery/http/http-client.ts'
import { type SendResult, sendOnce } from '../../delivery/send.ts'
import type { Destination } from '../../model/project/destination.ts'
import { NO_HANDLING } from '../../model/project/destination-handling.ts'
import { bodyBeginning } from './body-beginning.ts'
import { alertRow, CONTRACT_DELIVERY, CONTRACT_TIME } from './contract-alerts.ts'
import type { ContractSubject, ExpectedResult } from './contract-subject.ts'
import { type Answer, type Receiver, startReceiver } from './loopback-receiver.ts'
import { manualClock } from './manual-clock.ts'

/** The time limit is measured by a clock that only moves during an answer without an end. */
const TOTAL_TIMEOUT_MS = 20_000
const LIMITS = { connectTimeoutMs: 20_000, totalTimeoutMs: TOTAL_TIMEOUT_MS, maxBodyBytes: 64 * 1024 }
/** The version in `User-Agent`. */
export const CONTRACT_VERSION = '1.2.3'

export interface Stage {
  readonly receiver: Receiver
  /** The lines of the log. */
  readonly logged: readonly string[]
  /** @param more options beside those of the subject. */
  readonly send: (url?: string, more?: object, repeated?: boolean) => Promise<SendResult>
  /** Sends to the receiver, which gives this answer. If the answer has no end, the timeout passes after its beginning. */
  readonly sendFor: (answer: Answer) => Promise<SendResult>
  /** Answers the next attempt, with one more request for an access token that is refused, and expects its requests. */
  readonly script: (answer: Answer) => void
  /** Sends to the receiver, which gives this answer. */
  readonly answered: (answer: Answer) => Promise<SendResult>
}

/** Runs one case with a receiver of its own. */
export async function onStage(
  subject: Pick<ContractSubject, 'type' | 'options'>,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = manualClock(CONTRACT_TIME)
  const http = createHttpClient(LIMITS, clock)
  const receiver = await startReceiver()
  const logged: string[] = []
  const write = (fields: object, message: string) => logged.push(JSON.stringify({ ...fields, message }))
  const ports = {
    types: async () => subject.type,
    secrets: {
      reveal: async (options: Destination['options']) => ({ options, redact: (text: string) => text }),
    },
    http,
    clock: manualClock(CONTRACT_TIME),
    log: { debug: write, info: write, warn: write, error: write },
    print: async () => {},
    projectRoot: '.',
    version: CONTRACT_VERSION,
  }
  const alert = alertRow({}, '')
  const send: Stage['send'] = (url = receiver.url, more = {}, repeated = false) => {
    const target = targetOf(subject.type.type, { ...subject.options(url), ...more })
    const sending = { alert, deliveryId: CONTRACT_DELIVERY, repeated }
    return sendOnce(ports, target, sending, new AbortController().signal)
  }
  const sendFor: Stage['sendFor'] = async ({ fault }) => {
    const timeOut = () => clock.advance(TOTAL_TIMEOUT_MS)
    const beginning = fault === 'stalled-body' ? bodyBeginning(receiver.url) : undefined
    const requestCount = receiver.requests.length
    const sent = send()
    if (fault === 'silent') await receiver.until(requestCount + 1).then(timeOut)
    await beginning?.then(timeOut)
    return sent
  }
  const script: Stage['script'] = (answer) => {
    const count = requestsFor(answer, subject.options(receiver.url))
    receiver.script(...Array<Answer>(count).fill(answer))
    receiver.expect(receiver.requests.length + count)
  }
  const answered: Stage['answered'] = async (answer) => {
    script(answer)
    const result = await send()
    receiver.expect(receiver.requests.length)
    return result
  }
  let hasPassed = false
  try {
    await act({ receiver, logged, script, send, sendFor, answered })
    hasPassed = true
  } finally {
    await http.close()
    // The error of the case is the cause, and requests that were not expected are its effect.
    await receiver.close().catch((error: unknown) => {
      if (hasPassed) throw error
    })
  }
}

/** The number of requests that this answer leads to: a refused access token is fetched again, once. */
export function requestsFor({ status }: Answer, options: Readonly<Record<string, unknown>>): number {
  const { transport } = options as { readonly transport?: { readonly oauth2?: object } }
  return status === 401 && transport?.oauth2 ? 2 : 1
}

/** The entry of a destination with these options. */
export function targetOf(type: string, options: Destination['options']): Destination {
  return {
    name: 'target',
    id: null,
    previousNames: [],
    type,
    severities: [],
    alertTypes: null,
    logTypes: null,
    strict: false,
    enabled: true,
    options,
    retry: { maxAgeMs: 0, maxAttempts: 0 },
    rateLimit: null,
    concurrency: 8,
    updates: [],
    repeatEveryMs: 3_600_000,
    handling: NO_HANDLING,
    location: 'destinations.yaml:1',
  }
}

/** Throws if the result is another one than the case expects. */
export function assertResult(result: SendResult, { message, ...expected }: ExpectedResult): void {
  const stated = Object.keys(expected).map((key) => [key, result[key as keyof SendResult]])
  assert.deepEqual(Object.fromEntries(stated), expected, result.message)
  if (message instanceof RegExp) assert.match(result.message, message)
  else if (message !== undefined) assert.equal(result.message, message)
}
