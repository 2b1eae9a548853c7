/** The house rules: direction of imports, no cycles, one file per adapter, names, sizes, who may touch what. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

interface SourceFile {
  path: string
  room: string
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
  return { path, room: roomOf(path), text, imports }
}

function roomOf(path: string): string {
  return path.includes('/') ? path.split('/')[0]! : path.replace(/\.ts$/, '')
}

const sources = filesUnder(src)
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map(readSource)

/** Room -> rooms or single files it may import beside its own. */
const ALLOWED: Record<string, { may: string[]; because: string }> = {
  errors: { may: [], because: 'everything stands on it' },
  version: { may: [], because: 'it only knows its number' },
  'program-version': { may: [], because: 'it only knows the sources' },
  log: { may: ['model'], because: 'it only implements the port' },
  model: { may: ['errors'], because: 'nouns know no machinery' },
  files: { may: ['errors'], because: 'it reads and writes files and knows none of them' },
  adapters: { may: ['model', 'errors'], because: 'it loads any folder and knows none' },
  sources: { may: ['model', 'errors', 'adapters'], because: 'sources are handed what they need' },
  packages: {
    may: ['model', 'errors', 'files'],
    because: 'it reads and fetches packages and runs nothing of them',
  },
  engine: {
    may: ['program-version', 'model', 'errors'],
    because: 'the engine turns events into findings and knows no store',
  },
  store: { may: ['model', 'errors', 'files'], because: 'a store keeps what it is given' },
  destinations: {
    may: ['model', 'errors', 'files'],
    because: 'a destination builds requests and knows no queue',
  },
  alerts: { may: ['model', 'errors', 'store/store.ts'], because: 'deciding is pure' },
  routing: { may: ['model', 'errors'], because: 'deciding is pure' },
  drawings: { may: ['model', 'routing'], because: 'a drawing shows what it is given' },
  reporters: { may: ['model', 'errors'], because: 'a reporter prints results it is given' },
  config: {
    may: [
      'program-version',
      'model',
      'errors',
      'files',
      'adapters',
      'sources/_source.ts',
      'destinations/_destination.ts',
    ],
    because: 'config reads files and knows contracts, not machinery',
  },
  delivery: {
    may: ['model', 'errors', 'adapters', 'store/store.ts', 'destinations/_destination.ts'],
    because: 'delivery meets stores and destinations by contract',
  },
  testing: {
    may: ['model', 'errors', 'adapters', 'alerts', 'routing'],
    because: 'tests decide as production does',
  },
  pipeline: {
    may: ['model', 'errors', 'alerts', 'routing', 'store/store.ts'],
    because: 'the way of a finding needs decisions and a store contract',
  },
  server: { may: ['model', 'errors', 'routing', 'store/store.ts'], because: 'it shows, it does not decide' },
  daemon: { may: ['*'], because: '' },
  workspace: { may: ['*'], because: '' },
  cli: {
    may: [
      'daemon',
      'workspace',
      'files/output-file.ts',
      'testing',
      'reporters',
      'model',
      'errors',
      'adapters',
      'log',
      'version',
      'pipeline/planner.ts',
      'store/store.ts',
      'config/durations.ts',
    ],
    because: 'commands speak to the façade',
  },
  main: {
    may: ['cli', 'adapters', 'errors'],
    because: 'it finds a command and turns errors into exit codes',
  },
  index: { may: ['*'], because: '' },
}

