import { expect, it } from 'vitest'
import googlechat from '../../src/destinations/googlechat.ts'
import { destinationContract } from '../contract/destination.ts'
import { previewBody } from '../support/stage.ts'
import { listOf, matching, table, text } from '../support/wire.ts'

const WIDGET = {
  anyOf: [
    table({ textParagraph: table({ text: text(6_000) }) }),
    table({ decoratedText: table({ topLabel: text(), text: text(2_000), wrapText: { type: 'boolean' } }) }),
    table({
      buttonList: table({
        buttons: listOf(
          table({ text: text(), onClick: table({ openLink: table({ url: matching('^https?://') }) }) }),
        ),
      }),
    }),
  ],
}

destinationContract('googlechat', {
  options: (url) => ({ webhookUrl: `${url}/v1/spaces/A/messages?key=k&token=T0KEN-of-chat` }),
  accepts: { status: 200, body: '{"name":"spaces/A/messages/B"}' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ error: { code: 400, message: text, status: code } }),
  }),
  secrets: ['T0KEN-of-chat'],
  cuts: /title cut from \d+ to 200 characters/,
  wires: [
    {
      path: /^\/v1\/spaces\/A\/messages\?key=k&token=T0KEN-of-chat&requestId=[\w-]+&threadKey=[\w-]+&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD$/,
      maxBytes: 32_000,
      body: table({
        text: text(),
        cardsV2: listOf(
          table({
            cardId: text(),
            card: table({
              header: table({ title: text(200), subtitle: text() }),
              sections: listOf(table({ widgets: listOf(WIDGET) })),
            }),
          }),
          { minItems: 1, maxItems: 1 },
        ),
      }),
    },
  ],
})

it('no user is notified, even if an alert contains a mention', () => {
  const shown = JSON.stringify(previewBody(googlechat, { title: '<users/all>' }, { webhookUrl: 'https://x' }))
  expect(shown).toContain('"text":"New Alert: <\u200busers/all>"')
})
