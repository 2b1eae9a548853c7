/** The pages name every key there is, and their examples load. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DESTINATIONS_SCHEMA } from '../../src/config/schemas/destinations-schema.ts'
import { EXPECTATION_PROPERTIES } from '../../src/config/schemas/expectations-schema.ts'
import { SETTINGS_SCHEMA } from '../../src/config/schemas/settings-schema.ts'
import { SILENCES_SCHEMA } from '../../src/config/schemas/silences-schema.ts'
import { DESTINATION_TYPES } from '../../src/destinations/_catalog.ts'
import { CONDITIONS } from '../../src/model/project/condition.ts'
import { DEFAULT_SETTINGS } from '../../src/model/project/settings.ts'
import { BODY, load, rule } from './_project.ts'

function page(name: string): string {
  return readFileSync(join(import.meta.dirname, '..', '..', 'docs', name), 'utf8')
}

function examples(name: string): string[] {
  return [...page(name).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!)
}

const destinationKeys = Object.keys(
  (DESTINATIONS_SCHEMA.properties.destinations as { items: { properties: object } }).items.properties,
)

const silenceKeys = (
  SILENCES_SCHEMA.properties.silences as {
    items: { properties: { match: { properties: object } } }
  }
).items.properties

describe('docs', () => {
  it.each([
    ['destinations.md', [...Object.keys(DESTINATIONS_SCHEMA.properties), ...destinationKeys]],
    ['settings.md', Object.keys(SETTINGS_SCHEMA.properties).filter((key) => key !== 'python')],
    ['settings.md', ['python.paths', ...Object.keys(DEFAULT_SETTINGS.limits)]],
    ['detections.md', Object.keys(EXPECTATION_PROPERTIES)],
    ['silences.md', ['maxDays', ...Object.keys(silenceKeys), ...Object.keys(silenceKeys.match.properties)]],
  ])('%s names every key', (name, keys) => {
    const text = page(name)
    expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([])
  })

  it('detections.md names every condition', () => {
    const text = page('detections.md')
    const missing = [...CONDITIONS].filter(
      ([name, { ignoresCase }]) => !ignoresCase && !text.includes(`\`${name}\``),
    )
    // The keys have two spellings, and the page shows one of them.
    expect(missing.map(([name]) => name)).toEqual(['IsGreaterThanOrEqual', 'IsLessThanOrEqual'])
  })

  it('examples load without a problem', async () => {
    const [spec, simple] = examples('detections.md')
    const [correlation] = examples('correlation.md')
    const project = await load(
      {
        'detections/a.yml': spec!,
        'detections/simple.yml': simple!,
        'detections/correlation.yml': correlation!,
        'detections/failed.yml': rule('Okta.Login.Failed'),
        'detections/success.yml': rule('Okta.Login.Success'),
        'detections/body.py': BODY,
        'detections/aws_root_console_login.py': BODY,
        'destinations.yaml': examples('destinations.md')[0]!,
        'signalbox.yaml': examples('settings.md')[0]!,
      },
      { destinationTypes: DESTINATION_TYPES },
    )
    expect(project.problems).toEqual([])
    expect(project.detections.size).toBe(5)
    expect(project.registry).toMatchObject({ destinations: [{}, {}] })
  })

  it('the expectations file of the example is valid for its spec', async () => {
    const [spec, , side] = examples('detections.md')
    const project = await load({
      'detections/a.yml': spec!.replace(/ +Expected(?:Severity|Destinations).*\n/g, ''),
      'detections/a.expect.yml': side!,
      'detections/aws_root_console_login.py': BODY,
    })
    expect(project.problems).toEqual([])
    expect(project.detections.get('AWS.Root.ConsoleLogin')!.tests[0]!.expectations).toEqual({
      ExpectedSeverity: 'HIGH',
      ExpectedDestinations: ['soc-slack'],
    })
  })
})
