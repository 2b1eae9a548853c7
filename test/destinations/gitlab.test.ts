import { describe, expect, it } from 'vitest'
import gitlab from '../../src/destinations/gitlab.ts'
import { destinationContract } from '../contract/destination.ts'
import { onStage, previewBody } from '../support/stage.ts'
import { matching, oneOf, table, text, type Wire } from '../support/wire.ts'

const CREATE: Wire = {
  path: '/api/v4/projects/security%2Falerts/issues',
  headers: { 'private-token': 'T0KEN-of-lab' },
  body: table({
    title: { ...matching('^[^\\n\\r]+$'), maxLength: 255 },
    description: text(1_048_576),
    issue_type: oneOf('issue', 'incident'),
    'labels?': text(),
    'confidential?': { type: 'boolean' },
  }),
}
const SEARCH: Wire = {
  method: 'GET',
  path: /^\/api\/v4\/projects\/security%2Falerts\/issues\?search=signalbox-/,
}
const OPTIONS = { project: 'security/alerts', token: 'T0KEN-of-lab', labels: ['a', 'b'], confidential: true }

destinationContract('gitlab', {
  options: (url) => ({ url, ...OPTIONS }),
  accepts: { status: 201, body: '{"id":99,"iid":7}' },
  retriedStatuses: [409],
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ message: { [code]: [text] } }),
  }),
  lookUp: true,
  secrets: ['T0KEN-of-lab'],
  cuts: /^title cut from \d+ to 255 characters$/,
  wires: [CREATE, SEARCH],
  meanings: [
    [
      '201, created',
      { status: 201, body: '{"id":99,"iid":7}' },
      { result: 'delivered', message: '201: created #7' },
    ],
  ],
})

describe('an attempt that may have been carried out', () => {
  const stage = onStage(gitlab, OPTIONS, 'url')

  it('an attempt that may have been carried out is searched for first', async () => {
    const { outcome } = await stage(true, { status: 200, body: '[{"id":99,"iid":7}]' })
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: an earlier attempt created #7' })
  })

  it('the issue is created if it is not found, with the text by which it can be found', async () => {
    const { requests } = await stage(true, { status: 200, body: '[]' }, { status: 201, body: '{"iid":8}' })
    expect(new URL(requests[0]!.path, 'http://x').searchParams.get('search')).toBe(
      `signalbox-${'k'.repeat(32)}`,
    )
    expect(JSON.parse(requests[1]!.body).description).toContain(`signalbox-${'k'.repeat(32)}`)
  })
})

it('no quick action of an alert is run', () => {
  const { description } = previewBody(gitlab, { description: 'x\n/close\n/assign @root' }, OPTIONS)
  expect(description).not.toMatch(/^\//m)
  expect(description).not.toContain('@root')
})
