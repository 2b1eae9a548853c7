/** One destination type with a receiver that answers from a script, and a preview of its requests. */
import { afterEach, beforeEach } from 'vitest'
import { createHttpClient } from '../../src/delivery/http/http-client.ts'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import { type SendResult, sendOnce, type UpdateDetails } from '../../src/delivery/send.ts'
import type { DestinationType } from '../../src/destinations/_destination.ts'
import type { AlertDraft } from '../../src/model/alerts/alert.ts'
import { hashId } from '../../src/model/alerts/alert.ts'
import { nullLog } from '../../src/model/ports.ts'
import { manualClock } from './clock.ts'
import { messageOf, sampleMessage } from './message.ts'
import { destination } from './model.ts'
import { type Answer, type Receiver, startReceiver } from './receiver.ts'
import { testSecrets } from './secrets.ts'

export interface Staged {
  readonly outcome: SendResult
  readonly requests: Receiver['requests']
}

const http = createHttpClient({ connectTimeoutMs: 2_000, totalTimeoutMs: 20_000, maxBodyBytes: 10_000 })

/** Sends the sample alert once, to the address in the options. The key of the delivery is 32 times `k`. */
export function sendSample(
  type: DestinationType,
  options: object,
  repeated = false,
  update?: UpdateDetails,
): Promise<SendResult> {
  const ports = {
    types: async () => type,
    secrets: testSecrets({}),
    http,
    clock: manualClock(),
    log: nullLog,
    print: async () => {},
    projectRoot: '.',
    version: '1.2.3',
  }
  const { json, reference } = sampleMessage('target')
  const sending = { alert: { notification: json, reference }, deliveryId: 'k'.repeat(32), repeated, update }
  const target = destination('target', { options: { ...options } })
  return sendOnce(ports, target, sending, new AbortController().signal)
}

/**
 * Sends to a receiver of the test, which gives these answers in turn. @param address the option that holds the
 * provider's address.
 */
export function onStage(type: DestinationType, options: object, address = 'apiUrl') {
  let receiver: Receiver
  beforeEach(async () => {
    receiver = await startReceiver()
  })
  afterEach(() => receiver.close())

  return async (repeated: boolean, ...answers: readonly Answer[]): Promise<Staged> => {
    receiver.script(...answers)
    const outcome = await sendSample(type, { ...options, [address]: receiver.url }, repeated)
    await receiver.until(receiver.requests.length)
    return { outcome, requests: receiver.requests }
  }
}

/** An update of the sample alert, which was delivered under 32 times `f`. The key of the update is 32 times `k`. */
export function update(over: Partial<UpdateDetails>): UpdateDetails {
  return {
    events: ['commented'],
    status: 'open',
    closedReason: null,
    actor: 'ann@example.com',
    note: '',
    firstKey: 'f'.repeat(32),
    remoteReference: null,
    severity: 'HIGH',
    eventCount: 1,
    attemptedSince: Date.UTC(2026, 0, 2, 3, 4, 5),
    ...over,
  }
}

export const acknowledged = update({ events: ['acknowledged'], status: 'acknowledged', note: 'on it' })
export const resolved = update({ events: ['resolved'], status: 'resolved', closedReason: 'fixed' })

interface StagedUpdate extends Staged {
  /** Method, path and JSON body of each request of this update. */
  readonly sent: readonly (readonly [string, unknown])[]
}

/**
 * Sends updates to a receiver of the test, which gives these answers in turn. `RECEIVER` and a path in a
 * reference stand for that place.
 */
export function onUpdateStage(type: DestinationType, options: object, address = 'apiUrl') {
  let receiver: Receiver
  beforeEach(async () => {
    receiver = await startReceiver()
  })
  afterEach(() => receiver.close())

  return async (
    details: UpdateDetails & { readonly repeated?: boolean },
    ...answers: readonly Answer[]
  ): Promise<StagedUpdate> => {
    const { repeated = false, remoteReference: reference, ...rest } = details
    const said = {
      ...rest,
      remoteReference:
        reference?.replace(/RECEIVER([^"]*)/, (_, path: string) => hashId('place', receiver.url + path)) ??
        null,
    }
    const before = receiver.requests.length
    receiver.script(...answers)
    const outcome = await sendSample(type, { ...options, [address]: receiver.url }, repeated, said)
    await receiver.until(receiver.requests.length)
    const requests = receiver.requests.slice(before)
    const sent = requests.map(({ method, path, body }) => {
      return [`${method} ${path}`, body ? (JSON.parse(body) as unknown) : null] as const
    })
    return { outcome, requests, sent }
  }
}

/** The JSON body that would be sent. */
export function previewBody(
  type: DestinationType,
  draft: Partial<AlertDraft>,
  options: object,
): Record<string, unknown> {
  const preview = previewRequest(type, messageOf(draft, ''), options as never, '1.2.3')
  if ('payload' in preview) throw new Error(`${type.type} speaks no HTTP`)
  return JSON.parse(preview.body) as Record<string, unknown>
}
