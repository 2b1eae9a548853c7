/** Prepared interpreters: only those this user's own engine made are used, and nothing of a detection runs unlocked. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { snapshotFolder } from '../../src/config/files/environment.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { PackedRecords, packRecords } from '../../src/engine/snapshot/packed-records.ts'
import { openSnapshotCache } from '../../src/engine/snapshot/snapshot-cache.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { Detection, Helper } from '../../src/model/project/detection.ts'
import type { TrustRule } from '../../src/model/project/trust-group.ts'
import { readPackages } from '../../src/packages/read.ts'
import { folderWith } from '../packages/_wheels.ts'
import { engineProject, envelope, findingsOf, helper, rule } from '../support/engine-project.ts'
import { runCommand } from '../support/process.ts'
import { seededCache } from '../support/seeded-cache.ts'
import { AMBUSH } from './ambush.ts'

let folder: string
/** Holds the base snapshot, which all tests start from. */
let cache: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-snapshots-'))
  cache = join(folder, 'cache')
  await contextOf(TOKEN)
})
afterAll(() => rmSync(folder, { recursive: true }))

const body = (source: string) =>
  rule('it', `${source}\ndef rule(event): return True\ndef alert_context(event): return {"got": got()}\n`)
/** A detection that returns a token of its load. The same token means that the same snapshot was restored. */
const TOKEN = body('import time\nTOKEN = time.monotonic_ns()\ndef got(): return TOKEN')

/** Returns the result of `got()` in an engine that starts with this cache. */
async function contextOf(
  detection: Detection,
  snapshotCache = cache,
  helpers: readonly Helper[] = [],
): Promise<unknown> {
  const engine = await createEngine({
    project: engineProject({ helpers, detections: [detection], settings: { limits: { timeMs: 5_000 } } }),
    purpose: 'run',
    workers: 1,
    snapshotCache,
    log: nullLog,
  })
  try {
    const [event] = await engine.evaluate([envelope({})])
    return JSON.parse(findingsOf(event!).it!.alert_context!.output!).got
  } finally {
    await engine.close()
  }
}

/** A cache of its own with the same base. */
const freshCache = (name: string) => seededCache(join(folder, name), cache)
const entriesOf = (where: string, kind: string) => readdirSync(where).filter((name) => name.startsWith(kind))

describe('[SEC-4.3] a snapshot', () => {
  it('a snapshot of the same project is used again', async () => {
    expect(await contextOf(TOKEN)).toBe(await contextOf(TOKEN))
  })

  it.each([
    ['a bit of it was flipped', 'project', 60_000],
    ['a bit of its base was flipped', 'base', 60_000],
  ])('a snapshot is made again when %s', async (_, kind, at) => {
    const where = freshCache(`flipped-${kind}`)
    const before = await contextOf(TOKEN, where)
    const file = join(where, entriesOf(where, kind)[0]!)
    const bytes = readFileSync(file)
    bytes[at]! ^= 1
    writeFileSync(file, bytes)
    const after = await contextOf(TOKEN, where)
    if (kind === 'project') expect(after).not.toBe(before)
    expect(readFileSync(file).equals(bytes)).toBe(false)
    expect(await contextOf(TOKEN, where)).toBe(after)
  })

  it('a snapshot with another key is not used, even for the same project', async () => {
    const victim = freshCache('victim')
    const forger = join(folder, 'forger')
    const base = entriesOf(cache, 'base')[0]!.replace('.snapshot', '')
    await openSnapshotCache(forger).write(base, openSnapshotCache(cache).read(base)!)
    const forged = await contextOf(TOKEN, forger)
    expect(await contextOf(TOKEN, forger)).toBe(forged)

    await contextOf(TOKEN, victim)
    const name = entriesOf(victim, 'project')[0]!
    copyFileSync(join(forger, name), join(victim, name))
    expect(await contextOf(TOKEN, victim)).not.toBe(forged)
  })

  it('a snapshot with another name is not used, because the name is part of what is sealed', async () => {
    const where = freshCache('renamed')
    const evil = body('def got(): return "evil"')
    const honest = body('def got(): return "honest"')
    await contextOf(evil, where)
    const evilName = entriesOf(where, 'project')[0]!
    await contextOf(honest, where)
    const honestName = entriesOf(where, 'project').find((name) => name !== evilName)!
    copyFileSync(join(where, evilName), join(where, honestName))
    expect(await contextOf(honest, where)).toBe('honest')

    const opened = openSnapshotCache(where)
    const plain = (name: string) => name.replace('.snapshot', '')
    await opened.write(plain(honestName), opened.read(plain(evilName))!)
    expect(await contextOf(honest, where)).toBe('evil')
  })

  it('the name of a snapshot depends on the versions of everything that made it', async () => {
    expect(entriesOf(cache, 'base')).toEqual([expect.stringMatching(/^base-[0-9a-f]{40}\.snapshot$/)])
    const where = freshCache('versions')
    const [base] = entriesOf(where, 'base')
    // A snapshot of another version has another name. Under the name of this version it is still not accepted.
    copyFileSync(join(where, base!), join(where, `base-${'0'.repeat(40)}.snapshot`))
    rmSync(join(where, base!))
    copyFileSync(join(where, `base-${'0'.repeat(40)}.snapshot`), join(where, base!))
    expect(openSnapshotCache(where).read(base!.replace('.snapshot', ''))).not.toBeNull()
    copyFileSync(join(where, base!), join(where, `base-${'1'.repeat(40)}.snapshot`))
    expect(openSnapshotCache(where).read(`base-${'1'.repeat(40)}`)).toBeNull()
  })

  it('[SEC-4.10] every worker has its own random numbers after a restore', async () => {
    const chance = body('import random\ndef got(): return [random.random(), random.getrandbits(64)]')
    await contextOf(chance)
    const [one, other] = [await contextOf(chance), await contextOf(chance)]
    expect(one).not.toEqual(other)
  })
})

