import { describe, expect, it } from 'vitest'
import asana from '../../src/destinations/asana.ts'
import { destinationContract } from '../contract/destination.ts'
import { acknowledged, onStage, onUpdateStage, resolved, update } from '../support/stage.ts'
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
      message: '200: an earlier attempt created task 1',
      remoteReference: expect.stringContaining('{"task":"1","at":"'),
    })
    expect(requests).toHaveLength(1)
  })

  it('the task is created if it is not found, with the text by which it can be found', async () => {
    const { requests } = await stage(true, { status: 200, body: '{"data":[]}' }, { status: 201, body: '{}' })
    expect(JSON.parse(requests[1]!.body).data.notes).toMatch(new RegExp(`\\n\\nsignalbox-${'k'.repeat(32)}$`))
  })

  it('the look-up reads the next page if the task is not on the first', async () => {
    const first = json({ data: [{ gid: '1', notes: '' }], next_page: { offset: 'a b' } })
    const second = json({ data: [{ gid: '2', notes: `signalbox-${'k'.repeat(32)}` }], next_page: null })
    const { outcome, requests } = await stage(true, first, second)
    expect(outcome.message).toBe('200: an earlier attempt created task 2')
    expect(requests[1]!.path).toBe(`${requests[0]!.path}&offset=a+b`)
  })

  it('the look-up ends after ten pages, and the receipt says that the task may be there twice', async () => {
    const page = json({ data: [], next_page: { offset: 'more' } })
    const pages = Array.from({ length: 10 }, () => page)
    const { outcome } = await stage(true, ...pages, json({ data: { gid: '8' } }, 201))
    expect(outcome.message).toMatch(/^201: created task 8; .*may be there twice: .*too long/)
  })
})

describe('updates', () => {
  const send = onUpdateStage(asana, OPTIONS)
  const at = { remoteReference: '{"task":"7","at":"RECEIVER"}' }
  const mark = `signalbox-${'k'.repeat(32)}`
  const created = json({ data: { gid: '99' } }, 201)
  const done = json({ data: { gid: '7' } })

  it('an acknowledge is a comment with a mark', async () => {
    const { sent, outcome } = await send({ ...acknowledged, ...at }, created)
    const text = `Acknowledged by ann@example.com.\non it\n\n${mark}`
    expect(sent).toEqual([['POST /tasks/7/stories', { data: { text } }]])
    expect(outcome.message).toBe('201: comment 99 on task 7')
  })

  it('a resolve completes the task, and a reopen does the contrary', async () => {
    const closed = await send({ ...resolved, ...at }, created, done)
    expect(closed.sent[1]).toEqual(['PUT /tasks/7', { data: { completed: true } }])
    expect(closed.outcome.message).toBe('201: comment 99 on task 7; set the state of task 7')
    const opened = await send(update({ ...at, events: ['reopened'] }), created, done)
    expect(opened.sent[1]).toEqual(['PUT /tasks/7', { data: { completed: false } }])
  })

  it('a repeated attempt looks for its comment on all pages, and completes the task', async () => {
    const first = json({ data: [{ text: 'x' }], next_page: { offset: 'o2' } })
    const second = json({ data: [{ text: `x\n\n${mark}` }], next_page: null })
    const { sent } = await send({ ...resolved, ...at, repeated: true }, first, second, done)
    expect(sent.map(([request]) => request)).toEqual([
      'GET /tasks/7/stories?opt_fields=text&limit=100',
      'GET /tasks/7/stories?opt_fields=text&limit=100&offset=o2',
      'PUT /tasks/7',
    ])
  })

  it('the task of an earlier version is found by its mark', async () => {
    const found = json({
      data: [
        { gid: '6', notes: '"gid":"1"' },
        { gid: '7', notes: `signalbox-${'f'.repeat(32)}` },
        { gid: '8', notes: '' },
      ],
    })
    expect((await send(acknowledged, found, created)).sent[1]![0]).toBe('POST /tasks/7/stories')
    const { outcome } = await send(acknowledged, json({ data: [] }))
    expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  })
})

function json(body: object, status = 200) {
  return { status, body: JSON.stringify(body) }
}
