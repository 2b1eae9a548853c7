/** Test cases of the kinds of detection. `Log`, `Resource` and `RuleOutputs` are checked no further than their presence. */
import { EXPECTATION_PROPERTIES } from './expectations-schema.ts'
import { BOOLEAN, CASE_TIME, closed, exactlyOne, TEXT } from './field-forms.ts'

const MOCK = closed({ objectName: TEXT, returnValue: { type: ['string', 'boolean'] } }, [
  'objectName',
  'returnValue',
])

const CASE = {
  Name: { type: 'string', minLength: 1 },
  ExpectedResult: BOOLEAN,
  Mocks: { type: 'array', items: MOCK },
  ...EXPECTATION_PROPERTIES,
}

function tests(entry: string, legacyType: string) {
  const event = closed({ At: CASE_TIME, [entry]: {} }, ['At', entry])
  const Events = { type: 'array', minItems: 1, items: event }
  const properties = { ...CASE, [entry]: {}, Events, [legacyType]: TEXT }
  return {
    type: 'array',
    items: closed(properties, ['Name', 'ExpectedResult'], exactlyOne(entry, 'Events')),
  } as const
}

export const RULE_TESTS = tests('Log', 'LogType')
export const POLICY_TESTS = tests('Resource', 'ResourceType')

const RULE_OUTPUT = closed(
  {
    ID: TEXT,
    Matches: {
      type: 'object',
      additionalProperties: { type: 'object', additionalProperties: { type: 'array' } },
    },
  },
  ['ID'],
)
export const CORRELATION_TESTS = {
  type: 'array',
  items: closed(
    {
      Name: CASE.Name,
      ExpectedResult: BOOLEAN,
      RuleOutputs: { type: 'array', items: RULE_OUTPUT },
      ...EXPECTATION_PROPERTIES,
    },
    ['Name', 'ExpectedResult'],
  ),
} as const
