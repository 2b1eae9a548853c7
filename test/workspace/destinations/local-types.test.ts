import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../src/config/load.ts'
import { localTypeImporter } from '../../../src/workspace/destinations/local-types.ts'
import { makeProject } from '../../cli/project-on-disk.ts'
import { envReference } from '../../support/secrets.ts'
import { importSteps } from './import-steps.ts'

const SINK = `export default { type: 'x', summary: '', payload: () => ({}), send: async () => ({ message: '' }),
  options: { type: 'object', required: ['topic'], additionalProperties: false, properties: {
    topic: { type: 'string', pattern: '^t' },
    key: { type: 'string', secret: true } } },
  refuses: { HEARTBEAT: 'it cannot' } }`

/** The problems of a registry with one destination, beside those that the types of the project have. */
async function problemsOf(entry: string, { allowed = true, files = {} } = {}) {
  const destinations = `version: 1\ndestinations:\n  - name: mine\n${entry.replace(/^/gm, '    ')}\n`
  const root = makeProject({ 'destinations.yaml': destinations, 'sink.ts': SINK, ...files })
  const importLocalType = allowed ? localTypeImporter(root) : null
  const { problems } = await loadProject({ root, importLocalType })
  return problems
    .filter(({ file }) => file === 'destinations.yaml')
    .map(({ line, column, code, message, hint }) => ({ at: `${line}:${column}`, code, message, hint }))
}

describe('the options of a local type', () => {
  it('are checked by its schema, with the position and a hint, where its code may run', async () => {
    const entry = 'type: ./sink.ts\noptions:\n  topic: t1\n  topik: t'
    expect(await problemsOf(entry)).toEqual([
      {
        at: '7:7',
        code: 'unknown-key',
        message: 'unknown key "topik" in options',
        hint: 'did you mean "topic"?',
      },
    ])
    expect(await problemsOf(entry, { allowed: false })).toEqual([])
  })

  it.each([
    ['a missing one', 'type: ./sink.ts', ['missing-key']],
    ['a wrong value', 'type: ./sink.ts\noptions: { topic: soc }', ['bad-value']],
    ['a literal secret', 'type: ./sink.ts\noptions: { topic: t, key: abc }', ['literal-secret']],
    [
      'a wrong template',
      `type: ./sink.ts\noptions: { topic: t, template: { title: '{{nope}}' } }`,
      ['bad-template'],
    ],
    [
      'a refused kind',
      'type: ./sink.ts\nalertTypes: [HEARTBEAT]\noptions: { topic: t }',
      ['unsupported-kind'],
    ],
    [
      'a reference, whose value is checked when it is used',
      `type: ./sink.ts\noptions: { topic: '${envReference('T')}' }`,
      [],
    ],
    ['those of a disabled destination, whose code is not imported', 'type: ./sink.ts\nenabled: false', []],
  ])('are reported as those of a bundled type: %s', async (_, entry, codes) => {
    expect((await problemsOf(entry)).map(({ code }) => code)).toEqual(codes)
  })

  it('take the shared options of an exported plain object', async () => {
    const plain = `export default { type: 'y', summary: '', request: () => ({}), answers: { provider: 'y', success: [], rules: [] },
      options: { type: 'object', properties: {}, additionalProperties: false } }`
    const entry = 'type: ./sink.ts\noptions: { transport: { timeoutMs: 500, nope: 1 } }'
    expect((await problemsOf(entry, { files: { 'sink.ts': plain } })).map(({ message }) => message)).toEqual([
      'unknown key "nope" in options.transport',
    ])
  })
})

describe('a local type that cannot be used is reported at the name of its type', () => {
  it.each([
    ['a file that is not there', './nowhere.ts', {}, 'missing-file', /^file \.\/nowhere\.ts not found$/],
    ['a package that is not installed', 'signalbox-nowhere', {}, 'unknown-type', /"signalbox-nowhere"/],
    ['a path within node_modules without its package', 'a/../b', {}, 'unknown-type', /"a\/\.\.\/b"/],
    [
      'an error of its code',
      './sink.ts',
      { 'sink.ts': 'throw new Error("boom")' },
      'unusable-type',
      /^cannot import \.\/sink\.ts: boom$/,
    ],
    [
      'no type',
      './sink.ts',
      { 'sink.ts': 'export default () => {}' },
      'unusable-type',
      /is not a destination type$/,
    ],
    [
      'no default export',
      './sink.ts',
      { 'sink.ts': 'export const x = 1' },
      'unusable-type',
      /is not a destination type$/,
    ],
    [
      'a schema that is none',
      './sink.ts',
      { 'sink.ts': SINK.replace("type: 'object'", "type: 'objekt'") },
      'unusable-type',
      /^the options of \.\/sink\.ts are not a valid JSON Schema: /,
    ],
  ])('%s', async (_, type, files, code, message) => {
    expect(await problemsOf(`type: ${type}`, { files })).toEqual([
      expect.objectContaining({ at: '4:11', code, message: expect.stringMatching(message) as unknown }),
    ])
  })
})

it('a file whose old code goes on is a warning at the name of the type', async () => {
  const root = makeProject({
    'destinations.yaml':
      'version: 1\ndestinations:\n  - { name: a, type: ./sink.ts, options: { topic: t } }\n',
    'sink.ts': SINK,
  })
  const { adapter } = await localTypeImporter(root)('./sink.ts')
  const importLocalType = async () => ({ adapter, staleFiles: ['common.cjs', 'parts.cjs'] })
  const { problems, registry } = await loadProject({ root, importLocalType })
  expect(problems).toEqual([
    expect.objectContaining({
      severity: 'warning',
      code: 'stale-type',
      line: 3,
      column: 22,
      message: './sink.ts still runs the old code of common.cjs, parts.cjs, which a reload cannot replace',
    }),
  ])
  expect(registry).toHaveProperty('destinations')
})

