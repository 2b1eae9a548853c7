/** Jira Service Management Operations: creates an alert, the same one for every attempt. */
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

const API = 'https://api.atlassian.com/jsm/ops/integration'

export default defineDestination<GenieOptions>({
  type: 'jsm',
  summary: 'an alert in Jira Service Management Operations',
  rate: {
    documented: 'Jira Service Management limits requests by plan and number of users, and answers 429.',
  },
  escapeField: escapeGenieHtml,
  pages: true,
  refuses: { HEARTBEAT: 'each heartbeat would open an alert' },
  options: {
    type: 'object',
    required: ['apiKey'],
    properties: {
      ...genieProperties('JSM_KEY', { id: '4513b7ea-3b91-438f-b7e4-e3e54af9147c', type: 'team' }),
      apiUrl: apiUrl(API, 'Base URL of the integration events API.'),
    },
    additionalProperties: false,
  },
  request: (message, options) => genieRequest(message, options.apiUrl ?? API, options),
  updates: genieUpdates(API),
  answers: genieAnswers('Jira Service Management'),
})
