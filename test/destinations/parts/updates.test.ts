/** What the types send for updates, and what a repeated attempt sends. */
import { describe, expect, it } from 'vitest'
import github from '../../../src/destinations/github.ts'
import gitlab from '../../../src/destinations/gitlab.ts'
import incidentio from '../../../src/destinations/incidentio.ts'
import jira from '../../../src/destinations/jira.ts'
import jsm from '../../../src/destinations/jsm.ts'
import opsgenie from '../../../src/destinations/opsgenie.ts'
import slack from '../../../src/destinations/slack.ts'
import victorops from '../../../src/destinations/victorops.ts'
import { acknowledged, onUpdateStage, resolved, update } from '../../support/stage.ts'

const KEY = 'k'.repeat(32)
const FIRST = 'f'.repeat(32)
const json = (body: object, status = 200) => ({ status, body: JSON.stringify(body) })
const repeated = <T extends object>(details: T) => ({ ...details, repeated: true })

describe('slack', () => {
  const send = onUpdateStage(slack, { botToken: 'xoxb-T0KEN', channel: 'C1' })
  const at = { remoteReference: '{"channel":"C1","ts":"1.5"}' }
  const posted = json({ ok: true, channel: 'C1', ts: '2.5' })
  const edited = json({ ok: true, channel: 'C1', ts: '1.5', text: '' })
  const answer = (text: string) => ({
    channel: 'C1',
    thread_ts: '1.5',
    text,
    metadata: {
      event_type: 'signalbox_alert',
      event_payload: { alert_id: 'a1e27ab1e0fa11ed5b1eda0d0be5ca1e', idempotency_key: KEY },
    },
  })
  const title = 'New Alert: Root user signed in to account 123456789012'

  it('a comment and a repetition are answers in the thread of the message', async () => {
    const note = 'see <https://x|y> & <!channel>'
    const said = update({ ...at, events: ['repeated', 'commented'], eventCount: 7, note })
    const { sent, outcome } = await send(said, posted)
    const text =
      'The alert has 7 events now.\nComment by ann@example.com:\nsee &lt;https://x|y&gt; &amp; &lt;!channel&gt;'
    expect(sent).toEqual([['POST /chat.postMessage', answer(text)]])
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: posted 2.5 in C1' })
  })

  it('a channel that was redacted in the answer is that of the options', async () => {
    const { sent } = await send(
      { ...resolved, remoteReference: '{"channel":"<secret>","ts":"1.5"}' },
      posted,
      edited,
    )
    expect(sent).toMatchObject([
      ['POST /chat.postMessage', { channel: 'C1', thread_ts: '1.5' }],
      ['POST /chat.update', { channel: 'C1', ts: '1.5' }],
    ])
  })

  it('a change of the status is an answer, and the message is edited', async () => {
    const { sent, outcome } = await send({ ...resolved, ...at }, posted, edited)
    expect(sent).toMatchObject([
      ['POST /chat.postMessage', answer('Resolved by ann@example.com: fixed.')],
      ['POST /chat.update', { channel: 'C1', ts: '1.5', attachments: [{ title: `[Resolved] ${title}` }] }],
    ])
    expect(outcome.message).toBe('200: posted 2.5 in C1, edited 1.5')
  })

  it('an escalation changes the colour of the message', async () => {
    const { sent } = await send(
      update({ ...at, events: ['escalated'], severity: 'CRITICAL' }),
      posted,
      edited,
    )
    expect(sent[1]).toMatchObject(['POST /chat.update', { attachments: [{ title, color: '#425a70' }] }])
  })

  it('a repeated attempt looks for its answer first, and does not post it again', async () => {
    const answers = json({ ok: true, messages: [{ ts: '2.5', metadata: answer('').metadata }] })
    const { sent } = await send(repeated({ ...acknowledged, ...at }), answers, edited)
    expect(sent.map(([request]) => request)).toEqual([
      'GET /conversations.replies?channel=C1&ts=1.5&oldest=1767323045&limit=100&include_all_metadata=true',
      'POST /chat.update',
    ])
  })

  it('a repeated attempt that may not read the thread posts, and says that it may be there twice', async () => {
    const { sent, outcome } = await send(
      repeated({ ...acknowledged, ...at }),
      json({ ok: false, error: 'missing_scope' }),
      posted,
      edited,
    )
    expect(sent).toHaveLength(3)
    expect(outcome.message).toMatch(/may be there twice: 200, but Slack reports: missing_scope/)
  })

  it('a message that cannot be edited any more keeps its answer', async () => {
    const refused = json({ ok: false, error: 'message_not_found' })
    const { outcome } = await send({ ...acknowledged, ...at }, posted, refused)
    expect(outcome).toMatchObject({ result: 'delivered' })
    expect(outcome.message).toMatch(/the message is not edited: .*message_not_found/)
  })

  it('a message that is not known, or is that of another type, is refused', async () => {
    for (const remoteReference of [null, '{"message":"55"}']) {
      const { outcome, sent } = await send({ ...acknowledged, remoteReference })
      expect([outcome, sent]).toMatchObject([{ result: 'refused', scope: 'delivery' }, []])
    }
  })

  it('an incoming webhook has no updates', () => {
    expect(slack).toMatchObject({ type: 'slack' })
    const support = 'send' in slack ? undefined : slack.updates
    expect(support?.unavailable?.({ webhookUrl: 'https://hooks.example.com' } as never)).toMatch(/webhook/)
    expect(support?.unavailable?.({ botToken: 'x', channel: 'C1' } as never)).toBeUndefined()
  })
})

