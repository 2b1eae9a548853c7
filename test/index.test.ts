/** The public module: the names that a destination type of a user imports. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as signalbox from '../src/index.ts'

it('the public module exports these values and no others', () => {
  expect(Object.keys(signalbox).sort()).toEqual([
    'Bug',
    'PermanentError',
    'RetryableError',
    'UserError',
    'defineDestination',
    'isError',
    'messageOf',
  ])
})

it('the public module lists the name of each type that it exports', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'src', 'index.ts'), 'utf8')
  expect(text).not.toMatch(/export (?:type )?\*/)
  expect(text).toContain('type DestinationType')
})

it('a defined destination type has the shared options besides its own', () => {
  const type = signalbox.defineDestination<{ url: string }>({
    type: 'my-webhook',
    summary: 'My webhook',
    options: {
      type: 'object',
      properties: { url: { type: 'string', secret: true } },
      required: ['url'],
      additionalProperties: false,
    },
    request: ({ json }, { url }) => ({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: json,
    }),
    answers: { provider: 'the receiver', success: [{ status: [202] }], rules: [] },
  })
  expect(Object.keys(type.options.properties)).toEqual(['url', 'template', 'transport'])
})
