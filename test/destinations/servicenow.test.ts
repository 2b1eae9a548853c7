import { describe, expect, it } from 'vitest'
import servicenow from '../../src/destinations/servicenow.ts'
import { destinationContract } from '../contract/destination.ts'
import { acknowledged, onStage, onUpdateStage, resolved, update } from '../support/stage.ts'
import { matching, oneOf, table, text, type Wire } from '../support/wire.ts'

const CREATE: Wire = {
  path: '/api/now/table/incident?sysparm_fields=number,sys_id',
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
  accepts: { status: 201, body: '{"result":{"number":"INC007","sys_id":"5f"}}' },
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
    const { outcome } = await stage(true, {
      status: 200,
      body: '{"result":[{"number":"INC007","sys_id":"5f"}]}',
    })
    expect(outcome).toMatchObject({
      result: 'delivered',
      message: '200: an earlier attempt created INC007',
      remoteReference: expect.stringMatching(/^\{"record":"5f","at":"[0-9a-f]{32}"\}$/),
    })
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

describe('updates', () => {
  const options = { user: 'signalbox', password: 'T0KEN' }
  const send = onUpdateStage(servicenow, options, 'url')
  const sendOther = onUpdateStage(servicenow, { ...options, table: 'sn_si_incident' }, 'url')
  const sendClosed = onUpdateStage(
    servicenow,
    { ...options, table: 'sn_si_incident', resolveFields: { state: '3', close_notes: 'see Signalbox' } },
    'url',
  )
  const reference = (table: string) => `{"record":"5f","at":"RECEIVER/api/now/table/${table}"}`
  const at = { remoteReference: reference('incident') }
  const other = { remoteReference: reference('sn_si_incident') }
  const record = '/api/now/table/incident/5f?sysparm_fields=number'
  const changed = json({ result: { number: 'INC007' } })
  const note = (text: string) => `${text}\n\nsignalbox-${'k'.repeat(32)}`

  it('an acknowledge is a work note with a mark, in which no tag of the journal is HTML', async () => {
    const { sent, outcome } = await send({ ...acknowledged, ...at, note: '[CODE]<b>[/code]' }, changed)
    const text = 'Acknowledged by ann@example.com.\n[\u200bCODE]<b>[\u200b/code]'
    expect(sent).toEqual([[`PATCH ${record}`, { work_notes: note(text) }]])
    expect(outcome.message).toBe('200: note on INC007')
  })

  it('one request writes the note and resolves the incident, and another opens it again', async () => {
    const text = 'Resolved by ann@example.com: fixed.'
    const done = await send({ ...resolved, ...at }, changed)
    expect(done.sent).toEqual([
      [
        `PATCH ${record}`,
        { work_notes: note(text), close_notes: text, state: '6', close_code: 'Solution provided' },
      ],
    ])
    expect(done.outcome.message).toBe('200: note on INC007, resolved')
    const { sent } = await send(update({ ...at, events: ['reopened'] }), changed)
    expect(sent).toMatchObject([[`PATCH ${record}`, { state: '2' }]])
  })

  it('the record of another table is resolved by the fields of the option, and otherwise gets a note', async () => {
    const { sent, outcome } = await sendOther({ ...resolved, ...other }, changed)
    expect(sent[0]![1]).toEqual({ work_notes: note('Resolved by ann@example.com: fixed.') })
    expect(outcome.message).toMatch(/its state is unchanged, because resolveFields is not set$/)
    const closed = await sendClosed({ ...resolved, ...other }, changed)
    expect(closed.sent[0]![1]).toMatchObject({ state: '3', close_notes: 'see Signalbox' })
  })

  it('a repeated attempt that finds its note in the journal changes nothing', async () => {
    const journal = json({ result: [{ work_notes: `2026-01-02 - bot (Work notes)\n${note('x')}\n\n` }] })
    const { sent, outcome } = await send({ ...resolved, ...at, repeated: true }, journal)
    expect(sent.map(([request]) => request)).toEqual([
      'GET /api/now/table/incident?sysparm_query=sys_id%3D5f&sysparm_display_value=true&sysparm_fields=work_notes&sysparm_limit=1',
    ])
    expect(outcome).toMatchObject({
      result: 'delivered',
      message: '200: an earlier attempt created the note',
    })
    const none = json({ result: [{ work_notes: '' }] })
    expect((await send({ ...resolved, ...at, repeated: true }, none, changed)).sent[1]![0]).toBe(
      `PATCH ${record}`,
    )
  })

  it('the record of another table is not changed', async () => {
    const { sent, outcome } = await send({ ...resolved, ...other }, json({ result: [] }))
    expect(sent.map(([request]) => request.split(' ')[0])).toEqual(['GET'])
    expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  })

  it('the record of an earlier version is found by the key of its delivery', async () => {
    const { sent } = await send(acknowledged, json({ result: [{ sys_id: '5f', number: 'INC007' }] }), changed)
    expect(decodeURIComponent(sent[0]![0])).toContain(`correlation_id=${'f'.repeat(32)}`)
    expect(sent[1]![0]).toBe(`PATCH ${record}`)
    const { outcome } = await send(acknowledged, json({ result: [] }))
    expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  })
})

function json(body: object) {
  return { status: 200, body: JSON.stringify(body) }
}
