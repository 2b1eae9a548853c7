import { expect, it } from 'vitest'
import { previewRequest } from '../../src/delivery/request-steps.ts'
import msteams from '../../src/destinations/msteams.ts'
import { destinationContract } from '../contract/destination.ts'
import { leastMessage, mostMessage, sampleMessage } from '../support/message.ts'
import { previewBody } from '../support/stage.ts'
import { listOf, matching, oneOf, table, text, violations, type Wire } from '../support/wire.ts'

const BLOCK = table({
  type: oneOf('TextBlock'),
  wrap: { type: 'boolean' },
  text: text(1_000),
  'weight?': text(),
  'size?': text(),
  'fontType?': oneOf('monospace'),
  'color?': oneOf('default', 'good', 'warning', 'attention'),
})
const FACTS = table({ type: oneOf('FactSet'), facts: listOf(table({ title: text(), value: text(1_000) })) })
const ADAPTIVE: Wire = {
  path: /^\/workflows\//,
  maxBytes: 20_000,
  headers: { 'content-type': 'application/json' },
  body: table({
    type: oneOf('message'),
    attachments: listOf(
      table({
        contentType: oneOf('application/vnd.microsoft.card.adaptive'),
        contentUrl: { type: 'null' },
        content: table({
          $schema: text(),
          type: oneOf('AdaptiveCard'),
          version: oneOf('1.4'),
          body: listOf({ anyOf: [BLOCK, FACTS] }),
          'actions?': listOf(
            table({ type: oneOf('Action.OpenUrl'), title: text(), url: matching('^https?://') }),
          ),
          msteams: table({ width: oneOf('Full') }),
        }),
      }),
      { minItems: 1, maxItems: 1 },
    ),
  }),
}
const MESSAGE = table({
  '@context': oneOf('https://schema.org/extensions'),
  '@type': oneOf('MessageCard'),
  themeColor: matching('^[0-9a-f]{6}$'),
  summary: text(1_000),
  title: text(1_000),
  'text?': text(1_000),
  sections: listOf(table({ facts: listOf(table({ name: text(), value: text(1_000) })) })),
  'potentialAction?': listOf(
    table({
      '@type': oneOf('OpenUri'),
      name: text(),
      targets: listOf(table({ os: oneOf('default'), uri: matching('^https?://') })),
    }),
  ),
})

const hook = (url: string) => `${url}/workflows/T0KEN-of-teams`

destinationContract('msteams', {
  options: (url) => ({ webhookUrl: hook(url) }),
  accepts: { status: 202 },
  bodyless: () => true,
  acceptsAnyObject: true,
  errorAnswer: ({ status, code, text }) =>
    code.startsWith('HTTP ')
      ? {
          body: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${code.slice(5).replace('x', '00')} with ContextId tcid=0`,
        }
      : code
        ? { status: status ?? 400, body: JSON.stringify({ error: { code, message: text } }) }
        : { status: status ?? 400, body: text },
  secrets: ['T0KEN-of-teams'],
  cuts: /title cut from \d+ to 1000 characters/,
  wires: [ADAPTIVE],
})

it.each([sampleMessage('t'), leastMessage(), mostMessage()])(
  'a MessageCard is built if the options ask for it',
  (message) => {
    const preview = previewRequest(
      msteams,
      message,
      { webhookUrl: hook('https://x.example'), card: 'message' },
      '1.2.3',
    )
    if ('payload' in preview) throw new Error('msteams speaks HTTP')
    const wire = { path: '/workflows/***', maxBytes: 28_000, body: MESSAGE }
    expect(violations(wire, { ...preview, path: '/workflows/***' })).toEqual([])
  },
)

it('no alert can make a link or emphasis', () => {
  const { attachments } = previewBody(
    msteams,
    { title: '[x](https://evil.example) *b*' },
    { webhookUrl: hook('https://x') },
  ) as {
    attachments: { content: { body: { text: string }[] } }[]
  }
  expect(attachments[0]!.content.body[0]!.text).toBe('New Alert: \\[x\\](https://evil.example) \\*b\\*')
})

interface Cards {
  readonly attachments: {
    readonly content: { readonly body: { readonly text?: string; readonly fontType?: string }[] }
  }[]
}

it('the context keeps its lines and its indentation', () => {
  const context = '{"ip":"198.51.100.7","list":[-1,"- x"]}'
  const { attachments } = previewBody(
    msteams,
    { context },
    { webhookUrl: hook('https://x') },
  ) as unknown as Cards
  const shown = attachments[0]!.content.body.find(({ fontType }) => fontType === 'monospace')!
  expect(shown.text!.split('\n\n')).toEqual([
    '{',
    '\u00a0\u00a0"ip": "198.51.100.7",',
    '\u00a0\u00a0"list": \\[',
    '\u00a0\u00a0\u00a0\u00a0\\-1,',
    '\u00a0\u00a0\u00a0\u00a0"- x"',
    '\u00a0\u00a0\\]',
    '}',
  ])
})

it('no line of an alert becomes a list', () => {
  const description = 'a\n- b\n  + c\n12. d'
  const { attachments } = previewBody(
    msteams,
    { description },
    { webhookUrl: hook('https://x') },
  ) as unknown as {
    attachments: { content: { body: { facts?: { title: string; value: string }[] }[] } }[]
  }
  const facts = attachments[0]!.content.body.flatMap((block) => block.facts ?? [])
  expect(facts.find(({ title }) => title === 'Description')!.value).toBe('a\n\\- b\n  \\+ c\n12\\. d')
})
