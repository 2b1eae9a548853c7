import { createHmac } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import eventhubs from '../../src/destinations/eventhubs.ts'
import { destinationContract } from '../contract/destination.ts'
import { listen } from '../support/aws.ts'
import { messageOf } from '../support/message.ts'
import { onStage, previewBody } from '../support/stage.ts'
import { listOf, table, text } from '../support/wire.ts'

const KEY = 'T0KEN-of-the-policy'

const XML = { 'content-type': 'application/xml; charset=utf-8' }
const failing = (status: number, detail: string) => ({
  status,
  headers: XML,
  body: `<Error><Code>${status}</Code><Detail>${detail}</Detail></Error>`,
})

destinationContract('eventhubs', {
  exact: [''],
  options: (url) => ({ url, eventHub: 'alerts', keyName: 'signalbox-send', key: KEY }),
  accepts: { status: 201, headers: XML },
  bodyless: (status) => status === 201,
  errorAnswer: ({ status, text: detail }) => failing(status ?? 400, detail),
  secrets: [KEY],
  unwrap: (body) => JSON.parse(body)[0].Body,
  meanings: [
    ['201, created', { status: 201 }, { result: 'delivered', message: '201: created' }],
    [
      'a signature with another key',
      failing(401, 'The token has an invalid signature. TrackingId:16ed'),
      { result: 'refused', scope: 'destination' },
    ],
    ['an event hub that is not there', failing(404, 'x'), { result: 'refused', scope: 'destination' }],
    ['a throughput that is used up', failing(503, 'ServerBusy'), { result: 'retry' }],
    ['a quota', failing(403, 'The quota of the namespace is exceeded'), { result: 'retry' }],
  ],
  wires: [
    {
      path: '/alerts/messages?api-version=2014-01',
      maxBytes: 262_144,
      headers: {
        'content-type': 'application/vnd.microsoft.servicebus.json',
        authorization: /^SharedAccessSignature sr=[\w%.-]+&sig=[\w%]+&se=\d{10}&skn=signalbox-send$/,
      },
      body: listOf(
        table({
          Body: text(),
          UserProperties: table({
            severity: text(),
            detection: text(),
            alertId: text(),
            idempotencyKey: text(),
          }),
        }),
        { minItems: 1, maxItems: 1 },
      ) as Record<string, unknown>,
    },
  ],
})

/** What the service does with a signature, by Microsoft's description. */
function verified(header: string, url: string, now: number): string {
  const fields = new Map(
    header
      .slice('SharedAccessSignature '.length)
      .split('&')
      .map((each) => {
        const at = each.indexOf('=')
        return [each.slice(0, at), each.slice(at + 1)] as const
      }),
  )
  const [sr = '', se = ''] = [fields.get('sr'), fields.get('se')]
  if (!url.startsWith(decodeURIComponent(sr))) return 'the token does not cover the resource'
  if (Number(se) * 1_000 <= now) return 'the token is expired'
  const expected = createHmac('sha256', KEY)
    .update(Buffer.from([sr, se].join('\n'), 'utf8'))
    .digest('base64')
  return expected === decodeURIComponent(fields.get('sig') ?? '') ? 'valid' : 'invalid signature'
}

it('the signature names the event hub and the policy', () => {
  const message = messageOf({}, '')
  const options = {
    url: 'https://x.servicebus.windows.net',
    eventHub: 'alerts',
    keyName: 'k/1',
    key: KEY,
  }
  const preview = previewRequest(eventhubs, message, options, '1.2.3') as {
    url: string
    headers: Record<string, string>
  }
  const header = preview.headers.authorization!
  expect(header).toMatch(/&skn=k%2F1$/)
  const sr = encodeURIComponent('https://x.servicebus.windows.net/alerts')
  expect(header).toContain(`sr=${sr}&`)
})

const stage = onStage(eventhubs, { eventHub: 'alerts', keyName: 'signalbox-send', key: KEY }, 'url')

it('a service that verifies signatures accepts the request for 15 minutes', async () => {
  const { requests } = await stage(false, { status: 201 })
  const { authorization } = requests[0]!.headers
  const url = `http://${String(requests[0]!.headers.host)}/alerts/messages`
  const now = messageOf({}, '').at
  expect(verified(String(authorization), url, now)).toBe('valid')
  expect(verified(String(authorization), url, now + 16 * 60_000)).toBe('the token is expired')
  expect(verified(String(authorization), url.replace('alerts', 'other'), now)).toMatch(/does not cover/)
})

it('the event is the notification with every digit', () => {
  const options = { url: 'https://x', eventHub: 'alerts', keyName: 'k', key: KEY }
  const [{ Body }] = previewBody(eventhubs, {}, options) as unknown as [{ Body: string }]
  expect(Body).toContain('"alertContext":{"n":53.0,"big":12345678901234567890}')
})

const entra = await listen(async () => ({
  status: 200,
  body: '{"access_token":"T0KEN-of-entra","expires_in":3599}',
}))
afterAll(() => entra.close())
const withToken = onStage(
  eventhubs,
  {
    eventHub: 'alerts',
    transport: { oauth2: { tokenUrl: entra.url, clientId: 'c', clientSecret: 's' } },
  },
  'url',
)

it('with `transport.oauth2` an access token of Entra ID is sent', async () => {
  const { outcome, requests } = await withToken(false, { status: 201 })
  expect(outcome).toMatchObject({ result: 'delivered' })
  expect(requests[0]!.headers.authorization).toBe('Bearer T0KEN-of-entra')
})
