/** The rules of the code: direction of imports, no cycles, one file per adapter, names, sizes, who may use what. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

/**
 * What each module may import beside its own files, from the bottom to the top: a module imports only rows above its
 * own. A row that ends in `.ts` is a contract, which may be imported where its folder may not.
 */
const ALLOWED: Record<string, { may: readonly string[]; because: string }> = {
  'error-codes': { may: [], because: 'a list of codes' },
  errors: { may: ['error-codes'], because: 'everything imports it' },
  core: { may: [], because: 'small pure ideas that know no module' },
  'installed-files': { may: [], because: 'it knows where the files of the program are' },
  version: { may: ['installed-files'], because: 'it knows the number of the program' },
  'program-version': { may: ['installed-files'], because: 'it knows the text of the program' },
  files: { may: ['errors'], because: 'it reads and writes files and does not interpret them' },
  model: { may: ['core'], because: 'data without behaviour of its own' },
  masking: { may: [], because: 'masking is pure' },
  archive: {
    may: ['errors', 'files', 'model', 'masking'],
    because: 'archives keep events and do not evaluate them',
  },
  log: { may: ['model'], because: 'it implements a port' },
  brokers: { may: ['errors', 'core'], because: 'sources and destinations connect to brokers in one way' },
  aws: { may: ['errors', 'core', 'model'], because: 'sources and destinations call AWS in one way' },
  match: { may: ['core', 'model'], because: 'match expressions are pure' },
  correlation: { may: ['model', 'match'], because: 'correlation is pure and knows no engine' },
  'engine/protocol': { may: ['model'], because: 'both sides of the thread speak it' },
  'engine/runtime': {
    may: ['errors', 'core', 'installed-files', 'model', 'engine/protocol'],
    because: 'the border to WebAssembly; only this folder touches it',
  },
  'engine/snapshot': {
    may: ['core', 'engine/protocol'],
    because: 'it keeps snapshots and starts no interpreter',
  },
  'engine/worker': {
    may: ['errors', 'core', 'model', 'match', 'engine/protocol', 'engine/runtime', 'engine/snapshot'],
    because: 'it runs in the worker thread',
  },
  'engine/pool': {
    may: ['errors', 'installed-files', 'program-version', 'model', 'engine/protocol', 'engine/snapshot'],
    because: 'it runs on the main thread and never loads the runtime',
  },
  engine: {
    may: ['core', 'model', 'correlation', 'engine/protocol', 'engine/pool'],
    because: 'the engine turns events into findings and knows no store',
  },
  'sources/_source.ts': { may: ['model'], because: 'a contract' },
  'sources/framing': {
    may: ['model', 'sources/_source.ts'],
    because: 'framing cuts bytes and opens no file',
  },
  'sources/stream': {
    may: ['errors', 'model', 'sources/_source.ts', 'sources/framing'],
    because: 'streams are read once, from the beginning to the end',
  },
  'sources/tail': {
    may: ['model', 'sources/_source.ts', 'sources/framing', 'sources/stream'],
    because: 'following files builds on frames and streams',
  },
  'sources/syslog-receiver': {
    may: ['errors', 'model', 'sources/_source.ts', 'sources/framing', 'sources/stream'],
    because: 'it receives messages and knows no source type',
  },
  'sources/post': {
    may: ['errors', 'model', 'sources/_source.ts', 'sources/framing', 'sources/stream'],
    because: 'it answers posts and knows no source type',
  },
  'sources/otlp-records': { may: [], because: 'it reads an encoding' },
  'destinations/_options.ts': { may: [], because: 'a contract' },
  'destinations/_answers.ts': { may: ['model'], because: 'a contract' },
  'destinations/_destination.ts': {
    may: ['core', 'model', 'destinations/_options.ts', 'destinations/_answers.ts'],
    because: 'a contract',
  },
  'destinations/parts/credentials': {
    may: ['errors', 'core', 'model', 'destinations/_destination.ts'],
    because: 'credentials are fetched in the same way by a type and by delivery',
  },
  'destinations/parts': {
    may: [
      'errors',
      'brokers',
      'core',
      'model',
      'destinations/_options.ts',
      'destinations/_destination.ts',
      'destinations/parts/credentials',
    ],
    because: 'parts of requests that several types use',
  },
  'sources/objects': {
    may: ['errors', 'aws', 'core', 'model', 'sources/_source.ts', 'sources/framing', 'sources/stream'],
    because: 'it reads objects and knows no queue',
  },
  'sources/queue': {
    may: [
      'errors',
      'aws',
      'model',
      'sources/_source.ts',
      'sources/framing',
      'sources/stream',
      'sources/objects',
    ],
    because: 'it receives messages and knows no source type',
  },
  'sources/broker': {
    may: ['errors', 'sources/_source.ts', 'sources/framing'],
    because: 'the sources of brokers share it, and it knows no protocol',
  },
  'sources/kafka-topic': {
    may: [
      'errors',
      'brokers',
      'aws',
      'core',
      'sources/_source.ts',
      'sources/framing',
      'sources/stream',
      'sources/broker',
    ],
    because: 'it reads topics and knows no source type',
  },
  sources: {
    may: [
      'errors',
      'brokers',
      'core',
      'model',
      'sources/_source.ts',
      'sources/framing',
      'sources/stream',
      'sources/tail',
      'sources/syslog-receiver',
      'sources/post',
      'sources/otlp-records',
      'sources/objects',
      'sources/queue',
      'sources/broker',
      'sources/kafka-topic',
    ],
    because: 'a source gets what it needs from its caller',
  },
  destinations: {
    may: [
      'errors',
      'brokers',
      'aws',
      'core',
      'files',
      'model',
      'destinations/_options.ts',
      'destinations/_destination.ts',
      'destinations/parts/credentials',
      'destinations/parts',
    ],
    because: 'a destination builds requests and knows no queue',
  },
  hooks: { may: ['model'], because: 'a hook checks and reads requests, and knows no store' },
  packages: {
    may: ['core', 'errors', 'files', 'model'],
    because: 'it reads and fetches packages and runs none of them',
  },
  'config/files': {
    may: ['errors', 'core', 'installed-files', 'program-version', 'files', 'model'],
    because: 'text, paths and the environment',
  },
  'config/yaml': { may: ['errors', 'core', 'model', 'config/files'], because: 'YAML knows no kind of file' },
  'config/schemas': {
    may: ['model', 'destinations/_destination.ts', 'config/files', 'config/yaml'],
    because: 'the forms of the files',
  },
  'config/destinations': {
    may: [
      'errors',
      'core',
      'files',
      'model',
      'destinations/_destination.ts',
      'config/files',
      'config/yaml',
      'config/schemas',
    ],
    because: 'the registry knows no detection',
  },
  'config/handling': {
    may: ['core', 'model', 'config/files', 'config/yaml', 'config/schemas'],
    because: 'the rules of handling know no detection but by id, log type and tag',
  },
  'config/settings': {
    may: [
      'errors',
      'core',
      'files',
      'model',
      'config/files',
      'config/yaml',
      'config/schemas',
      'config/destinations',
    ],
    because: 'the settings',
  },
  'config/detections': {
    may: ['core', 'model', 'config/files', 'config/yaml', 'config/schemas', 'config/destinations'],
    because: 'detections are read last: overrides apply to them',
  },
  config: {
    may: [
      'errors',
      'core',
      'files',
      'model',
      'destinations/_destination.ts',
      'destinations',
      'config/files',
      'config/destinations',
      'config/handling',
      'config/settings',
      'config/detections',
    ],
    because: 'it reads the files of a project and runs nothing',
  },
  store: {
    may: ['errors', 'core', 'installed-files', 'files', 'model'],
    because: 'a store keeps what it is given',
  },
  alerts: { may: ['core', 'model', 'store/store.ts'], because: 'deciding is pure' },
  routing: { may: ['core', 'model'], because: 'deciding is pure' },
  handling: { may: ['core', 'model'], because: 'deciding is pure' },
  drawings: { may: ['model', 'routing'], because: 'a drawing shows what it is given' },
  reporters: { may: ['model', 'drawings'], because: 'a reporter prints the results that it is given' },
  'delivery/http': {
    may: ['errors', 'core', 'model', 'destinations/_destination.ts'],
    because: 'the HTTP client knows no alert',
  },
  delivery: {
    may: [
      'errors',
      'core',
      'model',
      'destinations/_destination.ts',
      'destinations/parts/credentials',
      'store/store.ts',
      'delivery/http',
    ],
    because: 'delivery uses stores and destinations by their contract',
  },
  retention: {
    may: ['model', 'store/store.ts', 'alerts'],
    because: 'it uses a store by its contract, and ends dedup windows as decisions do',
  },
  pipeline: {
    may: ['errors', 'core', 'model', 'correlation', 'store/store.ts', 'alerts', 'routing', 'handling'],
    because: 'it needs decisions and the contract of a store',
  },
  simulation: {
    may: ['model', 'correlation', 'store/store.ts', 'store', 'pipeline'],
    because: 'it runs the pipeline with a clock and a store of its own',
  },
  testing: {
    may: ['errors', 'core', 'model', 'store/store.ts', 'alerts', 'routing', 'handling', 'simulation'],
    because: 'tests decide as production does',
  },
  server: {
    may: ['errors', 'core', 'model', 'store/store.ts'],
    because: 'it answers requests and decides nothing about events',
  },
  'server/console': {
    may: [
      'errors',
      'core',
      'installed-files',
      'model',
      'store/store.ts',
      'alerts',
      'routing',
      'drawings',
      'server',
    ],
    because: 'it shows what it is given, and does what its ports can',
  },
  workspace: {
    may: [
      'errors',
      'core',
      'installed-files',
      'version',
      'files',
      'model',
      'engine/snapshot',
      'engine/pool',
      'engine',
      'sources',
      'destinations/_destination.ts',
      'destinations',
      'hooks',
      'packages',
      'config/files',
      'config/yaml',
      'config/schemas',
      'config/destinations',
      'config/handling',
      'config/settings',
      'config',
      'store',
      'retention',
      'alerts',
      'routing',
      'handling',
      'delivery/http',
      'delivery',
      'testing',
    ],
    because: 'it gives commands and tests one project',
  },
  daemon: {
    may: [
      'errors',
      'core',
      'version',
      'files',
      'model',
      'archive',
      'correlation',
      'sources/_source.ts',
      'sources',
      'destinations/_destination.ts',
      'hooks',
      'config/files',
      'config/destinations',
      'store',
      'delivery/http',
      'delivery',
      'retention',
      'pipeline',
      'server',
      'server/console',
      'workspace',
    ],
    because: 'the composition root',
  },
  replay: {
    may: [
      'errors',
      'core',
      'model',
      'archive',
      'sources/_source.ts',
      'sources/framing',
      'sources',
      'config/files',
      'config/detections',
      'store/store.ts',
      'simulation',
      'workspace',
    ],
    because: 'it evaluates recorded events and reads the files that hold them',
  },
  'cli/command': {
    may: [
      'errors',
      'core',
      'model',
      'archive',
      'masking',
      'log',
      'config/files',
      'config/settings',
      'store/store.ts',
      'reporters',
      'workspace',
    ],
    because: 'what every command needs',
  },
  'cli/format': {
    may: [
      'errors',
      'model',
      'config/files',
      'store/store.ts',
      'routing',
      'reporters',
      'pipeline',
      'workspace',
      'daemon',
      'cli/command',
    ],
    because: 'it formats what commands print',
  },
  'cli/prompts': { may: ['errors', 'cli/command'], because: 'it asks in a terminal' },
  'cli/test-run': {
    may: [
      'errors',
      'files',
      'model',
      'config/files',
      'config',
      'reporters',
      'testing',
      'workspace',
      'cli/command',
      'cli/format',
    ],
    because: 'it runs tests, once or again and again',
  },
  'cli/replay': {
    may: ['model', 'reporters'],
    because: 'it shows a replay and its results',
  },
  'cli/mcp': {
    may: ['errors', 'files', 'version', 'cli/command'],
    because: 'it serves commands as tools',
  },
  'cli/commands': {
    may: [
      'archive',
      'errors',
      'core',
      'installed-files',
      'version',
      'model',
      'config/destinations',
      'store/store.ts',
      'drawings',
      'reporters',
      'testing',
      'workspace',
      'daemon',
      'replay',
      'cli/command',
      'cli/format',
      'cli/prompts',
      'cli/test-run',
      'cli/replay',
      'cli/mcp',
    ],
    because: 'a command joins what the program can do',
  },
  cli: {
    may: ['errors', 'core', 'version', 'workspace', 'cli/command', 'cli/format', 'cli/commands'],
    because: 'it finds the command',
  },
  main: { may: ['cli/command', 'cli'], because: 'the entry of the command' },
  index: {
    may: ['errors', 'model', 'core', 'error-codes.ts', 'destinations/_destination.ts'],
    because: 'the public exports',
  },
  'destination-api': {
    may: [
      'errors',
      'core',
      'error-codes.ts',
      'model',
      'destinations/_options.ts',
      'destinations/_destination.ts',
      'destinations/parts',
      'delivery',
      'workspace',
    ],
    because: 'the public exports for authors of destination types',
  },
}

