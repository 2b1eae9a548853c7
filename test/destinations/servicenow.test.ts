import { describe, expect, it } from 'vitest'
import servicenow from '../../src/destinations/servicenow.ts'
import { destinationContract } from '../contract/destination.ts'
import { onStage } from '../support/stage.ts'
import { matching, oneOf, table, text, type Wire } from '../support/wire.ts'

const CREATE: Wire = {
  path: '/api/now/table/incident?sysparm_fields=number',
  headers: { authorization: /^(?:Basic|Bearer) / },
  body: table({
    category: text(),
    subcategory: text(),
    urgency: oneOf('1', '2', '3'),
    impact: oneOf('1', '2', '3'),
    'assignment_group?': text(),
    short_description: { ...matching('^[^\\n\\r]+$'), maxLength: 160 },
    description: text(4_000),
    correlation_id: text(100),
    correlation_display: text(100),
  }),
}
const SEARCH: Wire = { method: 'GET', path: /^\/api\/now\/table\/incident\?sysparm_query=correlation_id%3D/ }
const OPTIONS = { user: 'signalbox', password: 'T0KEN-of-now', fields: { assignment_group: 'SOC' } }

destinationContract('servicenow', {
  options: (url) => ({ url, ...OPTIONS }),
  accepts: { status: 201, body: '{"result":{"number":"INC007"}}' },
  errorAnswer: ({ status, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ error: { message: text, detail: null }, status: 'failure' }),
  }),
  lookUp: true,
  secrets: ['T0KEN-of-now'],
  cuts: /^short description cut from \d+ to 160 characters; description cut from \d+ to 4000 characters$/,
  wires: [CREATE, SEARCH],
  meanings: [
    [
      '201, created',
      { status: 201, body: '{"result":{"number":"INC007"}}' },
      { result: 'delivered', message: '201: created INC007' },
    ],
  ],
})

describe('an attempt that may have been carried out', () => {
  const stage = onStage(servicenow, OPTIONS, 'url')

  it('an attempt that may have been carried out is searched for first', async () => {
    const { outcome } = await stage(true, { status: 200, body: '{"result":[{"number":"INC007"}]}' })
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: an earlier attempt created INC007' })
  })

  it('the incident is created if it is not found, with the text by which it can be found', async () => {
    const { requests } = await stage(
      true,
      { status: 200, body: '{"result":[]}' },
      { status: 201, body: '{}' },
    )
    const { searchParams } = new URL(requests[0]!.path, 'http://x')
    expect(searchParams.get('sysparm_query')).toBe(`correlation_id=${'k'.repeat(32)}`)
    expect(JSON.parse(requests[1]!.body).correlation_id).toBe('k'.repeat(32))
  })
})
