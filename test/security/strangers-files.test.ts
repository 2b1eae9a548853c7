/** The files of a stranger's pull request: links and archives in it reach nothing outside of the project. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { zipOf } from '../packages/_zips.ts'
import { runCommand } from '../support/process.ts'
import { seededCache } from '../support/seeded-cache.ts'

const SECRET = `secret-${crypto.randomUUID()}`

let outside: string
let cache: string
beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'signalbox-files-'))
  cache = join(outside, 'cache')
  seededCache(join(cache, 'signalbox', 'snapshots'))
})
afterAll(() => rmSync(outside, { recursive: true }))

let root: string
let elsewhere: string
beforeEach(() => {
  root = mkdtempSync(join(outside, 'project-'))
  elsewhere = mkdtempSync(join(outside, 'elsewhere-'))
  add('destinations.yaml', 'version: 1\nfallback: [inbox]\ndestinations: [{ name: inbox, type: console }]\n')
  add(
    'detections/it.yml',
    'AnalysisType: rule\nRuleID: It\nFilename: it.py\nEnabled: true\nSeverity: High\nLogTypes: [A]\nTests: [{ Name: matches, ExpectedResult: true, Log: {} }]\n',
  )
  add('detections/it.py', 'def rule(event): return True\n')
  writeFileSync(join(elsewhere, 'text'), `${SECRET}: ${SECRET}\n`)
  writeFileSync(
    join(elsewhere, 'it.yml'),
    `AnalysisType: global\nGlobalID: h\nFilename: it.py\n${SECRET}: 1\n`,
  )
  writeFileSync(join(elsewhere, 'it.py'), `${SECRET} = = 1\n`)
  writeFileSync(join(elsewhere, 'b-1-py3-none-any.whl'), SECRET)
})

function add(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  rmSync(join(root, path), { recursive: true, force: true })
  symlinkSync(target, join(root, path))
}

/** The command runs in the project, as it does in a pipeline. */
const command = (...args: string[]) =>
  runCommand([...args, '--project', root], '{}\n', { CANARY: SECRET, XDG_CACHE_HOME: cache })

const LOOKING = [['validate'], ['test'], ['doctor'], ['python', 'sync', '--index-url', 'http://127.0.0.1:9/']]

describe('[SEC-5.6] a link out of the project', () => {
  it.each<[string, (target: (name: string) => string) => void]>([
    ['signalbox.yaml', (target) => link(target('text'), 'signalbox.yaml')],
    ['destinations.yaml', (target) => link(target('text'), 'destinations.yaml')],
    ['the lock', (target) => link(target('text'), 'python-packages.lock')],
    ['a spec', (target) => link(target('it.yml'), 'detections/other.yml')],
    ['a body', (target) => link(target('it.py'), 'detections/it.py')],
    ['expectations', (target) => link(target('text'), 'detections/it.expect.yml')],
    ['a file outside the searched folders', (target) => link(target('text'), 'other/it.yml')],
    ['the folder of the detections', (target) => link(target('.'), 'detections')],
    ['the folder of the helpers', (target) => link(target('.'), 'global_helpers')],
    ['the folder of the data models', (target) => link(target('.'), 'detections/data_models')],
    ['the folder of fetched packages', (target) => link(target('.'), '.signalbox/python')],
    [
      'a fetched wheel',
      (target) => link(target('b-1-py3-none-any.whl'), '.signalbox/python/b-1-py3-none-any.whl'),
    ],
    [
      'a wheel that the settings name',
      (target) => {
        link(target('b-1-py3-none-any.whl'), 'b-1-py3-none-any.whl')
        add('signalbox.yaml', 'python: { paths: [b-1-py3-none-any.whl] }\n')
      },
    ],
    [
      'a file of a package',
      (target) => {
        link(target('it.py'), 'libs/it.py')
        add('signalbox.yaml', 'python: { paths: [libs] }\n')
      },
    ],
    [
      'the registry that the settings name',
      (target) => {
        link(target('text'), 'routing.yaml')
        add('signalbox.yaml', 'destinations: routing.yaml\n')
      },
    ],
  ])('a link out of the project in place of %s is not read', async (_, make) => {
    make((name) => join(elsewhere, name))
    const ends = await Promise.all(LOOKING.map((args) => command(...args)))
    for (const { out, err } of ends) expect(out + err).not.toContain(SECRET)
  })

  it('a link out of the project is not followed into the environment of the process', async () => {
    link('/proc/self/environ', 'signalbox.yaml')
    const { code, out, err } = await command('validate')
    expect(code).toBe(1)
    expect(out + err).not.toContain(SECRET)
    expect(out + err).toContain(
      'signalbox.yaml error the file is a symbolic link that points outside the project',
    )
  })

  it('a link out of the project is not followed to the file of --env-file, unless the user names that file itself', async () => {
    // An invalid line is quoted, so a quote would show that the file was read.
    writeFileSync(join(elsewhere, 'variables'), 'no variable\n')
    link(join(elsewhere, 'variables'), '.env')
    const linked = await command('doctor', '--env-file', join(root, '.env'))
    expect(linked.code).toBe(2)
    expect(linked.err).toContain('.env is a symbolic link that points outside the project [outside-project]')
    const named = await command('doctor', '--env-file', join(elsewhere, 'variables'))
    expect(named.err).toContain('variables:1: expected NAME=value')
    add('variables', 'no variable\n')
    link('variables', '.env')
    const inside = await command('doctor', '--env-file', join(root, '.env'))
    expect(inside.err).toContain('.env:1: expected NAME=value')
  })

  it('a link out of the project is not followed to a registry', async () => {
    for (const path of [join(elsewhere, 'text'), `../${elsewhere.slice(outside.length + 1)}/text`]) {
      add('signalbox.yaml', `destinations: ${path}\n`)
      const { code, out, err } = await command('validate')
      expect([code, out + err]).toEqual([1, expect.not.stringContaining(SECRET)])
    }
  })
})