interface SourceFile {
  path: string
  module: string
  text: string
  imports: string[]
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.includes('__pycache__') && !name.includes('node_modules'),
  )
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(src, path), 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
  const imports = specifiers.map((name) =>
    name.startsWith('.') ? relative(src, join(src, dirname(path), name)) : name,
  )
  return { path, module: moduleOf(path), text, imports }
}

/** The longest row of the table that the path belongs to; the path itself where there is none. */
function moduleOf(path: string): string {
  const rows = Object.keys(ALLOWED).filter(
    (row) => path === row || path === `${row}.ts` || path.startsWith(`${row}/`),
  )
  return rows.sort((a, b) => b.length - a.length)[0] ?? path
}

const sources = filesUnder(src)
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map(readSource)

describe('imports', () => {
  /** Every import of another module, as the rows of both. */
  const between = sources.flatMap((file) =>
    file.imports
      .filter((name) => sources.some((other) => other.path === name))
      .map((target) => ({
        from: file.module,
        to: moduleOf(target),
        text: `${file.path} imports ${target}`,
        target,
      }))
      .filter(({ from, to }) => from !== to),
  )
  const permits = (rule: string, { to, target }: { to: string; target: string }) =>
    rule === to || rule === target

  it('are those of the table', () => {
    const breaches = between.filter((each) => !ALLOWED[each.from]?.may.some((rule) => permits(rule, each)))
    expect(
      breaches.map(({ text, from }) => `${text}: ${ALLOWED[from]?.because ?? 'it is in no row'}`),
    ).toEqual([])
  })

  it('use every permission of the table', () => {
    const unused = Object.entries(ALLOWED).flatMap(([from, { may }]) =>
      may
        .filter((rule) => !between.some((each) => each.from === from && permits(rule, each)))
        .map((rule) => `${from} imports nothing of ${rule}`),
    )
    expect(unused).toEqual([])
  })

  it('go only to rows above', () => {
    const rows = Object.keys(ALLOWED)
    const upward = rows.flatMap((from) =>
      ALLOWED[from]!.may.filter((rule) => rows.indexOf(moduleOf(rule)) > rows.indexOf(from)).map(
        (rule) => `${from} may not import ${rule}`,
      ),
    )
    expect(upward).toEqual([])
  })

  it('name an adapter only in its catalog', () => {
    const adapter = /^(sources|destinations)\/[a-z][\w-]*\.ts$/
    const breaches = sources.flatMap((file) =>
      file.path.endsWith('_catalog.ts')
        ? []
        : file.imports.filter((name) => adapter.test(name)).map((name) => `${file.path} imports ${name}`),
    )
    expect(breaches).toEqual([])
  })

  it('form no cycle, type-only imports included', () => {
    const graph = new Map(sources.map((file) => [file.path, file.imports]))
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, trail: string[]) => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      if (done.has(path) || trail.includes(path)) return
      for (const next of graph.get(path) ?? []) if (graph.has(next)) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
    expect(cycles).toEqual([])
  })
})