const typeOf = (summary: string) =>
  `{ type: 'x', summary: ${summary}, options: {}, payload: () => ({}), send: async () => ({ message: '' }) }`
const manifest = (more: object) => JSON.stringify({ name: 'sink', type: 'module', ...more })

describe('a package that the project has installed', () => {
  it.each([
    ['its name', 'sink', 'node_modules/sink', { exports: { import: './i.js' } }],
    ['a name with a scope', '@soc/sink', 'node_modules/@soc/sink', { main: 'i.js' }],
    ['a path that it exports', 'sink/pager', 'node_modules/sink', { exports: { './pager': './i.js' } }],
  ])('is a type by %s', async (_, type, folder, more) => {
    const files = {
      [`${folder}/package.json`]: manifest(more),
      [`${folder}/i.js`]: `import { summary } from './summary.js'\nexport default ${typeOf('summary')}`,
      [`${folder}/summary.js`]: `export const summary = 'of a package'`,
    }
    const root = makeProject(files)
    expect(await importSteps(root, type, [{}])).toEqual([{ summary: 'of a package', staleFiles: [] }])
  })

  it('in TypeScript is refused with what its author has to do', async () => {
    const root = makeProject({
      'node_modules/sink/package.json': manifest({ exports: './i.ts' }),
      'node_modules/sink/i.ts': 'export default {} as object',
    })
    expect(await importSteps(root, 'sink', [{}])).toEqual([
      {
        error: expect.stringMatching(/^cannot import sink: .*node_modules\/sink\/i\.ts"$/) as unknown,
        hint: 'a package must contain JavaScript: compile it before you publish it',
      },
    ])
  })
})

it('a local type has the copy of this package that imports it, also where the project has not installed one', async () => {
  const root = makeProject({
    'sink.ts': `import { defineDestination, RetryableError } from 'signalbox'
import type { Message } from 'signalbox'
export default defineDestination(${typeOf('RetryableError.name')})`,
  })
  expect(await importSteps(root, './sink.ts', [{}])).toEqual([{ summary: 'RetryableError', staleFiles: [] }])
})

describe('a reload', () => {
  const sink = (version: number) => `import { part } from './parts/part.ts'
export default ${typeOf(`\`${version} \${part}\``)}`
  const part = (version: number) => `export const part: string = 'part ${version}'`

  it('runs the new code of the file and of every module that it imports, and imports nothing while nothing changes', async () => {
    const root = makeProject({ 'sink.ts': sink(1), 'parts/part.ts': part(1) })
    const steps: Record<string, string>[] = [
      {},
      {},
      { 'parts/part.ts': part(2) },
      { 'sink.ts': sink(2) },
      { 'sink.ts': sink(1) },
    ]
    const results = await importSteps(root, './sink.ts', steps)
    expect(results.map((each) => 'summary' in each && each.summary)).toEqual([
      '1 part 1',
      '1 part 1',
      '1 part 2',
      '2 part 2',
      '1 part 2',
    ])
    expect(results.map((each) => 'isSame' in each && each.isSame)).toEqual([false, true, false, false, false])
  })

  it('runs the corrected code of a file that could not be imported', async () => {
    const root = makeProject({ 'sink.ts': sink(1), 'parts/part.ts': 'export const part = (' })
    const results = await importSteps(root, './sink.ts', [{}, { 'parts/part.ts': part(2) }])
    expect(results).toEqual([
      { error: expect.stringMatching(/^cannot import \.\/sink\.ts: /) as unknown },
      { summary: '1 part 2', staleFiles: [] },
    ])
  })

  it('runs the new code of a module that the type imports only when it sends, also if it sent after the change', async () => {
    const later = (version: number) => `export const message = 'later ${version}'`
    const root = makeProject({
      'sink.ts': `export default { ...${typeOf("''")}, send: () => import('./later.ts') }`,
      'later.ts': later(1),
    })
    const steps: Record<string, string>[] = [{}, { 'later.ts': later(2) }]
    const results = await importSteps(root, './sink.ts', steps, { sends: true })
    expect(results.map((each) => 'sent' in each && each.sent)).toEqual(['later 1', 'later 2'])
  })

  it('names the files whose old code goes on, until the process ends or they are as they were', async () => {
    const library = (version: number) => `export const library = ${version}`
    const common = (version: number) => `exports.common = ${version}`
    const root = makeProject({
      'sink.ts': `import { common } from './common.cjs'
import { library } from 'library'
export default ${typeOf('[common, library].join(" ")')}`,
      'common.cjs': common(1),
      'node_modules/library/package.json': manifest({ name: 'library', exports: './i.js' }),
      'node_modules/library/i.js': library(1),
    })
    const path = join('node_modules', 'library', 'i.js')
    const steps = [{}, { 'common.cjs': common(2) }, { [path]: library(2) }, {}, { 'common.cjs': common(1) }]
    const results = await importSteps(root, './sink.ts', steps)
    expect(results.map((each) => 'staleFiles' in each && each.staleFiles)).toEqual([
      [],
      ['common.cjs'],
      ['common.cjs', path],
      ['common.cjs', path],
      [path],
    ])
    expect(new Set(results.map((each) => 'summary' in each && each.summary))).toEqual(new Set(['1 1']))
  })
})