describe('[SEC-5.6] the file of an event that the command line names', () => {
  const explainEvent = (path: string) => command('explain', '--detection', 'It', '--event', path)
  beforeEach(() => writeFileSync(join(elsewhere, 'event'), JSON.stringify({ name: SECRET })))

  it('a file of an event outside of the project is read if the command line names it', async () => {
    add('detections/it.py', 'def rule(event): return True\ndef title(event): return event.get("name")\n')
    const { code, out } = await explainEvent(join(elsewhere, 'event'))
    expect([code, out]).toEqual([0, expect.stringContaining(SECRET)])
  })

  it.each([
    ['a link', 'event.json'],
    ['a folder that is a link', 'events/event'],
  ])('a file of an event is not read through %s in the project', async (_, path) => {
    add('detections/it.py', 'def rule(event): return True\ndef title(event): return event.get("name")\n')
    link(join(elsewhere, 'event'), 'event.json')
    link(elsewhere, 'events')
    const { code, out, err } = await explainEvent(join(root, path))
    expect([code, out, err]).toEqual([
      2,
      '',
      expect.stringMatching(/cannot read the event file .*: it .* \[outside-project\]/),
    ])
  })
})

describe('[SEC-5.6] what never ends', () => {
  it('a device that the user names is read as an event up to the limit', async () => {
    const { code, err } = await command('explain', '--detection', 'It', '--event', '/dev/zero')
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('it is larger than 64 MiB [unreadable-event-file]'),
    ])
  })

  it('a stream without an end is not read as an event', async () => {
    link('/dev/zero', 'event.json')
    const { code, err } = await command('explain', '--detection', 'It', '--event', join(root, 'event.json'))
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('is a symbolic link that points outside the project'),
    ])
  })

  it.each<[string, () => void]>([
    ['a wheel that is a device', () => link('/dev/zero', '.signalbox/python/x.whl')],
    [
      'a wheel that is a FIFO',
      () => {
        mkdirSync(join(root, '.signalbox/python'), { recursive: true })
        execFileSync('mkfifo', [join(root, '.signalbox/python/x.whl')])
      },
    ],
    ['a file of a package that is a FIFO', () => fifo('libs/data')],
    ['settings that are a FIFO', () => fifo('signalbox.yaml')],
    ['a spec that is a device', () => link('/dev/zero', 'detections/other.yml')],
  ])('%s is not waited for', async (_, make) => {
    make()
    if (existsSync(join(root, 'libs'))) {
      add('libs/it.py', '')
      add('signalbox.yaml', 'python: { paths: [libs] }\n')
    }
    expect((await command('validate')).code).not.toBeNull()
  })

  function fifo(path: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    execFileSync('mkfifo', [join(root, path)])
  }
})