/** Exports for a separate test or a script: parts whose cases are a table. */
const TESTED_BY_ITSELF = new Set([
  'cli/test-run/watch-keys.ts keyReader',
  'daemon/schedules/heartbeat.ts sendHeartbeat',
  'delivery/delivery-message.ts markTitle',
  'delivery/http/private-address.ts isPrivateAddress',
  'engine/runtime/wasm-module.ts rewriteModule',
  'error-codes.ts ERROR_CODES',
  'model/alerts/alert.ts prefixedTitle',
  'model/events/facts.ts canBeEmpty',
  'model/events/facts.ts helpersOf',
  'model/ports.ts nullMetrics',
  'program-version.ts BUILT_VERSION_FILE',
  'program-version.ts versionOfSources',
  'server/metrics.ts DECLARED_METRICS',
  'store/postgres/upkeep/copied-tables.ts TABLES_NOT_COPIED',
  'sources/kafka-topic/iam-token.ts signIamToken',
  'workspace/destination-contract/contract-alerts.ts SAMPLE_ALERT',
  'workspace/destination-contract/contract-stage.ts requestsFor',
])
/** The exports of these files are the package's own. */
const PUBLIC = new Set([
  'index.ts',
  'destination-api.ts',
  'workspace/testing.ts',
  'destinations/_destination.ts',
])

