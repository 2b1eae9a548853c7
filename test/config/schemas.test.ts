// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** The published schemas have the rules of the validating ones, and descriptions for editors. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { publishedSchemas } from '../../src/config/schemas/published.ts'
import { projectSchemas } from '../../src/workspace/schemas.ts'
import hook from './destination-types/hook.ts'
import quiet from './destination-types/quiet.ts'

const root = join(import.meta.dirname, '../..')
const FAULTS = join(import.meta.dirname, 'faults')
/** Errors of form, which a schema alone can find: folder, schema, files. */
const OF_FORM = [
  [
    'specs',
    'detection',
    'unknown-key wrong-type bad-severity missing-severity threshold-zero filename-and-detection',
  ],
  [
    'specs',
    'detection',
    'unknown-test-key expected-route policy-with-threshold test-without-result bad-resource-type',
  ],
  [
    'destinations',
    'destinations',
    'unknown-key unknown-top-key bad-severity bad-alert-type bad-duration no-options',
  ],
  [
    'destinations',
    'destinations',
    'missing-option unknown-option option-of-wrong-form option-of-wrong-type unknown-type',
  ],
  ['destinations', 'destinations', 'name-skip version-two override-without-match override-without-effect'],
  ['settings', 'settings', 'bad-workers unknown-key unknown-limit matcher-without-match'],
] as const

/** Compiles the schema as an editor does: plain JSON Schema, without keywords of Signalbox. */
const ajv = new Ajv({ strict: false, allowUnionTypes: true })
const schemas = publishedSchemas([hook, quiet] as never)
const validate = Object.fromEntries(schemas.map(({ name, schema }) => [name, ajv.compile(schema)]))

describe('what is sound fits', () => {
  const files = [
    ...globSync('detections/**/*.yml', { cwd: root })
      .filter((file) => !file.endsWith('.expect.yml'))
      .map((file) => ['detection', file] as const),
    ['settings', 'signalbox.yaml'] as const,
  ]
  it.each(files)('a sound document fits the schema %s: %s', (name, file) => {
    validate[name]!(parse(readFileSync(join(root, file), 'utf8')))
    expect(validate[name]!.errors).toBeNull()
  })

  it('the registry of this repository fits the schema of destinations', async () => {
    const { schema } = (await projectSchemas()).find(({ name }) => name === 'destinations')!
    const fits = ajv.compile(schema)
    fits(parse(readFileSync(join(root, 'destinations.yaml'), 'utf8')))
    expect(fits.errors).toBeNull()
  })

  it.each(['Info', 'INFO', 'info'])('a severity spelled %s', (Severity) => {
    expect(validate.expectations!({ 'a case': { ExpectedSeverity: Severity } })).toBe(true)
  })

  it('a reference where the type demands a form', () => {
    const destination = (url: string) => ({
      version: 1,
      destinations: [{ name: 'a', type: 'hook', options: { url } }],
    })
    expect(validate.destinations!(destination('${env:URL}'))).toBe(true)
    expect(validate.destinations!(destination('ftp://x'))).toBe(false)
  })
})

describe('what is at fault in form does not', () => {
  const cases = OF_FORM.flatMap(([folder, schema, names]) =>
    names.split(' ').map((name) => [schema, folder, name]),
  )

  it.each(cases)('%s: %s/%s', (schema, folder, name) => {
    const text = readFileSync(join(FAULTS, folder!, `${name}.fault`), 'utf8')
    expect(validate[schema!]!(parse(text))).toBe(false)
  })
})

it('every key has a description', async () => {
  const silent: string[] = []
  const visit = (node: unknown, path: string) => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties' && !path.endsWith('/if')) {
        for (const [name, inner] of Object.entries(
          value as Record<string, false | { description?: string }>,
        )) {
          // `false` excludes a key that is described elsewhere.
          if (
            inner !== false &&
            !inner.description &&
            !(name in { AnalysisType: 1, destinations: 1, options: 1 })
          )
            silent.push(`${path}.${name}`)
        }
      }
      visit(value, `${path}/${key}`)
    }
  }
  for (const { name, schema } of await projectSchemas()) visit(schema, name)
  expect(silent).toEqual([])
})
