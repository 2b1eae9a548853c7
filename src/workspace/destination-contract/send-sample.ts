/** Sends the sample alert once, as delivery sends an alert, for the tests of authors. */
import { createHttpClient, DEFAULT_HTTP_LIMITS } from '../../delivery/http/http-client.ts'
import { type SendResult, sendOnce } from '../../delivery/send.ts'
import type { DestinationType } from '../../destinations/_destination.ts'
import { nullLog, systemClock } from '../../model/ports.ts'
import { alertRow, CONTRACT_DELIVERY } from './contract-alerts.ts'
import { CONTRACT_VERSION, targetOf } from './contract-stage.ts'

interface SampleOptions {
  /** True: the message says that an earlier attempt may have succeeded. */
  readonly repeated?: boolean
  /** Gets the lines that a type without HTTP prints. */
  readonly print?: (line: string) => void
}

/**
 * Sends the sample alert, a sign-in of a root user, to a destination of this type: one attempt, with the shared headers,
 * the transport, the time limits and the outcome of `signalbox run`. Its title is
 * `New Alert: Root user signed in to account 123456789012`.
 * @param options the options of the destination; secrets are literals, for no reference is resolved.
 * @returns `result` is `delivered`, `retry` or `refused`, and `message` is the line of the delivery's history. It never
 * rejects because of the type or its provider.
 * @example
 * const receiver = await startReceiver()
 * receiver.script({ status: 202, headers: { 'content-type': 'application/json' }, body: '{"id":"1"}' })
 * const { result } = await sendSample(pager, { url: receiver.url, token: 'a-secret-token' })
 * assert.equal(result, 'delivered')
 * assert.equal(JSON.parse(receiver.requests[0].body).title, 'New Alert: Root user signed in to account 123456789012')
 * receiver.expect(1)
 * await receiver.close()
 */
export async function sendSample(
  type: DestinationType,
  options: Readonly<Record<string, unknown>>,
  { repeated = false, print = () => {} }: SampleOptions = {},
): Promise<SendResult> {
  const http = createHttpClient(DEFAULT_HTTP_LIMITS)
  const ports = {
    types: async () => type,
    secrets: {
      reveal: async (given: Readonly<Record<string, unknown>>) => ({
        options: given,
        redact: (text: string) => text,
      }),
    },
    http,
    clock: systemClock,
    log: nullLog,
    print: async (line: string) => print(line),
    projectRoot: '.',
    version: CONTRACT_VERSION,
  }
  const alert = alertRow({}, 'https://soc.example.com/alerts/a1e27ab1e0fa11ed5b1eda0d0be5ca1e')
  const sending = { alert, deliveryId: CONTRACT_DELIVERY, repeated }
  const signal = AbortSignal.timeout(DEFAULT_HTTP_LIMITS.totalTimeoutMs + 1_000)
  try {
    return await sendOnce(ports, targetOf(type.type, options), sending, signal)
  } finally {
    await http.close()
  }
}
