/** `replay` on a small project under git, Python included. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

let root: string

interface ReplayDocument {
  readonly version: number
  readonly events: Record<string, unknown>
  readonly alerts: readonly { readonly id: string; readonly title: string; readonly detection: string }[]
  readonly changes: {
    readonly added: readonly { readonly title: string }[]
    readonly removed: readonly { readonly title: string }[]
    readonly changed: readonly { readonly fields: readonly string[] }[]
  } | null
  readonly after: {
    readonly detections: readonly { readonly id: string; readonly perDay: Record<string, number> }[]
    readonly destinations: readonly { readonly name: string; readonly deliveries: number }[]
  }
  readonly budgets: readonly { readonly kept: boolean; readonly message: string }[]
}

/** One login each ten minutes, of one of three users. */
const EVENTS = Array.from({ length: 30 }, (_, i) => ({
  time: new Date(Date.UTC(2026, 0, 31) + i * 600_000).toISOString(),
  p_log_type: 'Test.Log',
  action: i % 2 === 0 ? 'login' : 'logout',
  user: ['ann', 'ben', 'cat'][i % 3],
}))
const LINES = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('')

beforeAll(() => {
  root = makeProject({ ...SOUND, 'events/a.ndjson': LINES })
  git('init', '--quiet')
  git('add', '--all')
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'first')
})

function git(...args: string[]): void {
  execFileSync('git', ['-C', root, ...args])
}

function run(...argv: string[]): Promise<Ran> {
  return signalbox(['replay', ...argv, '--project', root])
}

async function replayed(...argv: string[]): Promise<ReplayDocument> {
  const { out, err } = await run(...argv, '--format', 'json')
  if (out === '') throw new Error(err)
  return JSON.parse(out) as ReplayDocument
}

async function withFile<T>(path: string, text: (was: string) => string, work: () => Promise<T>): Promise<T> {
  const file = join(root, path)
  const was = readFileSync(file, 'utf8')
  writeFileSync(file, text(was))
  try {
    return await work()
  } finally {
    writeFileSync(file, was)
  }
}