describe('exports', () => {
  it('every exported function, class and constant is imported by another file or is listed', () => {
    const used = new Set(
      sources.flatMap(({ path, text }) =>
        [...text.matchAll(/(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from '(\.[^']+)'/g)].flatMap(
          ([, names, target]) => {
            const file = relative(src, join(src, dirname(path), target!))
            return names!.split(',').map(
              (name) =>
                `${file} ${
                  name
                    .trim()
                    .replace(/^type /, '')
                    .split(' as ')[0]
                }`,
            )
          },
        ),
      ),
    )
    // A module that is imported as a whole may be used in each of its parts.
    const whole = new Set(
      sources.flatMap(({ path, text }) =>
        [...text.matchAll(/(?:import\(|import \* as \w+ from |export \* from )'(\.[^']+)'/g)].map(
          ([, target]) => relative(src, join(src, dirname(path), target!)),
        ),
      ),
    )
    const unused = sources
      .filter(({ path }) => !PUBLIC.has(path) && !whole.has(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm)].map(
          ([, name]) => `${path} ${name}`,
        ),
      )
      .filter((each) => !used.has(each))
    expect(unused).toEqual([...TESTED_BY_ITSELF].sort())
  })
})

/** The page of docs/destinations that is about no type of its own: what `webhook` can reach. */
const RECIPES = 'recipes'

