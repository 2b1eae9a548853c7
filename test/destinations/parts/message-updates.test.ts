/** What the chats send for updates: an edit of their message, or an answer in its thread. */
import { describe, expect, it } from 'vitest'
import type { ExchangeDestination } from '../../../src/destinations/_destination.ts'
import discord from '../../../src/destinations/discord.ts'
import googlechat from '../../../src/destinations/googlechat.ts'
import telegram from '../../../src/destinations/telegram.ts'
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