describe('what a text compiles to', () => {
  /** A helper that changes, as it is loaded, the result of everything that is compiled after it. */
  const POISON = helper(
    'poison',
    `import builtins, marshal
original = builtins.compile
def forged(source, path, mode, *rest, **named):
    return original(str(source).replace("honest", "evil"), path, mode, *rest, **named)
builtins.compile = forged
marshal.loads = lambda code: original("def rule(event): return False", "it.py", "exec")
`,
  )
  const HONEST = body('def got(): return "honest"')
  const EDITED = body('def got(): return "honest again"')

  const contextWith = (helpers: readonly Helper[], detection: Detection, where: string) =>
    contextOf(detection, where, helpers)

  it('texts are compiled before any code of the project runs, so a project cannot poison those of another', async () => {
    const where = freshCache('poisoned-studies')
    // The results of the hostile detection itself are not compared.
    for (const detection of [HONEST, EDITED]) {
      await contextWith([POISON], detection, where).catch(() => {})
    }
    expect(entriesOf(where, 'analysis')).toHaveLength(1)
    expect(await contextWith([], HONEST, where)).toBe('honest')
    expect(await contextWith([], EDITED, where)).toBe('honest again')
  })

  it('a compiled text is used again from the cache, which could only be forged with the key', async () => {
    const where = freshCache('forged-studies')
    await contextWith([], HONEST, where)
    const opened = openSnapshotCache(where)
    const [name] = entriesOf(where, 'analysis').map((file) => file.replace('.snapshot', ''))
    const [key] = new PackedRecords(opened.read(name!)).keys()
    await contextWith([], EDITED, where)
    const both = new PackedRecords(opened.read(name!))
    const edited = both.keys().find((each) => each !== key)!
    for (const snapshot of entriesOf(where, 'project')) rmSync(join(where, snapshot))
    const forged = both.get(key!)!
    await opened.write(
      name!,
      packRecords([
        [key!, forged],
        [edited, forged],
      ]),
    )
    expect(await contextWith([], EDITED, where)).toBe('honest')
  })
})

describe('[SEC-4.1] snapshots are never looked for in the repository', () => {
  it.each([
    [{}],
    [{ XDG_CACHE_HOME: '.cache' }],
    [{ XDG_CACHE_HOME: './cache' }],
    [{ XDG_CACHE_HOME: '' }],
    [{ SIGNALBOX_IMAGES: '/repository', PWD: '/repository' }],
  ])('the snapshot folder lies outside of the repository with %j', (environment) => {
    expect(snapshotFolder(environment).folder).toBe(snapshotFolder({}).folder)
  })
})