describe('imports', () => {
  it('go only downwards', () => {
    const breaches: string[] = []
    for (const file of sources) {
      const rule = ALLOWED[file.room]
      if (!rule) {
        breaches.push(`${file.path}: the room "${file.room}" is not on the plan`)
        continue
      }
      for (const target of file.imports.filter((name) => sources.some((other) => other.path === name))) {
        const room = roomOf(target)
        const open = rule.may.includes('*') && !['cli', 'main', 'reporters'].includes(room)
        if (room === file.room || open || rule.may.includes(room) || rule.may.includes(target)) continue
        breaches.push(`${file.path} imports ${target}: ${rule.because || 'nothing imports the command line'}`)
      }
    }
    expect(breaches).toEqual([])
  })

  it('name no adapter', () => {
    const adapter = /^(sources|destinations)\/[a-z]/
    const breaches = sources.flatMap((file) =>
      file.imports.filter((name) => adapter.test(name)).map((name) => `${file.path} imports ${name}`),
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
      expect({ docs: named(join(root, 'docs', folder), '.md') }).toEqual({ docs: types })
    },
  )
})

describe('files', () => {
  const code = filesUnder(src).filter((path) => /\.(ts|py|sql)$/.test(path))

  it('have at most 300 lines', () => {
    const long = code
      .map((path) => ({ path, lines: readFileSync(join(src, path), 'utf8').split('\n').length - 1 }))
      .filter((file) => file.lines > 300)
    expect(long).toEqual([])
  })

  it('are named for what they hold', () => {
    const vague = /(^|\/)(utils?|helpers|common|types|constants|misc|shared|manager|service)\.(ts|py)$/
    expect(code.filter((path) => vague.test(path))).toEqual([])
  })

  it('keep to their own matters', () => {
    const only: [string, RegExp, (path: string) => boolean][] = [
      [
        'loads Pyodide',
        /from 'pyodide|import\('pyodide|pyodide\.asm\.mjs/,
        // The second one reads its bytes, of which the names of snapshots are made.
        (path) => path === 'engine/pyodide.ts' || path === 'engine/wasm-module.ts',
      ],
      ['opens a database', /'node:sqlite'|from 'pg'/, (path) => path.startsWith('store/')],
      ['reads the environment', /process\.env\b/, (path) => path.startsWith('config/')],
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

  it('of a project are read through one function', () => {
    const named = new Map(sources.map((file) => [file.path, namesOfNodeFs(file.text)]))
    const readers = ['config', 'packages', 'workspace'].flatMap((room) =>
      sources.filter((file) => file.room === room),
    )
    expect(readers.length).toBeGreaterThan(60)
    const breaches = readers.flatMap(({ path }) =>
      named.get(path)!.flatMap((name) => (READS.has(name) ? [`${path} reads with ${name}`] : [])),
    )
    expect(breaches).toEqual([])
  })

  it('are written through one function where their path may lie in a project', () => {
    const rooms = ['cli', 'config', 'daemon', 'delivery', 'destinations', 'packages', 'store', 'workspace']
    const writers = sources.flatMap(({ path, room, text }) =>
      rooms.includes(room) && namesOfNodeFs(text).some((name) => WRITES.has(name)) ? [path] : [],
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
      'config/settings.test.ts',
      'engine/busy-machine.test.ts',
      'engine/packages.test.ts',
      'engine/time-limits.test.ts',
      'engine/unit-tests.test.ts',
      'scenarios/bad-input.test.ts',
    ])
  })

  it('read the real clock only where it is the subject, or where a process of its own reads it too', () => {
    expect(filesWith(/Date\.now\(\)|new Date\(\)|\bsystemClock\b/)).toEqual([
      'chaos/stored-alerts.ts',
      // A calendar takes the date of the process, not that of its clock.
      'daemon/correlations.test.ts',
      'model/ports.test.ts',
      'support/store-writer.ts',
    ])
  })
})

/** What node:fs offers to look into a file, or to ask what it is, without the checks of src/files/project-file.ts. */
const READS = new Set(
  'readFile readFileSync open openSync openAsBlob createReadStream readlink readlinkSync stat statSync lstat lstatSync realpath realpathSync cp cpSync copyFile copyFileSync * default'.split(
    ' ',
  ),
)

/** What writes, without the checks of src/files/output-file.ts. */
const WRITES = new Set(
  'writeFile writeFileSync appendFile appendFileSync createWriteStream open openSync mkdir mkdirSync rename renameSync link linkSync symlink symlinkSync truncate truncateSync cp cpSync copyFile copyFileSync * default'.split(
    ' ',
  ),
)

/** Files that write by themselves, and where to. */
const OWN_WRITERS = new Map([
  ['packages/install.ts', 'into a folder that it has just made under a new name'],
  ['daemon/rejects.ts', 'to the path that src/files/output-file.ts has prepared'],
  ['destinations/file.ts', 'to the path that src/files/output-file.ts has prepared'],
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
