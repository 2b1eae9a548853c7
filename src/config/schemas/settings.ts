/** signalbox.yaml. */
import { closed, TEXT, TEXTS } from './field-forms.ts'

const COUNT = { type: 'integer', minimum: 1 } as const

export const SETTINGS_SCHEMA = closed({
  sources: TEXTS,
  classification: {
    type: 'array',
    items: closed(
      {
        logType: { type: 'string', minLength: 1 },
        match: { type: 'object', minProperties: 1, additionalProperties: TEXT },
      },
      ['logType', 'match'],
    ),
  },
  store: TEXT,
  workers: COUNT,
  limits: closed({
    timeMs: COUNT,
    outputBytes: COUNT,
    quarantineAfter: COUNT,
    eventBytes: COUNT,
    eventDepth: COUNT,
    numberDigits: COUNT,
  }),
  alertUrl: TEXT,
  python: closed({ paths: TEXTS }),
  rejects: TEXT,
  destinations: TEXT,
})
