/** docs/reference/yaml-keys.md: every key of every kind of file, from the schemas that `validate` uses. */

import { ANALYSIS_TYPES } from '../../src/config/schemas/analysis-types.ts'
import { DERIVED_SCHEMA } from '../../src/config/schemas/derived.ts'
import { DESTINATION_SCHEMA, DESTINATIONS_SCHEMA } from '../../src/config/schemas/destinations-schema.ts'
import { DETECTION_KEYS, RULE_KEYS } from '../../src/config/schemas/detection-keys.ts'
import {
  EXPECTATION_PROPERTIES,
  EXPECTATIONS_FILE_SCHEMA,
} from '../../src/config/schemas/expectations-schema.ts'
import { SQL_LOOKUP_TABLE_SCHEMA } from '../../src/config/schemas/lookup-table.ts'
import { SETTINGS_SCHEMA } from '../../src/config/schemas/settings-schema.ts'
import { SILENCES_SCHEMA } from '../../src/config/schemas/silences-schema.ts'
import { CORRELATION_TESTS, POLICY_TESTS, RULE_TESTS } from '../../src/config/schemas/test-cases-schema.ts'
import type { Schema } from '../../src/config/yaml/schema-check.ts'
import { conditionsOf, keyTable } from './schema-table.ts'

const SHARED = Object.keys(DETECTION_KEYS)
const OF_RULES = Object.keys(RULE_KEYS)
const OF_TESTS = Object.keys(EXPECTATION_PROPERTIES)
/** The cases have sections of their own. */
const CASES = 'Tests[]'

interface Section {
  readonly title: string
  readonly text: string
  readonly schema: Schema
  /** These keys have a section of their own. */
  readonly elsewhere?: readonly string[]
}

export function yamlKeysPage(): string {
  return `${INTRODUCTION}\n\n${SECTIONS.map(sectionText).join('\n\n')}\n`
}

function sectionText({ title, text, schema, elsewhere = [] }: Section): string {
  const required = ((schema.required ?? []) as readonly string[]).filter((key) => elsewhere.includes(key))
  const notes = [
    ...(required.length > 0 ? [`Also required: ${required.map((key) => `\`${key}\``).join(', ')}.`] : []),
    ...conditionsOf(schema),
  ]
  return [
    `## ${title}`,
    text,
    ...(notes.length > 0 ? [notes.join(' ')] : []),
    keyTable(schema, elsewhere),
  ].join('\n\n')
}

function schemaOf(type: string): Schema {
  return ANALYSIS_TYPES[type]!.schema
}

const RULES = '[the keys of rules](#keys-of-rules)'
const ALL = '[the keys of all detections](#keys-of-all-detections)'
const EXPECTATIONS = '[the expectations](#expectations)'
const NEVER_RUN = 'Signalbox checks the file and runs nothing of it.'

const SECTIONS: readonly Section[] = [
  {
    title: 'Keys of all detections',
    text: 'Rules, scheduled rules, policies and correlation rules have these keys. The sections below say which of them are required.',
    schema: { properties: DETECTION_KEYS },
  },
  {
    title: 'Keys of rules',
    text: 'Rules, scheduled rules and derived rules have these keys too.',
    schema: { properties: RULE_KEYS },
  },
  {
    title: 'rule and scheduled_rule',
    text: `Besides ${ALL} and ${RULES}:`,
    schema: schemaOf('rule'),
    elsewhere: [...SHARED, ...OF_RULES, CASES],
  },
  {
    title: 'rule with BaseDetection',
    text: `A derived rule uses the body, the log types and, without its own, the tests of another rule. Besides ${ALL} and ${RULES}:`,
    schema: DERIVED_SCHEMA,
    elsewhere: [...SHARED, ...OF_RULES, CASES],
  },
  { title: 'policy', text: `Besides ${ALL}:`, schema: schemaOf('policy'), elsewhere: [...SHARED, CASES] },
  {
    title: 'correlation_rule',
    text: `See [correlation rules](../correlation.md). Besides ${ALL}:`,
    schema: schemaOf('correlation_rule'),
    elsewhere: [...SHARED, CASES],
  },
  {
    title: 'datamodel',
    text: 'See [data models](../python-runtime.md#data-models).',
    schema: schemaOf('datamodel'),
  },
  { title: 'global', text: 'A helper that Python files import.', schema: schemaOf('global') },
  { title: 'pack', text: `A named list of content. ${NEVER_RUN}`, schema: schemaOf('pack') },
  { title: 'saved_query', text: NEVER_RUN, schema: schemaOf('saved_query') },
  { title: 'scheduled_query', text: NEVER_RUN, schema: schemaOf('scheduled_query') },
  { title: 'lookup_table', text: `From a file or a bucket. ${NEVER_RUN}`, schema: schemaOf('lookup_table') },
  { title: 'lookup_table with a query', text: NEVER_RUN, schema: SQL_LOOKUP_TABLE_SCHEMA },
  { title: 'scheduled_prompt', text: NEVER_RUN, schema: schemaOf('scheduled_prompt') },
  {
    title: 'Test cases of a rule',
    text: `An item of \`Tests\`. Besides ${EXPECTATIONS}:`,
    schema: RULE_TESTS.items,
    elsewhere: OF_TESTS,
  },
  {
    title: 'Test cases of a policy',
    text: `An item of \`Tests\`. Besides ${EXPECTATIONS}:`,
    schema: POLICY_TESTS.items,
    elsewhere: OF_TESTS,
  },
  {
    title: 'Test cases of a correlation rule',
    text: `An item of \`Tests\`. Besides ${EXPECTATIONS}:`,
    schema: CORRELATION_TESTS.items,
    elsewhere: OF_TESTS,
  },
  {
    title: 'Expectations',
    text: 'Each test case can have these keys. `<spec>.expect.yml` beside a spec maps the names of its cases to them, see [tests and expectations](../detections.md#tests-and-expectations).',
    schema: EXPECTATIONS_FILE_SCHEMA.additionalProperties,
  },
  {
    title: 'destinations.yaml',
    text: 'See [destinations](../destinations.md).',
    schema: DESTINATIONS_SCHEMA,
    elsewhere: ['destinations'],
  },
  {
    title: 'An entry of destinations',
    text: 'The keys of `options` depend on the type: see [its page](../destinations.md).',
    schema: DESTINATION_SCHEMA,
  },
  { title: 'silences.yaml', text: 'See [silences](../silences.md).', schema: SILENCES_SCHEMA },
  { title: 'signalbox.yaml', text: 'See [settings](../settings.md).', schema: SETTINGS_SCHEMA },
]

const INTRODUCTION = `# YAML keys

Every key of every file that Signalbox reads. The tables are written from the schemas that \`validate\` uses; [\`signalbox schema\`](../cli.md#schema) gives the same schemas to your editor. An unknown key is [an error](problem-codes.md#unknown-key).

A path such as \`Tests[].Name\` is the key \`Name\` of each item of the list \`Tests\`; \`.*\` stands for a key of your choice. An empty field under *default* means that the key has no effect when it is absent.`
