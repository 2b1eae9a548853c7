/** What the chats and the receivers of notifications send for updates: an edit, an answer in a thread, or one more message. */
import { describe, expect, it } from 'vitest'
import type { ExchangeDestination } from '../../../src/destinations/_destination.ts'
import alertmanager from '../../../src/destinations/alertmanager.ts'
import datadog from '../../../src/destinations/datadog.ts'
import discord from '../../../src/destinations/discord.ts'
import googlechat from '../../../src/destinations/googlechat.ts'
import ntfy from '../../../src/destinations/ntfy.ts'
import telegram from '../../../src/destinations/telegram.ts'
import tines from '../../../src/destinations/tines.ts'
import torq from '../../../src/destinations/torq.ts'
import webhook from '../../../src/destinations/webhook.ts'
import { hashId } from '../../../src/model/alerts/alert.ts'
import { sampleMessage } from '../../support/message.ts'
import { acknowledged, onStage, onUpdateStage, resolved, update } from '../../support/stage.ts'

const KEY = 'k'.repeat(32)
const TITLE = 'New Alert: Root user signed in to account 123456789012'
const json = (body: object, status = 200) => ({ status, body: JSON.stringify(body) })

describe('discord', () => {
  const sendAlert = onStage(discord, {}, 'webhookUrl')
  const send = onUpdateStage(discord, {}, 'webhookUrl')
  const at = { remoteReference: '{"message":"55"}' }
  const edited = json({ id: '55' })

  it('the delivery waits for the message and returns its id as the reference', async () => {
    const { outcome, requests } = await sendAlert(false, edited)
    expect(requests[0]!.path).toBe('/?wait=true')
    expect(outcome).toMatchObject({ message: '200: posted 55', remoteReference: '{"message":"55"}' })
  })

  it('a resolve edits the message and shows who did it', async () => {
    const { sent, outcome } = await send({ ...resolved, ...at, note: '<@1> **x**' }, edited)
    expect(sent).toMatchObject([
      [
        'PATCH /messages/55',
        {
          embeds: [{ title: `\\[Resolved\\] ${TITLE}`, fields: [{ name: 'Latest update' }] }],
          allowed_mentions: { parse: [] },
        },
      ],
    ])
    const { embeds } = sent[0]![1] as { embeds: { fields: { value: string }[] }[] }
    expect(embeds[0]!.fields[0]!.value).toMatch(/^Resolved by ann@\u200bexample\.com: fixed\.\n/)
    expect(embeds[0]!.fields[0]!.value).not.toMatch(/<@1>|\*\*x/)
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: edited 55' })
  })

  it('an escalation changes the colour', async () => {
    const { sent } = await send(update({ ...at, events: ['escalated'], severity: 'CRITICAL' }), edited)
    expect(sent[0]![1]).toMatchObject({ embeds: [{ color: 0x425a70, title: TITLE }] })
  })

  it('a message that was removed, or is not known, is a refusal of the update', async () => {
    const gone = json({ message: 'Unknown Message', code: 10008 }, 404)
    expect((await send({ ...resolved, ...at }, gone)).outcome).toMatchObject({
      result: 'refused',
      status: 404,
    })
    const { outcome, sent } = await send(resolved)
    expect([outcome, sent]).toMatchObject([{ result: 'refused', scope: 'delivery' }, []])
  })

  it('a payload of the user allows no updates', () => {
    const support = 'send' in discord ? undefined : discord.updates
    const url = { webhookUrl: 'https://discord.com/api/webhooks/1/x' }
    expect(support?.unavailable?.({ ...url, template: { payload: '{}' } } as never)).toMatch(/payload/)
    expect(support?.unavailable?.(url as never)).toBeUndefined()
  })
})

it('the address of a message of discord keeps the thread of the webhook', () => {
  const { updates } = discord as ExchangeDestination
  const options = { webhookUrl: 'https://discord.com/api/webhooks/1/x?wait=true&thread_id=9' }
  const said = { ...sampleMessage('t'), ...resolved, remoteReference: '{"message":"5"}' }
  expect(updates!.exchange(said, options as never).next().value).toMatchObject({
    url: 'https://discord.com/api/webhooks/1/x/messages/5?thread_id=9',
  })
})

