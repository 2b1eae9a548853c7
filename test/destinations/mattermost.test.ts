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
  meanings: [
    [
      'incoming webhooks are turned off, as newer servers say it',
      {
        status: 501,
        body: '{"id":"web.incoming_webhook.general.app_error","message":"Failed to handle it"}',
      },
      { result: 'refused', scope: 'destination' },
    ],
    [
      'a fault of the server while it looks for the channel',
      { status: 500, body: '{"id":"web.incoming_webhook.channel.app_error","message":"Not found"}' },
      { result: 'retry' },
    ],
  ],
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
