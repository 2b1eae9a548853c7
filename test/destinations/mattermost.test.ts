import { destinationContract } from '../contract/destination.ts'
import { listOf, matching, table, text } from '../support/wire.ts'

destinationContract('mattermost', {
  options: (url) => ({
    webhookUrl: `${url}/hooks/T0KEN-of-mattermost`,
    channel: 'soc',
    username: 'Signalbox',
  }),
  accepts: { status: 200, body: 'ok' },
  errorAnswer: ({ status, code, text }) => ({
    status: status ?? 400,
    body: JSON.stringify({ id: code, message: text, status_code: 400 }),
  }),
  secrets: ['T0KEN-of-mattermost'],
  cuts: /title cut from \d+ to 1024 characters/,
  wires: [
    {
      path: /^\/hooks\//,
      headers: { 'content-type': 'application/json' },
      body: table({
        'channel?': text(),
        'username?': text(),
        attachments: listOf(
          table({
            fallback: text(1_024),
            color: matching('^#[0-9a-f]{6}$'),
            title: text(1_024),
            'title_link?': matching('^https?://'),
            text: text(7_000),
          }),
          { minItems: 1, maxItems: 1 },
        ),
      }),
    },
  ],
})