describe('telegram', () => {
  const options = { botToken: '1:T', chatId: '@soc' }
  const sendAlert = onStage(telegram, options)
  const send = onUpdateStage(telegram, options)
  const at = { remoteReference: `{"message":"9","at":"${hashId('place', '@soc')}"}` }
  const edited = json({ ok: true, result: { message_id: 9, chat: { id: -100 } } })

  it('the delivery returns the message as the reference, for this chat alone', async () => {
    const { outcome } = await sendAlert(false, edited)
    expect(outcome).toMatchObject({ remoteReference: at.remoteReference })
    const remoteReference = `{"message":"9","at":"${hashId('place', '@other')}"}`
    const elsewhere = await send({ ...resolved, remoteReference })
    expect([elsewhere.outcome, elsewhere.sent]).toMatchObject([{ result: 'refused', scope: 'delivery' }, []])
  })

  it('an acknowledge edits the message and shows who did it', async () => {
    const { sent, outcome } = await send({ ...acknowledged, ...at, note: '<b>' }, edited)
    expect(sent).toMatchObject([
      ['POST /bot1:T/editMessageText', { chat_id: '@soc', message_id: 9, parse_mode: 'HTML' }],
    ])
    expect((sent[0]![1] as { text: string }).text).toContain(
      `<b>[Acknowledged] ${TITLE}</b>\n\n<i>Acknowledged by ann@example.com.\n&lt;b&gt;</i>\n\n`,
    )
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: edited message 9' })
  })

  it('the text with the update has at most 4,096 characters', async () => {
    const { sent } = await send({ ...acknowledged, ...at, note: 'n'.repeat(4_000) }, edited)
    const { text } = sent[0]![1] as { text: string }
    expect(text.replace(/<[^>]+>/g, '').length).toBeLessThanOrEqual(4_096)
    expect(text).toContain('nnn')
  })

  it('a repeated attempt that changes nothing is delivered', async () => {
    const same = json({ ok: false, description: 'Bad Request: message is not modified: …' }, 400)
    const { outcome } = await send({ ...acknowledged, ...at, repeated: true }, same)
    expect(outcome).toMatchObject({ result: 'delivered', message: 'an earlier attempt edited message 9' })
  })

  it('a message that cannot be edited, or is not known, is a refusal of the update', async () => {
    const refused = json({ ok: false, description: 'Bad Request: message to edit not found' }, 400)
    expect((await send({ ...acknowledged, ...at }, refused)).outcome).toMatchObject({
      result: 'refused',
      scope: 'delivery',
    })
    expect((await send(acknowledged)).outcome).toMatchObject({ result: 'refused', scope: 'delivery' })
  })
})

describe('googlechat', () => {
  const send = onUpdateStage(googlechat, {}, 'webhookUrl')

  it('each event is a message in the thread of the alert, with a key of its own, and mentions no user', async () => {
    const said = update({ events: ['repeated', 'commented'], eventCount: 7, note: '<users/all>' })
    const { sent, outcome } = await send(said, json({ name: 'spaces/A/messages/B' }))
    const query = new URLSearchParams(sent[0]![0].split('?')[1])
    expect(Object.fromEntries(query)).toEqual({
      requestId: KEY,
      threadKey: 'a1e27ab1e0fa11ed5b1eda0d0be5ca1e',
      messageReplyOption: 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD',
    })
    expect(sent[0]![1]).toEqual({
      text: 'The alert has 7 events now.\nComment by ann@example.com:\n<\u200busers/all>',
    })
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: posted spaces/A/messages/B' })
  })
})

interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

describe('alertmanager', () => {
  const send = onUpdateStage(alertmanager, { labels: { team: 'soc' }, activeMinutes: 30 }, 'url')
  const sendAlert = onStage(alertmanager, { labels: { team: 'soc' }, activeMinutes: 30 }, 'url')
  const alertOf = (body: unknown) => (body as PostedAlert[])[0]!

  it('a resolve ends the alert with the same labels, and a repetition prolongs it', async () => {
    const { requests } = await sendAlert(false, { status: 200 })
    const first = alertOf(JSON.parse(requests[0]!.body))
    const { sent, outcome } = await send({ ...resolved, severity: 'CRITICAL' }, { status: 200 })
    expect(outcome.result).toBe('delivered')
    const [path, body] = sent[0]!
    expect(path).toBe('POST /api/v2/alerts')
    const { labels, annotations, startsAt, endsAt } = alertOf(body)
    expect({ labels, startsAt }).toEqual({ labels: first.labels, startsAt: first.startsAt })
    expect(annotations.update).toBe('Resolved by ann@example.com: fixed.')
    const again = alertOf(
      (await send(update({ events: ['repeated'], eventCount: 7 }), { status: 200 })).sent[0]![1],
    )
    expect(again.annotations.update).toBe('The alert has 7 events now.')
    const lead = Date.parse(again.endsAt) - Date.parse(endsAt)
    expect(lead).toBe(30 * 60_000)
  })

  it('it supports no update that would change the identity of the alert', () => {
    const { updates } = alertmanager as ExchangeDestination
    expect(updates!.events).toEqual(['repeated', 'reopened', 'resolved'])
  })
})

