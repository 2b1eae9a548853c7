import { describe, expect, it } from 'vitest'
import { maskSecrets, secretRedactor } from '../../../src/delivery/http/redaction.ts'
import type { OptionsSchema } from '../../../src/destinations/_destination.ts'
import { envReference } from '../../support/secrets.ts'

const schema: OptionsSchema = {
  type: 'object',
  properties: {
    url: { type: 'string', secret: true },
    headers: { type: 'object', additionalProperties: { type: 'string', secret: true } },
    login: { type: 'object', secret: true, properties: { user: { type: 'string' } } },
    tokens: { type: 'array', items: { type: 'string', secret: true } },
    channel: { type: 'string' },
  },
  additionalProperties: false,
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('secretRedactor', () => {
  const redact = secretRedactor(schema, {
    url: 'https://me:pass-word@example.com/services/T000000B0000X?sig=abcdefghijkl',
    headers: { a: 'header-key', b: 'on' },
    login: { user: 'login-user' },
    tokens: ['token-longer', 'token-'],
    channel: 'the-channel',
  })

  it.each([
    ['at https://me:pass-word@example.com/services/T000000B0000X?sig=abcdefghijkl!', 'at <secret>!'],
    ['cannot POST /services/T000000B0000X?sig=abcdefghijkl', 'cannot POST <secret>'],
    ['no T000000B0000X, no abcdefghijkl', 'no <secret>, no <secret>'],
    ['pass-word header-key login-user', '<secret> <secret> <secret>'],
    ['token-longer', '<secret>'],
    ['the-channel is on at example.com', 'the-channel is on at example.com'],
    [`AUTH PLAIN ${base64('\0me\0token-longer')} was not taken`, 'AUTH PLAIN <secret> was not taken'],
    [`but ${base64('the-channel')} stays`, `but ${base64('the-channel')} stays`],
  ])('%s', (text, redacted) => expect(redact(text)).toBe(redacted))

  it('[DEL-10.5] secrets within base64 and lines of a key file are removed', () => {
    const key = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\nggSjAgEAAoIBAQC7VJTUt9Us8cKj\n'
    const forms = [key, JSON.stringify({ type: 'service_account', private_key: key })]
    for (const url of forms) {
      const redacted = secretRedactor(schema, { url })(
        `cannot read ggSjAgEAAoIBAQC7VJTUt9Us8cKj of ${base64(url)}`,
      )
      expect(redacted).toBe('cannot read <secret> of <secret>')
    }
  })
})

describe('maskSecrets', () => {
  it('references, values that are not secrets and the origin of a URL are kept', () => {
    const options = {
      url: 'https://me:pass@example.com:8443/services/T0?sig=1',
      headers: { a: envReference('A'), b: `Bearer ${envReference('B')}`, c: 'literal' },
      login: { user: 'service' },
      tokens: ['one', 'two'],
      channel: 'the-channel',
    }
    expect(maskSecrets(schema, options)).toEqual({
      url: 'https://example.com:8443/<secret>',
      headers: { a: envReference('A'), b: `Bearer ${envReference('B')}`, c: '<secret>' },
      login: { user: '<secret>' },
      tokens: ['<secret>', '<secret>'],
      channel: 'the-channel',
    })
  })
})
