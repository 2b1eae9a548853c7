import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import { applyTemplates } from '../../src/delivery/templates.ts'
import slack from '../../src/destinations/slack.ts'
import webhook from '../../src/destinations/webhook.ts'
import { type Template, templateErrors } from '../../src/model/project/template.ts'
import { type DeliveryHarness, openDeliveryHarness } from '../support/delivery.ts'
import { messageOf, sampleMessage } from '../support/message.ts'
import { destination, registry } from '../support/model.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const rendered = (template: Template, message = sampleMessage('soc')) =>
  applyTemplates(message, {}, { template }).message

describe('a template', () => {
  it.each([
    ['{{severity}}: {{title}}', 'HIGH: New Alert: Root user signed in to account 123456789012'],
    ['{{alertContext.sourceIp}} {{alertContext.none}}.', '198.51.100.7 .'],
    ['{{#tags}}[{{.}}]{{/tags}}{{^link}}nowhere{{/link}}', '[AWS][Identity]'],
    ['{{#alertContext}}{{account}}{{/alertContext}}', '123456789012'],
    [
      '{{destination}}: {{{reference}}}',
      'soc: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html',
    ],
    ['{{alertContext}}', '{"account":123456789012,"sourceIp":"198.51.100.7","mfaUsed":false}'],
  ])('%s', (body, expected) => {
    expect(templateErrors(body)).toEqual([])
    expect(rendered({ body }).body).toBe(expected)
  })

  it('has fields of its own, whose values depend on another field and keep their kind', () => {
    const map = {
      priority: { from: 'severity', values: { HIGH: 3, CRITICAL: 4 }, otherwise: 1 },
      paging: { from: 'severity', values: { HIGH: true }, otherwise: false },
      team: { from: 'id', values: { 'Other.Rule': 'web' } },
    }
    const payload = { p: '{{priority}}', n: '{{severityNumber}}', page: '{{paging}}', team: '{{team}}' }
    const template = { map, title: 'P{{priority}} {{team}}', payload }
    expect(templateErrors(template.title, Object.keys(map))).toEqual([])
    const message = rendered(template)
    expect(message.title).toBe('P3')
    expect(JSON.parse(message.payload!)).toEqual({ p: 3, n: 4, page: true, team: null })
    const low = messageOf({ severity: { value: 'LOW', source: 'static' } }, '')
    expect(JSON.parse(rendered(template, low).payload!)).toEqual({ p: 1, n: 2, page: false, team: null })
  })

  it.each([
    ['alertContext.account', { '123456789012': 'production' }, 'production'],
    ['alertContext.mfaUsed', { true: 'with', false: 'without' }, 'without'],
    ['alertContext.none', { x: 'y' }, 'otherwise'],
    ['tags', { Identity: 'people', Network: 'nets' }, 'people'],
    ['tags', { Identity: 'people', AWS: 'cloud' }, 'cloud'],
    ['severityNumber', { '4': 'high' }, 'high'],
    ['id', { toString: 'named' }, 'otherwise'],
  ])('maps %s by %j', (from, values, expected) => {
    const map = { mapped: { from, values, otherwise: 'otherwise' } }
    expect(rendered({ map, title: '{{mapped}}' }).title).toBe(expected)
  })

  it('escapes fields as the type says, and its own text not at all', () => {
    const message = messageOf({ title: `<b>&"'` }, '')
    const escapeField = (text: string) => text.replaceAll('<', '(')
    const template = { body: '<i>{{title}} {{{title}}}' }
    expect(rendered(template, message).body).toBe(`<i>New Alert: <b>&"' New Alert: <b>&"'`)
    expect(applyTemplates(message, { escapeField }, { template }).message.body).toBe(
      `<i>New Alert: (b>&"' New Alert: <b>&"'`,
    )
  })

  it('[DEL-8.3] keeps every digit, in texts and in payloads', () => {
    const message = messageOf({}, '')
    expect(rendered({ body: '{{alertContext.n}} {{alertContext.big}}' }, message).body).toBe(
      '53.0 12345678901234567890',
    )
    const payload = {
      all: '{{alertContext}}',
      n: '{{alertContext.n}}',
      text: 'n={{alertContext.n}}',
      kept: 7,
    }
    expect(rendered({ payload }, message).payload).toBe(
      '{"all":{"n":53.0,"big":12345678901234567890},"n":53.0,"text":"n=53.0","kept":7}',
    )
  })

  it.each([
    ['{{titel}}', ['titel']],
    ['{{title.x}} {{ok}}', ['title.x', 'ok']],
    ['{{#tags}}{{nope}}{{/tags}}', ['nope']],
    ['{{.}}', ['.']],
    ['{{#alertContext.items}}{{anything}}{{/alertContext.items}}', []],
  ])('%s with an unknown name is rejected: %j', (template, names) => {
    expect(templateErrors(template).map(({ name }) => name)).toEqual(names)
  })

  it.each(['{{> partial}}', '{{=<% %>=}}', '{{#tags}}', '{{title'])('%s is a fault', (template) => {
    expect(templateErrors(template)).toHaveLength(1)
  })
})

describe('with real parts', () => {
  let harness: DeliveryHarness
  let receiver: Receiver
  beforeEach(async () => {
    harness = await openDeliveryHarness()
    receiver = await startReceiver()
  })
  afterEach(async () => {
    await harness.close()
    await receiver.close()
  })

  it('[DEL-8.2] the result of a template is what is previewed and sent, and is recorded in the history', async () => {
    const options = { url: receiver.url, template: { payload: { text: '{{severity}} of {{id}}' } } }
    const target = destination('soc', { options })
    const loop = harness.open(registry([target]))
    await harness.send('alert-1', [target])
    await loop.start()
    await receiver.until(1)
    await until(async () => (await harness.store.countDeliveries()).delivered === 1)
    const preview = previewRequest(webhook, messageOf({}, ''), options, '0.0.0')
    expect(preview).toMatchObject({
      body: '{"text":"HIGH of Test.Rule"}',
      notes: ['payload from the template'],
    })
    expect(receiver.requests[0]!.body).toBe('{"text":"HIGH of Test.Rule"}')
    const [delivery] = await harness.store.deliveries({ limit: 1 })
    expect(delivery!.message).toBe('200: ok (payload from the template)')
  })
})

it('the text of a template may use markup, unlike its fields, and is cut like any text', () => {
  const options = { webhookUrl: 'https://example.com', template: { body: '*{{name}}* {{description}}' } }
  const message = messageOf({ description: `<!channel>${'x'.repeat(5_000)}` }, '')
  const preview = previewRequest(slack, message, options, '1.0.0')
  const { body = '', notes } = preview as { body?: string; notes?: string[] }
  expect(notes).toEqual([
    'body from the template',
    expect.stringMatching(/^text cut from \d+ to 2000 characters$/),
  ])
  expect(body).toContain('"*A test rule* &lt;!channel&gt;xxx')
})