describe.each([
  ['webhook', webhook, 'url'],
  ['tines', tines, 'webhookUrl'],
  ['torq', torq, 'webhookUrl'],
] as const)('%s', (_, type, address) => {
  const send = onUpdateStage(type, {}, address)

  it('an update is the notification with one more key, and its own idempotency key', async () => {
    const note = 'see "x"'
    const { requests, outcome } = await send({ ...resolved, note, eventCount: 3 }, { status: 200 })
    const { json: notification } = sampleMessage('target')
    const said = {
      events: ['resolved'],
      status: 'resolved',
      closedReason: 'fixed',
      actor: 'ann@example.com',
      note,
      severity: 'HIGH',
      eventCount: 3,
      of: 'f'.repeat(32),
    }
    expect(requests[0]!.body).toBe(`${notification.slice(0, -1)},"update":${JSON.stringify(said)}}`)
    expect(requests[0]!.headers['idempotency-key']).toBe(KEY)
    expect(outcome.result).toBe('delivered')
  })

  it('a payload of the user allows no updates', () => {
    const { updates } = type as ExchangeDestination
    expect(updates!.unavailable?.({ template: { payload: '{}' } } as never)).toMatch(/payload/)
    expect(updates!.unavailable?.({} as never)).toBeUndefined()
  })
})

describe('datadog', () => {
  const send = onUpdateStage(datadog, { apiKey: 'T0KEN-of-datadog' })
  const accepted = json({ status: 'ok' }, 202)

  it('each update is an event with the key of the alert, and a resolve is a success', async () => {
    const note = 'ask @all %%%'
    const { sent } = await send({ ...resolved, note }, accepted)
    expect(sent).toMatchObject([
      [
        'POST /api/v1/events',
        {
          title: `[Resolved] ${TITLE}`.slice(0, 100),
          alert_type: 'success',
          aggregation_key: 'a1e27ab1e0fa11ed5b1eda0d0be5ca1e',
        },
      ],
    ])
    const { text, ...rest } = sent[0]![1] as Record<string, unknown>
    expect(text).toMatch(/^%%% \nResolved by ann/)
    expect(String(text).slice(4, -4)).not.toMatch(/@all|%%%/)
    expect(rest).not.toHaveProperty('date_happened')
    const risen = await send(update({ events: ['escalated'], severity: 'CRITICAL' }), accepted)
    expect(risen.sent[0]![1]).toMatchObject({ alert_type: 'error', title: TITLE.slice(0, 100) })
  })
})

describe('ntfy', () => {
  const options = { topic: 'soc', token: 'tk_T0KEN' }
  const sendAlert = onStage(ntfy, options, 'url')
  const send = onUpdateStage(ntfy, options, 'url')
  const published = json({ id: 'hwQ2YpKdmg', event: 'message' })
  const at = { remoteReference: '{"message":"hwQ2YpKdmg","at":"RECEIVER/soc"}' }

  it('the delivery returns the id of the message, and a resolve replaces the notification', async () => {
    const { outcome, requests } = await sendAlert(false, published)
    expect(JSON.parse(requests[0]!.body)).not.toHaveProperty('sequence_id')
    expect(outcome).toMatchObject({ result: 'delivered', message: '200: published as hwQ2YpKdmg' })
    expect(JSON.parse((outcome as { remoteReference: string }).remoteReference)).toMatchObject({
      message: 'hwQ2YpKdmg',
    })
    const { sent } = await send({ ...resolved, ...at }, published)
    expect(sent).toMatchObject([
      ['POST /', { topic: 'soc', sequence_id: 'hwQ2YpKdmg', title: `[Resolved] ${TITLE}` }],
    ])
    expect((sent[0]![1] as { message: string }).message).toMatch(/^Resolved by ann@example\.com: fixed\.\n\n/)
  })

  it('a message that is not known, or is on another server, is a refusal of the update', async () => {
    const other = { remoteReference: '{"message":"hwQ2YpKdmg","at":"elsewhere"}' }
    for (const details of [resolved, { ...resolved, ...other }]) {
      const { outcome, sent } = await send(details)
      expect([outcome, sent]).toMatchObject([{ result: 'refused', scope: 'delivery' }, []])
    }
  })
})