describe('jira', () => {
  const options = { user: 'bot@example.com', apiToken: 'T0KEN', projectKey: 'SOC' }
  const send = onUpdateStage(jira, options, 'url')
  const sendNamed = onUpdateStage(jira, { ...options, resolveTransition: 'close issue' }, 'url')
  const at = { remoteReference: '{"key":"SOC-7","at":"RECEIVER"}' }
  const issue = '/rest/api/2/issue/SOC-7'
  const created = json({ id: '10100' }, 201)
  const open = json({ fields: { status: { statusCategory: { key: 'new' } } } })
  const done = json({ fields: { status: { statusCategory: { key: 'done' } } } })
  const transitions = json({
    transitions: [
      { id: '11', name: 'Start', to: { statusCategory: { key: 'indeterminate' } } },
      { id: '31', name: 'Finish', to: { statusCategory: { key: 'done' } } },
      { id: '41', name: 'Close Issue', to: { statusCategory: { key: 'done' } } },
    ],
  })
  const comment = (text: string) => [`POST ${issue}/comment`, { body: `${text}\n\nsignalbox-${KEY}` }]

  it('an acknowledge is a comment with a mark', async () => {
    const { sent, outcome } = await send({ ...acknowledged, ...at, note: 'h1. *on it*' }, created)
    const text = 'Acknowledged by ann@example.com.\n\u200bh1. \\*on it\\*'
    expect(sent).toEqual([comment(text)])
    expect(outcome.message).toBe('201: comment 10100 on SOC-7')
  })

  it('a resolve is a comment and the first transition to a status that is done', async () => {
    const { sent, outcome } = await send({ ...resolved, ...at }, created, open, transitions, { status: 204 })
    expect(sent).toEqual([
      comment('Resolved by ann@example.com: fixed.'),
      [`GET ${issue}?fields=status`, null],
      [`GET ${issue}/transitions`, null],
      [`POST ${issue}/transitions`, { transition: { id: '31' } }],
    ])
    expect(outcome.message).toBe('201: comment 10100 on SOC-7; transition Finish')
  })

  it('a transition that another request disturbs is retried', async () => {
    const conflict = json({ errorMessages: ['another transition is under way'], errors: {} }, 409)
    const { outcome } = await send({ ...resolved, ...at }, created, open, transitions, conflict)
    expect(outcome).toMatchObject({ result: 'retry', status: 409 })
    expect(outcome.message).toMatch(/^409: another transition is under way \(another request changes/)
  })

  it('the option names the transition', async () => {
    const { sent } = await sendNamed({ ...resolved, ...at }, created, open, transitions, { status: 204 })
    expect(sent.at(-1)).toEqual([`POST ${issue}/transitions`, { transition: { id: '41' } }])
  })

  it('an issue that is done gets the comment alone', async () => {
    const { sent, outcome } = await send({ ...resolved, ...at }, created, done)
    expect(sent).toHaveLength(2)
    expect(outcome.message).toMatch(/SOC-7 is done already$/)
  })

  it('a workflow without a way to done is a refusal that names the option', async () => {
    const { outcome } = await send({ ...resolved, ...at }, created, open, json({ transitions: [] }))
    expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
    expect(outcome.message).toMatch(/no transition of SOC-7 leads to .*resolveTransition/)
  })

  it('a repeated attempt does what the one before it did not do', async () => {
    const comments = json({ comments: [{ id: '10100', body: `…\n\nsignalbox-${KEY}` }] })
    const { sent } = await send(repeated({ ...resolved, ...at }), comments, open, transitions, {
      status: 204,
    })
    expect(sent.map(([request]) => request)).toEqual([
      `GET ${issue}/comment?orderBy=-created&maxResults=50`,
      `GET ${issue}?fields=status`,
      `GET ${issue}/transitions`,
      `POST ${issue}/transitions`,
    ])
  })

  it('the issue of an earlier version is found by its mark', async () => {
    const { sent } = await send(acknowledged, json({ issues: [{ key: 'SOC-7' }] }), created)
    expect(decodeURIComponent(sent[0]![0])).toContain(`labels+=+"signalbox-${FIRST}"`)
    expect(sent[1]![0]).toBe(`POST ${issue}/comment`)
    const { outcome } = await send(acknowledged, json({ issues: [] }))
    expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  })
})

describe.each([
  {
    name: 'github',
    type: github,
    options: { repository: 'acme/soc', token: 'T' },
    address: 'apiUrl',
    path: '/repos/acme/soc/issues/7',
    comments: 'comments',
    looksFrom: ['2026-01-02T03:04:05.000Z', null],
    close: ['PATCH', { state: 'closed' }],
    reopen: ['PATCH', { state: 'open' }],
    done: json({ number: 7 }),
    found: json({ items: [{ number: 7 }] }),
    none: json({ items: [] }),
  },
  {
    name: 'gitlab',
    type: gitlab,
    options: { project: 'acme/soc', token: 'T' },
    address: 'url',
    path: '/api/v4/projects/acme%2Fsoc/issues/7',
    comments: 'notes',
    looksFrom: [null, 'desc'],
    close: ['PUT', { state_event: 'close' }],
    reopen: ['PUT', { state_event: 'reopen' }],
    done: json({ iid: 7 }),
    found: json([{ iid: 7 }]),
    none: json([]),
  },
] as const)('$name', ({ type, options, address, path, comments, looksFrom, ...rest }) => {
  const { close, reopen, done, found, none } = rest
  const send = onUpdateStage(type, options, address)
  const reference = (container: string) => `{"issue":"7","at":"RECEIVER${container}"}`
  const at = { remoteReference: reference(path.slice(0, -2)) }
  const created = json({ id: 99 }, 201)
  const comment = (text: string) => [
    `POST ${path}/${comments}`,
    { body: `${text}\n\n<!-- signalbox-${KEY} -->` },
  ]

  it('an acknowledge is a comment with a mark', async () => {
    const { sent, outcome } = await send({ ...acknowledged, ...at, note: '' }, created)
    expect(sent).toEqual([comment('Acknowledged by ann@\u200bexample.com.')])
    expect(outcome.message).toBe('201: comment 99 on #7')
  })

  it('a resolve closes the issue, and a reopen opens it', async () => {
    const closed = await send({ ...resolved, ...at }, created, done)
    expect(closed.sent[1]).toEqual([`${close[0]} ${path}`, close[1]])
    expect(closed.outcome.message).toBe('201: comment 99 on #7; set the state of #7')
    const opened = await send(update({ ...at, events: ['reopened'] }), created, done)
    expect(opened.sent[1]).toEqual([`${reopen[0]} ${path}`, reopen[1]])
  })

  it('a repeated attempt finds its comment, and closes the issue', async () => {
    const mine = json([{ id: 99, body: `x <!-- signalbox-${KEY} -->` }])
    const { sent } = await send(repeated({ ...resolved, ...at }), mine, done)
    expect(sent.map(([request]) => request.split('?')[0])).toEqual([
      `GET ${path}/${comments}`,
      `${close[0]} ${path}`,
    ])
  })

  it('a repeated attempt looks at comments that are at least as old as the first attempt', async () => {
    const { sent } = await send(repeated({ ...acknowledged, ...at }), none, created)
    const query = new URLSearchParams(sent[0]![0].split('?')[1])
    expect([query.get('since'), query.get('sort')]).toEqual(looksFrom)
  })

  it('an issue of the same number in another repository, or of another type, is not touched', async () => {
    for (const container of ['/repos/acme/other/issues', '/api/v4/projects/acme%2Fother/issues', '']) {
      const { sent, outcome } = await send({ ...resolved, remoteReference: reference(container) }, none)
      expect(sent.map(([request]) => request.split(' ')[0])).toEqual(['GET'])
      expect(sent[0]![0]).toContain(`signalbox-${FIRST}`)
      expect(outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
    }
  })

  it('the issue of an earlier version is found by its mark', async () => {
    const { sent } = await send({ ...acknowledged, note: '' }, found, created)
    expect(sent[0]![0]).toContain(`signalbox-${FIRST}`)
    expect(sent[1]![0]).toBe(`POST ${path}/${comments}`)
    expect((await send(acknowledged, none)).outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  })
})

describe.each([
  ['opsgenie', opsgenie],
  ['jsm', jsm],
] as const)('%s', (_, type) => {
  const send = onUpdateStage(type, { apiKey: 'K' })
  const accepted = json({ result: 'Request will be processed', requestId: 'r-1' }, 202)

  it('an acknowledge and a close lead to the alert by its alias', async () => {
    const note = 'Acknowledged by ann@example.com.\non it'
    expect((await send(acknowledged, accepted)).sent).toEqual([
      [`POST /v2/alerts/${FIRST}/acknowledge?identifierType=alias`, { source: 'Signalbox', note }],
    ])
    expect((await send(resolved, accepted)).sent).toEqual([
      [
        `POST /v2/alerts/${FIRST}/close?identifierType=alias`,
        { source: 'Signalbox', note: 'Resolved by ann@example.com: fixed.' },
      ],
    ])
  })
})

describe('victorops', () => {
  const send = onUpdateStage(victorops, { apiKey: 'K', routingKey: 'soc' })
  const accepted = json({ result: 'success', entity_id: FIRST })

  it('an acknowledge and a recovery lead to the incident of the alert', async () => {
    const types = [await send(acknowledged, accepted), await send(resolved, accepted)]
    expect(types.map(({ sent }) => sent[0])).toMatchObject([
      ['POST /K/soc', { message_type: 'ACKNOWLEDGEMENT', entity_id: FIRST }],
      ['POST /K/soc', { message_type: 'RECOVERY', entity_id: FIRST }],
    ])
  })
})

describe('incidentio', () => {
  const send = onUpdateStage(incidentio, { alertSourceConfigId: '01G', token: 'T' })

  it('a resolve has the key of the alert', async () => {
    const { sent } = await send(resolved, json({ deduplication_key: FIRST, status: 'success' }, 202))
    expect(sent).toMatchObject([
      ['POST /v2/alert_events/http/01G', { deduplication_key: FIRST, status: 'resolved' }],
    ])
  })
})