describe('[SEC-1.1] a detection that patched everything as it was loaded', () => {
  it('[SEC-4.5] patched code runs when its snapshot is restored, and reaches nothing of the host', async () => {
    const canary = join(folder, 'ambush-hardened')
    const hostile = body(AMBUSH(canary))
    for (const _start of ['from its sources', 'from its snapshot'])
      expect(await contextOf(hostile)).toEqual(
        expect.arrayContaining(['signal.signal', 'CapturedOutput.take']),
      )
    expect(existsSync(canary)).toBe(false)
  })

  it('patched code does reach the host if Pyodide restores its own snapshot', () => {
    const canary = join(folder, 'ambush-plain')
    const script = join(import.meta.dirname, 'unhardened-restore.ts')
    const { status } = spawnSync(process.execPath, [script, AMBUSH(canary)], { stdio: 'ignore' })
    expect(status).toBe(0)
    expect(existsSync(canary)).toBe(true)
  })
})

describe('[SEC-4.9] a hostile pack that was removed', () => {
  /** Tries to change a package that another group's detection imports at an event, by every way to open a file. */
  const VENDOR = rule(
    'vendor',
    `
import os
FILE = "/packages/0/shared/lazy.py"
with open(FILE, "rb") as file: CODE = file.read()
for flags in (os.O_RDWR, os.O_WRONLY, os.O_APPEND, os.O_CREAT, 0o10000000):
    try:
        descriptor = os.open(FILE, flags)
        os.write(descriptor, CODE.replace(b"is True", b"is None"))
        os.close(descriptor)
    except Exception: pass
def rule(event): return False
`,
  )
  const OWN = rule('own', 'def rule(event):\n    from shared import lazy\n    return lazy.is_bad(event)\n')
  const PACKAGE = {
    'shared/__init__.py': '',
    'shared/lazy.py': 'def is_bad(event): return event.get("bad") is True\n',
  }

  /** The detections that match an event, in the cache that all starts share. */
  async function matching(where: string, detections: readonly Detection[], trust: readonly TrustRule[]) {
    const engine = await createEngine({
      project: engineProject({ detections, settings: { trust, limits: { timeMs: 5_000 } } }),
      packages: readPackages([folderWith(PACKAGE)]),
      purpose: 'run',
      workers: 1,
      snapshotCache: where,
      log: nullLog,
    })
    try {
      const [event] = await engine.evaluate([envelope({ bad: true })])
      return Object.keys(findingsOf(event!))
    } finally {
      await engine.close()
    }
  }

  it('changed nothing while it was there, and nothing of it is left', async () => {
    const where = freshCache('removed-pack')
    const apart = [{ group: 'vendor', match: { ids: ['vendor'] } }]
    for (const trust of [apart, apart, []]) {
      const detections = trust.length > 0 ? [OWN, VENDOR] : [OWN]
      expect(await matching(where, detections, trust)).toEqual(['own'])
    }
    // The pack may harm detections of its own group, but only while it is present.
    await matching(where, [OWN, VENDOR], []).catch(() => [])
    expect(await matching(where, [OWN], [])).toEqual(['own'])
  })
})

it('[SEC-4.3] [SEC-4.6] a snapshot holds nothing of who made it, and where', async () => {
  const mark = `builder-${crypto.randomUUID()}`
  const home = join(folder, mark)
  const project = join(home, 'project')
  mkdirSync(join(project, 'detections'), { recursive: true })
  const files = {
    'it.yml':
      'AnalysisType: rule\nRuleID: It\nFilename: it.py\nEnabled: true\nSeverity: Low\nLogTypes: [A]\nTests:\n  - Name: a\n    ExpectedResult: true\n    Log: {}\n',
    'it.py': 'def rule(event): return True\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, 'detections', name), text)
  const environment = {
    HOME: home,
    USER: mark,
    LOGNAME: mark,
    SECRET_TOKEN: mark,
    XDG_CACHE_HOME: join(home, 'cache'),
  }
  const { code } = await runCommand(['test', '--project', project], '', environment)
  expect(code).toBe(0)

  const snapshots = snapshotFolder(environment).folder
  const names = readdirSync(snapshots).filter((name) => name.endsWith('.snapshot'))
  expect(new Set(names.map((name) => name.split('-')[0]))).toEqual(
    new Set(['analysis', 'base', 'parse', 'project']),
  )
  const repository = join(import.meta.dirname, '..', '..')
  for (const name of names) {
    const bytes = readFileSync(join(snapshots, name))
    const found = [mark, repository, process.execPath].filter((text) => bytes.includes(text))
    expect({ name, found }).toEqual({ name, found: [] })
    if (/^(base|project)/.test(name)) expect(bytes.includes('panther_core')).toBe(true)
  }
})
