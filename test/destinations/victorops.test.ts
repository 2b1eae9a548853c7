import { destinationContract } from '../contract/destination.ts'
import { matching, oneOf, table, text } from '../support/wire.ts'

destinationContract('victorops', {
  options: (apiUrl) => ({ apiUrl, apiKey: 'T0KEN-of-oncall', routingKey: 'soc' }),
  accepts: { status: 200, body: '{"result":"success","entity_id":"e"}' },
  errorAnswer: ({ text }) => ({ status: 200, body: JSON.stringify({ result: 'failure', message: text }) }),
  secrets: ['T0KEN-of-oncall'],
  cuts: /title cut from \d+ to 512 characters/,
  meanings: [
    [
      '200, but not taken',
      { status: 200, body: '{"result":"failure","message":"no such routing key"}' },
      {
        result: 'refused',
        scope: 'destination',
        message: '200, but Splunk On-Call reports: no such routing key (the keys, or the integration)',
      },
    ],
  ],
  wires: [
    {
      path: '/T0KEN-of-oncall/soc',
      body: table({
        message_type: oneOf('INFO', 'WARNING', 'CRITICAL'),
        entity_id: text(512),
        entity_display_name: text(512),
        state_message: text(20_480),
        state_start_time: { type: 'integer' },
        monitoring_tool: text(),
        severity: text(),
        detection: text(),
        'alert_url?': matching('^https?://'),
      }),
    },
  ],
})
