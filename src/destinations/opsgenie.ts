/** Opsgenie: creates an alert, the same one for every attempt. */
import { defineDestination } from './_destination.ts'
import {
  escapeGenieHtml,
  type GenieOptions,
  genieAnswers,
  genieProperties,
  genieRequest,
  genieUpdates,
} from './parts/genie-alert.ts'
import { apiUrl } from './parts/option-forms.ts'

const API = 'https://api.opsgenie.com'

export default defineDestination<GenieOptions>({
  type: 'opsgenie',
  summary: 'an alert in Opsgenie, which ends on 5 April 2027',
  rate: { documented: 'Opsgenie limits requests by plan and number of users, and answers 429.' },
  escapeField: escapeGenieHtml,
  pages: true,
  refuses: { HEARTBEAT: 'each heartbeat would open an alert' },
  endOfSupport: ({ apiUrl: base = API }) =>
    /^https?:\/\/(?:[\w-]+\.)*opsgenie\.com(?:[:/]|$)/i.test(base)
      ? {
          message: 'Opsgenie and its API end on 5 April 2027',
          hint: 'move the alerts to Jira Service Management and use the type jsm with the key of an API integration there',
        }
      : undefined,
  options: {
    type: 'object',
    required: ['apiKey'],
    properties: {
      apiUrl: apiUrl(API, 'Base URL of the API; the EU region has its own.', ['https://api.eu.opsgenie.com']),
      ...genieProperties('OPSGENIE_KEY', { name: 'SOC', type: 'team' }),
    },
    additionalProperties: false,
  },
  request: (message, options) => genieRequest(message, options.apiUrl ?? API, options),
  updates: genieUpdates(API),
  answers: genieAnswers('Opsgenie'),
})
