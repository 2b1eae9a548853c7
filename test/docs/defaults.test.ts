import { describe, expect, it } from 'vitest'
import { ANALYSIS_TYPES } from '../../src/config/schemas/analysis-types.ts'
import { DESTINATION_SCHEMA, DESTINATIONS_SCHEMA } from '../../src/config/schemas/destinations-schema.ts'
import { SETTINGS_SCHEMA } from '../../src/config/schemas/settings-schema.ts'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'
import type { Project } from '../../src/model/project/project.ts'
import { BODY, load, rule } from '../config/_project.ts'

type Properties = Readonly<Record<string, { readonly default?: unknown }>>

function defaultsOf(properties: object): [string, string][] {
  return Object.entries(properties as Properties).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[key, JSON.stringify(value)]],
  )
}

const CORRELATION = `AnalysisType: correlation_rule
RuleID: Test.Correlation
Enabled: true
Severity: High
Detection:
  - Sequence:
      - { RuleID: Test.Rule, STEP }
    Schedule: { RateMinutes: 5, TimeoutMinutes: 1 }
    KEY
`
const REGISTRY = `version: 1
KEY
destinations:
  - name: a
    type: console
    ENTRY
`

interface Lines {
  readonly rule?: string
  readonly correlation?: string
  readonly step?: string
  readonly registry?: string
  readonly entry?: string
  readonly settings?: string
}

async function loaded(lines: Lines): Promise<object> {
  const project = await load(
    {
      'rules/rule.yml': `${rule('Test.Rule')}\n${lines.rule ?? ''}\n`,
      'rules/body.py': BODY,
      'rules/correlation.yml': CORRELATION.replace('KEY', lines.correlation ?? '').replace(
        'STEP',
        lines.step ?? 'ID: step',
      ),
      'destinations.yaml': REGISTRY.replace('KEY', lines.registry ?? '').replace('ENTRY', lines.entry ?? ''),
      'signalbox.yaml': lines.settings ?? '',
    },
    { destinationTypes: DESTINATION_TYPES },
  )
  expect(project.problems).toEqual([])
  return comparable(project)
}

/** Removes the source texts, which differ, and values that are derived from them. */
function comparable({ detections, registry, settings }: Project): object {
  const rules = [...detections.values()].map((each) => ({ ...each, spec: null, version: null }))
  return { rules, registry, settings }
}

const rules = ANALYSIS_TYPES.rule!.schema.properties as object
const correlation = (
  ANALYSIS_TYPES.correlation_rule!.schema.properties as {
    Detection: { items: { properties: { Sequence: { items: { properties: object } } } } }
  }
).Detection.items.properties
const { retry, ...entry } = DESTINATION_SCHEMA.properties as Record<string, { properties?: object }>
const { limits } = SETTINGS_SCHEMA.properties as unknown as { limits: { properties: object } }

const CASES: [string, Lines][] = [
  ...defaultsOf(rules).map(([key, value]): [string, Lines] => [key, { rule: `${key}: ${value}` }]),
  ...defaultsOf(correlation).map(([key, value]): [string, Lines] => [
    key,
    { correlation: `${key}: ${value}` },
  ]),
  ...defaultsOf(correlation.Sequence.items.properties).map(([key, value]): [string, Lines] => [
    key,
    { step: `ID: step, ${key}: ${value}` },
  ]),
  ...defaultsOf(DESTINATIONS_SCHEMA.properties).map(([key, value]): [string, Lines] => [
    key,
    { registry: `${key}: ${value}` },
  ]),
  ...defaultsOf(entry).map(([key, value]): [string, Lines] => [key, { entry: `${key}: ${value}` }]),
  ...defaultsOf(retry!.properties!).map(([key, value]): [string, Lines] => [
    key,
    { entry: `retry: { ${key}: ${value} }` },
  ]),
  ...defaultsOf(limits.properties).map(([key, value]): [string, Lines] => [
    key,
    { settings: `limits: { ${key}: ${value} }` },
  ]),
]

describe('the default of a key', () => {
  it('the default of many keys is documented', () => {
    expect(CASES.length).toBeGreaterThan(15)
  })

  it.each(CASES)('the documented default of %s has the effect of an absent key', async (_, lines) => {
    expect(await loaded(lines)).toEqual(await loaded({}))
  })
})
