import { expect, it } from 'vitest'
import opsgenie from '../../src/destinations/opsgenie.ts'
import { destinationContract } from '../contract/destination.ts'
import { anyObject } from '../support/wire.ts'
import { genieFixture } from './_genie-alert.ts'

destinationContract(
  'opsgenie',
  genieFixture({
    apiKey: 'T0KEN-of-genie',
    responder: { name: 'SOC', type: 'team' },
    responderOnWire: anyObject,
  }),
)

it.each([
  [undefined, true],
  ['https://api.eu.opsgenie.com', true],
  ['https://API.opsgenie.com:443/', true],
  ['https://api.atlassian.com/jsm/ops/integration', false],
  ['https://opsgenie.com.example.net', false],
  ['https://not-opsgenie.com', false],
  ['$' + '{env:GENIE_URL}', false],
])('the end of Opsgenie is reported for its own API alone: %s', (apiUrl, ends) => {
  const options = { apiKey: 'T0KEN-of-genie', ...(apiUrl && { apiUrl }) } as never
  expect(opsgenie.endOfSupport?.(options)?.message).toBe(
    ends ? 'Opsgenie and its API end on 5 April 2027' : undefined,
  )
})
