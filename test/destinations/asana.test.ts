import { describe, expect, it } from 'vitest'
import asana from '../../src/destinations/asana.ts'
import { destinationContract } from '../contract/destination.ts'
import { onStage } from '../support/stage.ts'
import { listOf, matching, table, text, type Wire } from '../support/wire.ts'

const CREATE: Wire = {
  path: '/tasks',
  headers: { authorization: 'Bearer T0KEN-of-asana' },
  body: table({
    data: table({
      name: text(1_024),
      notes: text(65_535),
      projects: listOf(matching('^\\d+$'), { minItems: 1 }),
      'assignee?': text(),
    }),
  }),
}
const LIST: Wire = { method: 'GET', path: /^\/tasks\?project=12&modified_since=\d{4}/ }
const OPTIONS = {
  personalAccessToken: 'T0KEN-of-asana',
  projectGids: ['12', '34'],
  assignee: 'soc@example.com',
}

destinationContract('asana', {
  options: (apiUrl) => ({ apiUrl, ...OPTIONS }),
  accepts: { status: 201, body: '{"data":{"gid":"99"}}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ errors: [{ message: code ? `${code}: ${text}` : text }] }),
  }),
  lookUp: true,
  secrets: ['T0KEN-of-asana'],
  cuts: /^name cut from \d+ to 1024 characters; notes cut from \d+ to \d+ characters$/,
  wires: [CREATE, LIST],
  meanings: [
    [
      '201, created',
      { status: 201, body: '{"data":{"gid":"99"}}' },
      { result: 'delivered', message: '201: created task 99' },
    ],
  ],
})

describe('an attempt that may have been carried out', () => {
  const stage = onStage(asana, OPTIONS)

  it('an attempt that may have been carried out is searched for first, also in a truncated response', async () => {
    const body = `{"data":[{"gid":"1","notes":"x\\n\\nsignalbox-${'k'.repeat(32)}"},{"gid":"2","not`
    const { outcome, requests } = await stage(true, { status: 200, body })
    expect(outcome).toMatchObject({
      result: 'delivered',
      message: '200: an earlier attempt created the task',
    })
    expect(requests).toHaveLength(1)
  })

  it('the task is created if it is not found, with the text by which it can be found', async () => {
    const { requests } = await stage(true, { status: 200, body: '{"data":[]}' }, { status: 201, body: '{}' })
    expect(JSON.parse(requests[1]!.body).data.notes).toMatch(new RegExp(`\\n\\nsignalbox-${'k'.repeat(32)}$`))
  })
})