describe('replay', () => {
  it('counts alerts by the times of the events and sends nothing', async () => {
    const document = await replayed(join(root, 'events'))
    expect(document.version).toBe(1)
    expect(document.events).toMatchObject({
      read: 30,
      evaluated: 30,
      from: '2026-01-31T00:00:00.000Z',
      until: '2026-01-31T04:50:00.000Z',
    })
    // Each user logs in once an hour, which is the dedup window. It is closed at its very end.
    expect(document.after.detections).toMatchObject([
      { id: 'Test.Login', alerts: 9, matches: 15, perDay: { '2026-01-31': 9 } },
    ])
    expect(document.after.destinations).toMatchObject([
      { name: 'inbox', deliveries: 9 },
      { name: 'archive', deliveries: 0 },
    ])
    expect(existsSync(join(root, 'out.ndjson'))).toBe(false)
    expect(existsSync(join(root, '.signalbox'))).toBe(false)
  })

  it('leaves out events before --since and from --until on', async () => {
    const file = join(root, 'events/a.ndjson')
    const { events } = await replayed(
      file,
      '--since',
      '2026-01-31T01:00:00Z',
      '--until',
      '2026-01-31T02:00:00Z',
    )
    expect(events).toMatchObject({ evaluated: 6, outside: 24, from: '2026-01-31T01:00:00.000Z' })
  })

  it('replays what is before the damage of a compressed file, names the offset and fails', async () => {
    const file = join(root, 'cut.ndjson.gz')
    writeFileSync(file, gzipSync(LINES).subarray(0, -20))
    const { code, out } = await run(file)
    expect(code).toBe(1)
    expect(out).toMatch(/^replayed \d+ events of 2026-01-31/)
    expect(out).toContain('1 damaged file')
    expect(out).toMatch(/cut\.ndjson\.gz: line \d+, byte \d+: the gzip data is corrupt/)
  })

  it('reads what run has recorded, encrypted and mixed with other files, and creates the same alerts', async () => {
    const folder = join(root, 'archives')
    const keys = join(root, 'archive.keys')
    writeFileSync(keys, `first ${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 })
    const file = join(root, 'events/a.ndjson')
    const record = ['--record', folder, '--record-key-file', keys]
    const { code, err } = await signalbox([
      'run',
      '--project',
      root,
      '--store',
      'memory:',
      '--from',
      `file:${file}`,
      ...record,
    ])
    expect(code, err).toBe(0)
    const refused = await run(folder)
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('encrypted with the key "first"')
    const recorded = await replayed(folder, '--key-file', keys)
    const direct = await replayed(file)
    expect(recorded.events).toEqual(direct.events)
    expect(recorded.after).toEqual(direct.after)
    const mixed = await replayed(folder, file, '--key-file', keys)
    expect(mixed.events).toMatchObject({ read: 60, evaluated: 60 })
  })

  it('merges files by the times of their events', async () => {
    const [even, odd] = [0, 1].map((rest) => {
      const file = join(root, `part-${rest}.ndjson`)
      writeFileSync(
        file,
        EVENTS.filter((_, i) => i % 2 === rest)
          .map((event) => `${JSON.stringify(event)}\n`)
          .join(''),
      )
      return file
    })
    const merged = await replayed(odd!, even!)
    const whole = await replayed(join(root, 'events/a.ndjson'))
    expect(merged.alerts.map(({ id, title }) => [id, title])).toEqual(
      whole.alerts.map(({ id, title }) => [id, title]),
    )
  })

  it('rejects a folder that holds something else as --state', async () => {
    const { code, err } = await run(join(root, 'events'), '--state', root)
    expect(code).toBe(2)
    expect(err).toContain('is not the folder of this replay')
    expect(existsSync(join(root, 'signalbox.yaml'))).toBe(true)
  })
})

describe('replay --against', () => {
  it('finds a rule that one character has made noisier by its new alerts, and fails the budget', async () => {
    const { code, out } = await withFile(
      'detections/login.py',
      (was) => was.replace('== "login"', '>= "login"'),
      () => run(join(root, 'events'), '--against', 'HEAD', '--max-new', '2', '--reporter', 'markdown'),
    )
    expect(code).toBe(1)
    expect(out).toMatch(
      /^<!-- signalbox replay -->\n\n### Replay: \d+ alerts added, \d+ removed, 6 changed\n/,
    )
    expect(out).toMatch(/\*\*Budget exceeded\*\*: `--max-new 2`: \d+ new alerts, 2 allowed/)
    expect(out).toMatch(/^\| `Test\.Login` \| 9 → \*\*12\*\* \|/m)
  })

  it('shows a changed severity and its route as changes of the same alerts', async () => {
    const { changes } = await withFile(
      'detections/login.yml',
      (was) =>
        was
          .replace('Severity: High', 'Severity: Low')
          .replace('ExpectedSeverity: High', 'ExpectedSeverity: Low'),
      () => replayed(join(root, 'events'), '--against', 'HEAD'),
    )
    expect([changes!.added, changes!.removed]).toEqual([[], []])
    expect(changes!.changed).toHaveLength(9)
    expect(changes!.changed[0]!.fields).toEqual(['severity', 'route'])
  })

  it('reports no change if nothing has changed', async () => {
    const { code, out } = await run(join(root, 'events'), '--against', 'HEAD', '--reporter', 'markdown')
    expect(code).toBe(0)
    expect(out).toContain('### Replay: no alert changes\n')
  })

  it('a revision that does not load is reported with its problems, and exits with 2', async () => {
    const { code, err } = await withFile(
      'detections/login.py',
      () => 'def rule(event):\n    return (\n',
      () => run(join(root, 'events'), '--against', 'HEAD'),
    )
    expect(code).toBe(2)
    expect(err).toContain('1 error in the working tree, so it cannot be replayed')
    expect(err).toContain('detections/login.py:2')
  })

  it('revisions with other settings are evaluated apart, with the same alerts', async () => {
    const { changes } = await withFile(
      'signalbox.yaml',
      (was) => `${was}limits: { timeMs: 1500 }\n`,
      () => replayed(join(root, 'events'), '--against', 'HEAD'),
    )
    expect(changes).toEqual({ added: [], removed: [], changed: [] })
  })
})

describe('reports', () => {
  it('writes a page and cases for a CI server', async () => {
    const junit = join(root, 'replay.xml')
    const reporters = ['--format', 'html', '--reporter', `junit=${junit}`]
    const { code, out } = await run(join(root, 'events'), '--max-per-day', 'Test.Login=5', ...reporters)
    expect(code).toBe(1)
    expect(out).toMatch(/^<!doctype html>/)
    expect(out).toContain('<h1>Replay: 9 alerts</h1>')
    expect(out).toContain('<title>2026-01-31, the working tree: 9</title>')
    expect(readFileSync(junit, 'utf8')).toContain('name="--max-per-day Test.Login=5">\n<failure ')
  })
})

describe('budgets', () => {
  it('--max-per-day and --must-keep fail the replay', async () => {
    const { code, out } = await run(
      join(root, 'events'),
      '--max-per-day',
      'Test.Login=5',
      '--max-per-day',
      '*=20',
      '--must-keep',
      'abc',
    )
    expect(code).toBe(1)
    expect(out).toContain(
      'EXCEEDED --max-per-day Test.Login=5: alerts of Test.Login: 9 on 2026-01-31, 5 a day allowed',
    )
    expect(out).toContain('kept --max-per-day *=20')
    expect(out).toContain('EXCEEDED --must-keep abc: alert abc is not created')
  })

  it('--max-new requires --against', async () => {
    const { code, err } = await run(join(root, 'events'), '--max-new', '1')
    expect([code, err]).toEqual([2, expect.stringContaining('--max-new requires --against')])
  })
})