describe('adapters', () => {
  it.each(['sources', 'destinations'])(
    '%s: every type has a test and a docs page, and the reverse',
    (folder) => {
      const named = (dir: string, ending: string) =>
        (existsSync(dir) ? readdirSync(dir) : [])
          .filter((name) => name.endsWith(ending) && !name.startsWith('_'))
          .map((name) => name.slice(0, -ending.length))
          .sort()
      const types = named(join(src, folder), '.ts')
      expect({ tests: named(join(root, 'test', folder), '.test.ts') }).toEqual({ tests: types })
      const catalog = readFileSync(join(src, folder, '_catalog.ts'), 'utf8')
      expect({
        catalog: [...catalog.matchAll(/import\('\.\/([\w-]+)\.ts'\)/g)].map((match) => match[1]),
      }).toEqual({
        catalog: types,
      })
      const docs = named(join(root, 'docs', folder), '.md').filter((page) => page !== RECIPES)
      expect({ docs }).toEqual({ docs: types })
    },
  )
})

/** Folders that hold one file for each thing of a kind, named as that thing. */
const FAMILIES = new Set([
  'sources',
  'destinations',
  'reporters',
  'cli/commands',
  'cli/commands/destinations',
  'store/rows',
])

describe('files', () => {
  const code = filesUnder(src).filter((path) => /\.(ts|py|sql)$/.test(path))

  it('have at most 300 lines', () => {
    const long = code
      .map((path) => ({ path, lines: readFileSync(join(src, path), 'utf8').split('\n').length - 1 }))
      .filter((file) => file.lines > 300)
    expect(long).toEqual([])
  })

  it.each(['store/migrations', 'store/postgres/migrations'])(
    'of %s have the numbers from 1 without a gap, because the number is the version of the schema',
    (folder) => {
      const names = readdirSync(join(src, folder)).sort()
      const numbers = names.map((name) => Number.parseInt(name, 10))
      expect(numbers).toEqual(names.map((_, i) => i + 1))
    },
  )

  it('share a folder with at most 19 others, but for the adapters of one kind', () => {
    const folders = Map.groupBy(
      sources.map(({ path }) => path),
      dirname,
    )
    const crowded = [...folders].filter(([folder, paths]) => paths.length > 20 && !FAMILIES.has(folder))
    expect(crowded.map(([folder, paths]) => `${folder}: ${paths.length}`)).toEqual([])
  })

  it('every folder with more than five files has a README.md', () => {
    const folders = Map.groupBy(
      sources.map(({ path }) => path),
      dirname,
    )
    const silent = [...folders].filter(
      ([folder, paths]) => paths.length > 5 && !existsSync(join(src, folder, 'README.md')),
    )
    expect(silent.map(([folder]) => folder)).toEqual([])
  })

  it('every file of the engine begins with the thread on which it runs', () => {
    const silent = sources.filter(
      ({ path, text }) =>
        path.startsWith('engine/') && !/^\/\*\*\s+(?:\* )?(?:MAIN|WORKER|EITHER|BOTH) THREADS?\. /.test(text),
    )
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it('base names are unique, except those of adapters, commands, rows of the store and contracts', () => {
    const named = sources
      .map(({ path }) => path)
      .filter((path) => !FAMILIES.has(dirname(path)) && !/(^|\/)(index|_catalog)\.ts$/.test(path))
    const twice = [...Map.groupBy(named, (path) => basename(path)).values()].filter(
      ({ length }) => length > 1,
    )
    expect(twice).toEqual([])
  })

  it('are named for what they hold', () => {
    const vague = /(^|\/)(utils?|helpers|common|types|constants|misc|shared|manager|service)\.(ts|py)$/
    expect(code.filter((path) => vague.test(path))).toEqual([])
  })

  it('only the listed files load Pyodide, open a database, read the environment or end the process', () => {
    const only: [string, RegExp, (path: string) => boolean][] = [
      [
        'loads Pyodide',
        /from 'pyodide|import\('pyodide|pyodide\.asm\.mjs/,
        // The second one reads its bytes, of which the names of snapshots are made.
        (path) => path === 'engine/runtime/pyodide.ts' || path === 'engine/runtime/wasm-module.ts',
      ],
      ['opens a database', /'node:sqlite'|from 'pg'/, (path) => path.startsWith('store/')],
      ['reads the environment', /process\.env\b/, (path) => path === 'config/files/environment.ts'],
      // They hold for the whole process, also for a user's own test runner.
      ['sets flags of V8', /setFlagsFromString/, (path) => path === 'engine/pool/v8-flags.ts'],
      ['ends the process', /process\.exit\b/, (path) => path === 'main.ts'],
      ['has a hook for tests', /__test|forTest|NODE_ENV|VITEST/, () => false],
    ]
    const breaches = only.flatMap(([what, pattern, allowed]) =>
      sources
        .filter((file) => pattern.test(file.text) && !allowed(file.path))
        .map((file) => `${file.path} ${what}`),
    )
    expect(breaches).toEqual([])
  })

  it('files of a project are read through one function', () => {
    const named = new Map(sources.map((file) => [file.path, namesOfNodeFs(file.text)]))
    const readers = ['config', 'packages', 'workspace'].flatMap((folder) =>
      sources.filter(({ path }) => path.startsWith(`${folder}/`)),
    )
    expect(readers.length).toBeGreaterThan(60)
    const breaches = readers.flatMap(({ path }) =>
      named.get(path)!.flatMap((name) => (READS.has(name) ? [`${path} reads with ${name}`] : [])),
    )
    expect(breaches).toEqual([])
  })

  it('files whose path may lie in a project are written through one function', () => {
    const folders = ['cli', 'config', 'daemon', 'delivery', 'destinations', 'packages', 'store', 'workspace']
    const writers = sources.flatMap(({ path, text }) =>
      folders.includes(path.split('/')[0]!) && namesOfNodeFs(text).some((name) => WRITES.has(name))
        ? [path]
        : [],
    )
    expect(writers).toEqual([...OWN_WRITERS.keys()].sort())
  })
})

describe('test files', () => {
  const tests = filesUnder(join(root, 'test')).filter((path) => path.endsWith('.ts'))

  /** The files in which the pattern occurs, as a list that must be exact: it can only be shortened together with them. */
  function filesWith(pattern: RegExp): string[] {
    return tests.filter((path) => pattern.test(readFileSync(join(root, 'test', path), 'utf8'))).sort()
  }

  it('set a time limit of less than a second only where the limit is the subject, and on what never ends', () => {
    expect(filesWith(/timeMs: ?\d{1,3}\b(?!_)/)).toEqual([
      'config/settings/load-settings.test.ts',
      'engine/busy-machine.test.ts',
      'engine/packages.test.ts',
      'engine/pool/unit-test-jobs.test.ts',
      'engine/time-limits.test.ts',
      'scenarios/bad-input.test.ts',
    ])
  })

  it('read the real clock only where it is the subject, or where a process of its own reads it too', () => {
    expect(filesWith(/Date\.now\(\)|new Date\(\)|\bsystemClock\b/)).toEqual([
      // The daemons of these runs are processes whose clock is that of the machine.
      'chaos/cluster/daemon-slot.ts',
      'chaos/cluster/run-cluster.ts',
      'chaos/cluster/run-state.ts',
      'chaos/stored-alerts.ts',
      // A broker has a clock of its own, by which it keeps messages.
      'contract/source-partitioned.ts',
      // A store in PostgreSQL uses the clock of the server.
      'daemon/members/cursor-holder.test.ts',
      // Slots of cron expressions are computed at the date of the process, not at that of a test's clock.
      'daemon/schedules/correlation-scheduler.test.ts',
      'daemon/schedules/heartbeat.test.ts',
      // A store in PostgreSQL uses the clock of the server.
      'daemon/schedules/rule-leases.test.ts',
      'model/ports.test.ts',
      // The daemon of this test checks by the clock when a request was signed.
      'scenarios/hooks.test.ts',
      // Its processes use the clock of the server.
      'scenarios/shared-partitions.test.ts',
      // The daemons of this test read the clock, and write to the same store.
      'scenarios/updates.test.ts',
      // A token of the test must be valid for the broker.
      'sources/kafka.test.ts',
      // A store in PostgreSQL uses the clock of the server.
      'sources/queue/notified-objects.test.ts',
      // The program logger sends the time of the machine.
      'sources/syslog.test.ts',
      // The process that follows the log runs on its own, without a clock that a test could move.
      'sources/tail/closed-folder.test.ts',
      'store/postgres-members.test.ts',
      'store/postgres.test.ts',
      'store/store-check.test.ts',
      'store/store-copy.test.ts',
      'support/partition-member.ts',
      'support/partition-process.ts',
      'support/queue-member.ts',
      'support/store-writer.ts',
      'support/work-announcer.ts',
    ])
  })
})

/** Functions of node:fs that read a file or its type without the checks of src/files/project-file.ts. */
const READS = new Set(
  'readFile readFileSync open openSync openAsBlob createReadStream readlink readlinkSync stat statSync lstat lstatSync realpath realpathSync cp cpSync copyFile copyFileSync * default'.split(
    ' ',
  ),
)

/** Functions of node:fs that write without the checks of src/files/output-file.ts. */
const WRITES = new Set(
  'writeFile writeFileSync appendFile appendFileSync createWriteStream open openSync mkdir mkdirSync rename renameSync link linkSync symlink symlinkSync truncate truncateSync cp cpSync copyFile copyFileSync * default'.split(
    ' ',
  ),
)

/** Files that call these functions themselves, and the paths to which they write. */
const OWN_WRITERS = new Map([
  ['packages/install.ts', 'into a folder that it has just made under a new name'],
  ['daemon/rejects.ts', 'to the path that src/files/output-file.ts has prepared'],
  ['destinations/file.ts', 'to the path that src/files/output-file.ts has prepared'],
  ['store/sqlite/sqlite-driver.ts', 'nothing: it syncs the journal beside the path that was prepared'],
])

/** The names that a file imports from node:fs or node:fs/promises; `*` and `default` where it imports the whole. */
function namesOfNodeFs(text: string): string[] {
  const clauses = [...text.matchAll(/import\s+([^'"]*?)\s+from\s+'(?:node:)?fs(?:\/promises)?'/g)]
  return clauses.flatMap(([, clause = '']) => {
    if (clause.includes('*')) return ['*']
    const [, outside = '', braces = ''] = /^([^{]*)\{?([^}]*)\}?$/.exec(clause)!
    const names = braces.split(',').flatMap((part) => {
      const name = part.trim().split(/\s+as\s+/)[0]!
      return name === '' || name.startsWith('type ') ? [] : [name]
    })
    return outside.trim() === '' || outside.trim() === 'type' ? names : ['default', ...names]
  })
}

describe('docs/architecture.md', () => {
  it('names only paths that exist', () => {
    const text = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8')
    const paths = [...text.matchAll(/`((?:src|test|docs|bin|bench|scripts|detections|examples)\/[\w./-]*)`/g)]
    expect(paths.length).toBeGreaterThan(10)
    expect(paths.map((match) => match[1]!).filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})
