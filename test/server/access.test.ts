/** Who may do what: tokens with roles, people behind a proxy, and programs on this machine. */
import { describe, expect, it } from 'vitest'
import { tokenDigest } from '../../src/core/token-digest.ts'
import { type AccessRules, createAccess, NO_RULES } from '../../src/server/access/access.ts'

const RULES: AccessRules = {
  tokens: [
    { name: 'reader', role: 'viewer', digest: tokenDigest('token-of-the-reader'), expiresAt: null },
    { name: 'anna', role: 'operator', digest: tokenDigest('token-of-anna'), expiresAt: 2_000 },
    { name: 'shipper', role: 'ingest', digest: tokenDigest('token-of-the-shipper'), expiresAt: null },
  ],
  proxy: null,
}
const PROXY: AccessRules = {
  tokens: [],
  proxy: { header: 'x-forwarded-user', role: 'operator', isTrusted: (address) => address === '10.0.0.1' },
}

function accessWith(
  rules: AccessRules,
  { host = '127.0.0.1', file = null as string | null, now = 1_000 } = {},
) {
  return createAccess({ host, rules: () => rules, ingestToken: () => file, now: () => now })
}

function request(headers: Record<string, string>, ip = '127.0.0.1') {
  return { ip, headers: { host: 'localhost:8080', ...headers } }
}
const bearer = (token: string) => request({ authorization: `Bearer ${token}` })

describe('[SEC-3.3] a token', () => {
  it.each([
    ['token-of-the-reader', 'viewer', 'reader'],
    ['token-of-anna', 'viewer', 'anna'],
    ['token-of-anna', 'operator', 'anna'],
    ['token-of-the-shipper', 'ingest', 'shipper'],
    ['text-of-the-file', 'ingest', 'http-token-file'],
  ] as const)('%s has the role %s', (token, role, name) => {
    const access = accessWith(RULES, { file: 'text-of-the-file' })
    expect(access.authorize(bearer(token), role)).toMatchObject({ caller: { name, by: 'token' } })
  })

  it.each([
    ['token-of-the-reader', 'operator'],
    ['token-of-the-reader', 'ingest'],
    ['token-of-anna', 'ingest'],
    ['token-of-the-shipper', 'viewer'],
    ['text-of-the-file', 'viewer'],
  ] as const)('%s has not the role %s, and the refusal names that role', (token, role) => {
    const access = accessWith(RULES, { file: 'text-of-the-file' })
    expect(access.authorize(bearer(token), role)).toMatchObject({
      refusal: { status: 403, error: expect.stringContaining(`this needs the role ${role}`) },
    })
  })

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    'Basic token-of-anna',
    'token-of-anna',
    'Bearer token-of-anna x',
  ])('is not "%s"', (authorization) => {
    const access = accessWith(RULES)
    expect(access.authorize(request({ authorization }), 'viewer')).toMatchObject({ refusal: { status: 401 } })
  })

  it('is not valid from its end on', () => {
    expect(accessWith(RULES, { now: 1_999 }).ownerOf('token-of-anna')).toMatchObject({ name: 'anna' })
    expect(accessWith(RULES, { now: 2_000 }).ownerOf('token-of-anna')).toBeNull()
  })

  it('that is empty in the file lets no one in', () => {
    const access = accessWith(NO_RULES, { file: '' })
    expect(access.needsIngestToken).toBe(true)
    expect(access.authorize(bearer(''), 'ingest')).toMatchObject({ refusal: { status: 401 } })
    expect(access.authorize(request({}), 'viewer')).toMatchObject({ refusal: { status: 401 } })
  })
})

describe('[SEC-3.4] a person behind a proxy', () => {
  const named = (name: string, headers: Record<string, string> = {}, ip = '10.0.0.1') =>
    accessWith(PROXY, { host: '0.0.0.0' }).authorize(
      request({ 'x-forwarded-user': name, ...headers }, ip),
      'operator',
    )

  it('is the one that the header of a trusted proxy names', () => {
    expect(named('anna@example.com')).toEqual({
      caller: { name: 'anna@example.com', role: 'operator', by: 'proxy' },
    })
  })

  it('is not believed from another address', () => {
    expect(named('anna', {}, '10.0.0.2')).toMatchObject({ refusal: { status: 401 } })
    expect(named('anna', {}, '::1')).toMatchObject({ refusal: { status: 401 } })
  })

  it.each(['', ' ', 'a'.repeat(65), '<b>', 'a\u202eb', 'anna, bert', "x'", '-'])(
    'is not named "%s"',
    (name) => {
      expect(named(name)).toMatchObject({ refusal: { status: 401 } })
    },
  )

  it.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ])('does not act by a page of another site: %o', (headers) => {
    expect(named('anna', headers)).toMatchObject({ refusal: { status: 403 } })
  })

  it('acts by a page of the same address', () => {
    const own = {
      'sec-fetch-site': 'same-origin',
      host: 'soc.example.com',
      origin: 'https://soc.example.com',
    }
    expect(named('anna', own)).toMatchObject({ caller: { name: 'anna' } })
  })
})

describe('without any token', () => {
  const ask = (headers: Record<string, string>, { ip = '127.0.0.1', host = '127.0.0.1' } = {}) =>
    accessWith(NO_RULES, { host }).authorize(request(headers, ip), 'operator')

  it('a program on this machine may do everything that an operator may', () => {
    expect(ask({})).toEqual({ caller: { name: 'local', role: 'operator', by: 'loopback' } })
    expect(ask({ host: '[::1]:8080' }, { ip: '::1', host: '::1' })).toMatchObject({
      caller: { name: 'local' },
    })
    expect(ask({ origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' })).toMatchObject({
      caller: { name: 'local' },
    })
  })

  it.each([
    [{ host: 'signalbox.example.com' }, {}],
    [{}, { host: '0.0.0.0', ip: '10.0.0.1' }],
    [{}, { ip: '10.0.0.1' }],
    [{ 'x-forwarded-for': '10.0.0.1' }, {}],
    [{ via: '1.1 proxy' }, {}],
  ] as const)('others need one: %o %o', (headers, where) => {
    expect(ask(headers, where)).toMatchObject({ refusal: { status: 401 } })
  })

  it.each<Record<string, string>>([
    { origin: 'http://localhost:9090' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ])('a page of another site may do nothing: %o', (headers) => {
    expect(ask(headers)).toMatchObject({ refusal: { status: 403 } })
  })

  it('a token of any role ends the access without one', () => {
    for (const token of RULES.tokens) {
      const access = accessWith({ tokens: [token], proxy: null })
      expect(access.authorize(request({}), 'viewer')).toMatchObject({ refusal: { status: 401 } })
    }
  })
})