describe('[SEC-5.8] a wheel that lies about its size', () => {
  const part = { name: 'p/a.py', content: Buffer.alloc(1024, '#') }
  it.each([
    ['one member under two names', [part, { ...part, name: 'p/b.py', start: 0 }], 'share bytes'],
    ['a member that is larger than declared', [{ ...part, size: 0 }], 'another size'],
    ['a bomb', [{ ...part, content: Buffer.alloc(64 << 20), deflate: true, size: 1 }], 'another size'],
    ['a path given twice', [part, { ...part, content: Buffer.from('1') }], 'two files for one path'],
  ])('%s: refused', async (_, parts, message) => {
    add('libs/b-1-py3-none-any.whl', zipOf(parts))
    add('signalbox.yaml', 'python: { paths: [libs/b-1-py3-none-any.whl] }\n')
    const { code, err } = await command('validate')
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('[SEC-5.7] nothing is written outside of the project', () => {
  it.each<[string, () => void, string[]]>([
    ['a report', () => link(join(elsewhere, 'text'), 'r.xml'), ['test', '--reporter', 'junit=ROOT/r.xml']],
    ['a new report', () => link(join(elsewhere, 'new'), 'r.xml'), ['test', '--reporter', 'junit=ROOT/r.xml']],
    ['a report in a folder', () => link(elsewhere, 'out'), ['test', '--reporter', 'tap=ROOT/out/r.tap']],
    ['coverage', () => link(elsewhere, 'out'), ['test', '--coverage-lcov', 'ROOT/out/cov.info']],
    ['schemas', () => link(elsewhere, 'out'), ['schema', '--write', 'ROOT/out']],
    ['a new rule', () => link(elsewhere, 'detections'), ['new', 'rule', 'Other', '--type', 'A']],
    ['a new repository', () => link(elsewhere, '.github'), ['init']],
    [
      'a destination',
      () => link(join(elsewhere, 'text'), 'destinations.yaml'),
      ['destinations', 'add', 'own', '--type', 'console', '--severity', 'HIGH'],
    ],
    ['the store', () => link(elsewhere, '.signalbox'), ['run', '--from', 'stdin?logType=A']],
    [
      'the database',
      () => link(join(elsewhere, 'new'), '.signalbox/signalbox.db'),
      ['run', '--from', 'stdin?logType=A'],
    ],
    [
      'its lock',
      () => link(join(elsewhere, 'new'), '.signalbox/signalbox.db-hold'),
      ['run', '--from', 'stdin?logType=A'],
    ],
    [
      'rejects',
      () => link(join(elsewhere, 'new'), '.signalbox/rejects.ndjson'),
      ['run', '--from', 'stdin?logType=A'],
    ],
    [
      'alerts',
      () => {
        link(join(elsewhere, 'new'), 'alerts.ndjson')
        add(
          'destinations.yaml',
          'version: 1\nfallback: [inbox]\ndestinations: [{ name: inbox, type: file, options: { path: alerts.ndjson } }]\n',
        )
      },
      ['run', '--from', 'stdin?logType=A', '--store', 'memory:', '--drain-timeout', '1s'],
    ],
  ])('%s', async (_, make, args) => {
    make()
    const before = contentsOf(elsewhere)
    await command(...args.map((arg) => arg.replace('ROOT', root)))
    expect(contentsOf(elsewhere)).toEqual(before)
  })

  function contentsOf(folder: string): Record<string, string> {
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    )
  }
})

describe('[SEC-5.9] what holds alerts', () => {
  it('files with alerts are accessible to their owner only, also in a folder that others may enter', async () => {
    mkdirSync(join(root, '.signalbox'))
    chmodSync(join(root, '.signalbox'), 0o755)
    add(
      'destinations.yaml',
      'version: 1\nfallback: [inbox]\ndestinations: [{ name: inbox, type: file, options: { path: out/a.ndjson } }]\n',
    )
    const { code } = await command('run', '--from', 'stdin?logType=A')
    expect(code).toBe(0)
    const modes = [
      '.signalbox/signalbox.db',
      '.signalbox/signalbox.db-hold',
      '.signalbox/rejects.ndjson',
      'out',
      'out/a.ndjson',
    ]
    expect(modes.map((path) => [path, statSync(join(root, path)).mode & 0o077])).toEqual(
      modes.map((path) => [path, 0]),
    )
  })

  it('the rejects file keeps wider permissions, with one warning at the start', async () => {
    const open = mkdtempSync('/tmp/signalbox-open-')
    onTestFinished(() => rmSync(open, { recursive: true }))
    chmodSync(open, 0o755)
    const token = join(open, 'token')
    writeFileSync(token, 'token')
    writeFileSync(join(open, 'signalbox.db'), '')
    for (const file of [token, join(open, 'signalbox.db')]) chmodSync(file, 0o644)
    const store = `sqlite:${join(open, 'signalbox.db')}`
    const args = ['run', '--from', 'stdin?logType=A', '--store', store, '--http-token-file', token]
    const { code, err } = await command(...args)
    expect(code).toBe(0)
    expect(statSync(join(open, 'signalbox.db')).mode & 0o777).toBe(0o644)
    const lines = err.split('\n').filter((line) => line.includes('other users can read files'))
    expect(lines).toHaveLength(1)
    expect(err).toContain(token)
    expect(err).toContain(join(open, 'signalbox.db'))
  })
})
