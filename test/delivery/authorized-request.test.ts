/** Client credentials of OAuth 2.0 in `transport`, against an issuer and a receiver on loopback. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'
import jira from '../../src/destinations/jira.ts'
import servicenow from '../../src/destinations/servicenow.ts'
import webhook from '../../src/destinations/webhook.ts'
import { type Fake, listen } from '../support/aws.ts'
import { moveDate, withDate } from '../support/date.ts'
import { loadDestination } from '../support/delivery.ts'
import { sampleMessage } from '../support/message.ts'
import { startProxy, startSecure } from '../support/proxy.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { sendSample } from '../support/stage.ts'

const SECRET = 'T0KEN-of-the-client'
const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)

let issuer: Fake
let receiver: Receiver
/** The forms that the issuer got, with the header of their authentication. */
let asked: { form: Record<string, string>; authorization: string | undefined }[]
beforeEach(async () => {
  asked = []
  issuer = await listen(async ({ headers }, body) => {
    asked.push({ form: Object.fromEntries(new URLSearchParams(body)), authorization: headers.authorization })
    const answer = { access_token: `T0KEN-access-${asked.length}`, expires_in: 1_799, token_type: 'Bearer' }
    return { status: 200, body: JSON.stringify(answer) }
  })
  receiver = await startReceiver()
})
afterEach(async () => {
  await issuer.close()
  await receiver.close()
})

const oauth2 = (over: object = {}) => ({
  tokenUrl: issuer.url,
  clientId: 'signalbox',
  clientSecret: SECRET,
  ...over,
})
const send = (over: object = {}) =>
  sendSample(webhook, { url: receiver.url, transport: { oauth2: oauth2(over) } })
const tokensSent = () => receiver.requests.map(({ headers }) => headers.authorization)

describe('an access token', () => {
  it('is fetched with the credentials of the client, sent with the request, and kept', async () => {
    expect(await send({ scope: 'alerts', audience: 'https://api' })).toMatchObject({ result: 'delivered' })
    expect(await send({ scope: 'alerts', audience: 'https://api' })).toMatchObject({ result: 'delivered' })
    await receiver.until(2)
    expect(asked).toEqual([
      {
        form: {
          grant_type: 'client_credentials',
          client_id: 'signalbox',
          client_secret: SECRET,
          scope: 'alerts',
          audience: 'https://api',
        },
        authorization: undefined,
      },
    ])
    expect(tokensSent()).toEqual(['Bearer T0KEN-access-1', 'Bearer T0KEN-access-1'])
  })

  it('is fetched with basic authentication if the options ask for it', async () => {
    await send({ clientAuthentication: 'basic', clientId: 'a:b' })
    await receiver.until(1)
    expect(asked).toEqual([
      { form: { grant_type: 'client_credentials' }, authorization: `Basic ${btoa(`a%3Ab:${SECRET}`)}` },
    ])
  })

  it('is fetched again shortly before it expires', async () => {
    await send({ scope: 'expires' })
    moveDate(NOW + 1_730_000)
    await send({ scope: 'expires' })
    moveDate(NOW + 1_740_000)
    await send({ scope: 'expires' })
    await receiver.until(3)
    expect(tokensSent()).toEqual(['Bearer T0KEN-access-1', 'Bearer T0KEN-access-1', 'Bearer T0KEN-access-2'])
  })

  it('is fetched again once when the provider refuses it', async () => {
    receiver.script({ status: 401 }, { status: 200 })
    expect(await send({ scope: 'revoked' })).toMatchObject({ result: 'delivered' })
    await receiver.until(2)
    expect(tokensSent()).toEqual(['Bearer T0KEN-access-1', 'Bearer T0KEN-access-2'])
  })

  it('that the provider refuses twice pauses the destination, and is revealed to no one', async () => {
    const echo = { status: 401, body: `not T0KEN-access-1, T0KEN-access-2 or ${SECRET}` }
    receiver.script(echo, echo)
    const result = await send({ scope: 'refused' })
    expect(result).toMatchObject({ result: 'refused', scope: 'destination', status: 401 })
    expect(result.message).not.toMatch(/T0KEN-access-2|T0KEN-of/)
    await receiver.until(2)
  })

  it('travels by the transport of the destination', async () => {
    const proxy = await startProxy()
    const secure = await startSecure(() => '{"access_token":"T0KEN-secure","expires_in":60}')
    const ca = readFileSync(join(import.meta.dirname, '../support/tls/ca.pem'), 'utf8')
    const transport = { proxy: proxy.url, ca, oauth2: oauth2({ tokenUrl: secure.url }) }
    await sendSample(webhook, { url: `${secure.url}/alerts`, transport })
    expect(proxy.connected[0]).toBe(new URL(secure.url).host)
    await Promise.all([proxy.close(), secure.close()])
  })
})

it.each([
  [400, '{"error":"invalid_client"}', 'refused', ' invalid_client'],
  [401, `{"error":"${SECRET} is wrong"}`, 'refused', ''],
  [500, 'oops', 'retry', ''],
  [200, '<html>', 'retry', ''],
])('an issuer that answers %i with %s leads to: %s', async (status, body, result, code) => {
  const other = await listen(async () => ({ status, body }))
  const tokenUrl = `${other.url}/token`
  expect(await send({ tokenUrl })).toMatchObject({
    result,
    message: `no access token: ${new URL(tokenUrl).host} answered ${status}${code}`,
  })
  await other.close()
})

it('a preview names the issuer in place of the token', () => {
  const options = { url: receiver.url, transport: { oauth2: oauth2() } }
  const preview = previewRequest(webhook, sampleMessage('t'), options, '1.2.3')
  expect(preview).toMatchObject({ headers: { authorization: `Bearer <access token of ${issuer.url}>` } })
  expect(JSON.stringify(preview)).not.toContain(SECRET)
})

describe('the option', () => {
  it.each(Object.keys(DESTINATION_TYPES))(
    '%s has it if it speaks HTTP and signs nothing itself',
    async (name) => {
      const type = await loadDestination(name)
      const { transport } = type.options.properties as { transport?: { properties: object } }
      const expected = !('send' in type) && !('sign' in type)
      expect(Object.hasOwn(transport?.properties ?? {}, 'oauth2')).toBe(expected)
    },
  )

  const transport = { oauth2: { tokenUrl: 'https://x', clientId: 'c', clientSecret: 's' } }
  it.each([
    ['servicenow', servicenow, { url: 'https://x' }, { token: 't' }],
    ['jira', jira, { url: 'https://x', projectKey: 'SOC' }, { personalAccessToken: 't' }],
  ])('takes the place of the credentials of %s', (_, type, options, own) => {
    const validate = new Ajv({ keywords: ['secret'], strict: true, strictRequired: false }).compile(
      type.options,
    )
    expect(validate({ ...options, transport })).toBe(true)
    expect(validate({ ...options, ...own, transport: { timeoutMs: 1_000 } })).toBe(true)
    expect(validate({ ...options, ...own, transport })).toBe(false)
    expect(validate({ ...options, transport: { timeoutMs: 1_000 } })).toBe(false)
  })
})
