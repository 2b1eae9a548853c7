import { destinationContract } from '../contract/destination.ts'
import { matching, oneOf, table } from '../support/wire.ts'
import { genieFixture } from './_genie-alert.ts'

destinationContract(
  'jsm',
  genieFixture({
    apiKey: 'T0KEN-of-jsm',
    responder: { id: '4513b7ea-3b91-438f-b7e4-e3e54af9147c', type: 'team' },
    responderOnWire: table({
      id: matching('^[0-9a-f-]{36}$'),
      type: oneOf('team', 'user', 'escalation', 'schedule'),
    }),
  }),
)
