/**
 * A detection gives the same results whether its interpreter loaded it from its sources, was restored from the snapshot
 * of that load, or replaced another worker later. Whatever belongs to one start belongs to that start in all three.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import type { Log } from '../../src/model/ports.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import { readPackages } from '../../src/packages/read.ts'
import { type Files, folderWith } from '../packages/_wheels.ts'
import { dataModel, type EngineProject, engineProject, helper, rule } from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-parity-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Entry {
  readonly level: string
  readonly message: string
  readonly fields: Record<string, unknown>
}

function recordingLog(): { log: Log; entries: Entry[] } {
  const entries: Entry[] = []
  const at = (level: string) => (fields: object, message: string) => {
    entries.push({ level, message, fields: fields as Entry['fields'] })
  }
  return { entries, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

const ENTRY = '{"p_log_type":"Test.Log"}'
/** Ends its interpreter, so that another worker takes its place. */
const ENDS = rule('Ends', 'import os\ndef rule(event): os._exit(1)\n')

interface Started {
  /** The result of title() of each detection: after a load, after a restore, and in the next worker. */
  readonly titles: [sources: unknown, snapshot: unknown, secondWorker: unknown]
  /** The errors of the bodies that could not be loaded, after each of the first two starts. */
  readonly failures: readonly (readonly string[])[]
  readonly entries: readonly Entry[]
  /** The names of the project snapshots in the cache. */
  readonly snapshots: readonly string[]
}

async function startThreeTimes(project: EngineProject, files: Files = {}): Promise<Started> {
  const cache = seededCache(mkdtempSync(join(folder, 'cache-')))
  const { log, entries } = recordingLog()
  const detections = project.detections!
  const start = () =>
    createEngine({
      project: engineProject({
        ...project,
        detections: [...detections, ENDS],
        settings: { limits: { timeMs: 20_000 } },
      }),
      packages: readPackages([folderWith(files)]),
      purpose: 'test',
      workers: 1,
      snapshotCache: cache,
      log,
    })
  const titlesIn = async (engine: Engine) => {
    const outcomes = await engine.test(
      detections.map(({ id }) => ({ detection: id, entry: ENTRY, mocks: '[]' })),
    )
    return Object.fromEntries(outcomes.map(({ functions }, i) => [detections[i]!.id, functions.title]))
  }
  const failures: string[][] = []
  const failuresIn = ({ problems }: Engine) => problems.map(({ error }) => error.message)
  const first = await start()
  failures.push(failuresIn(first))
  const sources = await titlesIn(first)
  await first.close()
  const second = await start()
  failures.push(failuresIn(second))
  const snapshot = await titlesIn(second)
  await second.test([{ detection: ENDS.id, entry: ENTRY, mocks: '[]' }])
  const secondWorker = await titlesIn(second)
  await second.close()
  const snapshots = readdirSync(cache).filter((name) => name.startsWith('project-'))
  return { titles: [sources, snapshot, secondWorker], failures, entries, snapshots }
}

const titled = (id: string, source: string) => rule(id, `${source}\ndef rule(event): return True\n`)

/** A detection whose title is the text of this expression. */
function saying(id: string, setup: string, expression: string): Detection {
  return titled(id, `${setup}\ndef title(event): return str(${expression})`)
}

function expectSame({ titles }: Started, output: unknown): void {
  for (const each of titles) expect(each).toEqual(output)
}

const said = (output: string) => ({ output })

const PACKAGE: Files = {
  'pk/__init__.py': `
import os
F = open(os.path.join(os.path.dirname(__file__), "list.txt"))
F.readline()
def rest():
    return F.read()
`,
  'pk/list.txt': 'good.example\nbetter.example\n',
  'pk/other.txt': 'EVIL.example\n',
  'pk/data/one.txt': '1',
  'pk/data/two.txt': '2',
}

describe('[SEC-4.8] files that a body opens while it is loaded', () => {
  it('files stay open at the same position, even if another body opens files at events', async () => {
    const opens = titled(
      'A.Opens',
      `
import os, pk
KEEP = []
def title(event):
    KEEP.append(open(os.path.join(os.path.dirname(pk.__file__), "other.txt")))
    return KEEP[-1].read()
`,
    )
    const started = await startThreeTimes(
      { detections: [opens, saying('B.Reads', 'import pk', 'pk.rest()')] },
      PACKAGE,
    )
    expectSame(started, { 'A.Opens': said('EVIL.example\n'), 'B.Reads': said('better.example\n') })
    expect(started.snapshots).toHaveLength(1)
  })

  it('files keep their numbers, with gaps', async () => {
    const setup = `
import os
first, second, third = (os.open("/packages/0/pk/list.txt", os.O_RDONLY) for _ in range(3))
os.close(second)
os.lseek(third, 5, os.SEEK_SET)
`
    const expression =
      '[first, third, os.read(third, 7), os.open("/packages/0/pk/other.txt", os.O_RDONLY) == second]'
    const started = await startThreeTimes({ detections: [saying('R', setup, expression)] }, PACKAGE)
    const [sources] = started.titles as [{ R: { output: string } }, unknown, unknown]
    expect(sources.R.output).toContain("b'example', True]")
    expectSame(started, sources)
    expect(started.snapshots).toHaveLength(1)
  })
})

describe('[SEC-4.8] bodies that every start loads alike', () => {
  const CLOCKS = `[${['monotonic', 'perf_counter', 'process_time'].map((name) => `time.${name}()`).join()}]`
  let started: Promise<Started> | undefined
  /** The first test creates the folder of packages, and its end removes the folder. */
  function begin(): Promise<Started> {
    const lists = `
import io, os, zipfile
entries = os.scandir("/packages/0/pk/data")
seen = next(entries).name
archive = zipfile.ZipFile("/lib/python314.zip")
`
    const date = '[AT == os.stat("/packages/0/pk/list.txt"), AT.st_mtime, os.stat("/").st_ctime]'
    const detections = [
      saying('Lists', lists, '[seen, [each.name for each in entries], archive.read("this.py")[:9]]'),
      saying('Dates', 'import os\nAT = os.stat("/packages/0/pk/list.txt")', date),
      saying(
        'Clocks',
        `import time\nAT = ${CLOCKS}`,
        `[AT, [now >= then for now, then in zip(${CLOCKS}, AT)]]`,
      ),
      saying(
        'Seeded',
        'import random\nrandom.seed(42)\nOWN = random.Random(7)',
        '[random.random(), OWN.random()]',
      ),
    ]
    return startThreeTimes({ detections }, PACKAGE)
  }
  const running = () => {
    started ??= begin()
    return started
  }
  const titlesOf = async (id: string) =>
    (await running()).titles.map((each) => (each as Record<string, unknown>)[id])
  const thrice = (output: string) => [said(output), said(output), said(output)]

  it('folders that were listed in part, and archives, stay open', async () => {
    expect(await titlesOf('Lists')).toEqual(thrice(`['one.txt', ['two.txt'], b's = """Gu']`))
  })

  it('a file has the same date whenever the interpreter was made', async () => {
    expect(await titlesOf('Dates')).toEqual(thrice('[True, 315532800.0, 315532800.0]'))
  })

  it('monotonic clocks continue after a restore', async () => {
    const [sources] = (await titlesOf('Clocks')) as [{ output: string }]
    expect(sources.output).toContain('[True, True, True]')
    expect(await titlesOf('Clocks')).toEqual(thrice(sources.output))
  })

  it('get the random numbers that their seed makes', async () => {
    expect(await titlesOf('Seeded')).toEqual(thrice('[0.6394267984578837, 0.32383276483316237]'))
  })

  it('bodies that every start loads alike are in the snapshot', async () => {
    expect((await running()).snapshots).toHaveLength(1)
  })
})

describe('[SEC-4.8] randomness that a body uses while it is loaded', () => {
  it('random numbers and the wall clock of a body differ at each start', async () => {
    const expressions = {
      Uuid4: 'uuid.uuid4()',
      Uuid1: 'uuid.uuid1()',
      Shared: 'random.random()',
      Own: 'random.Random().random()',
      Secrets: 'secrets.token_hex()',
      System: 'os.urandom(8)',
      Device: 'open("/dev/urandom", "rb", 0).read(8)',
      Names: 'next(tempfile._get_candidate_names())',
      Wall: 'time.time_ns()',
      Date: 'datetime.datetime.now()',
      File: '[open("/dev/random", "rb").read(8)]',
    }
    const imports = 'import datetime, os, random, secrets, tempfile, time, uuid'
    const bodies = Object.entries(expressions).map(([id, expression]) =>
      saying(id, `${imports}\nTOKEN = ${expression}`, 'TOKEN'),
    )
    const logging = saying('Logging', 'import logging', 'logging._startTime')
    const { titles } = await startThreeTimes({ detections: [...bodies, logging] })
    for (const id of [...Object.keys(expressions), 'Logging']) {
      const values = titles.map((each) => (each as Record<string, { output?: string }>)[id]?.output)
      expect({ id, different: new Set(values).size, missing: values.includes(undefined) }).toEqual({
        id,
        different: 3,
        missing: false,
      })
    }
  })
})

describe('[SEC-4.8] bodies that depend on the start', () => {
  const startDependent = ({ entries }: Started) =>
    new Set(entries.filter(({ level }) => level === 'debug').map(({ fields }) => fields.id))
  const PACKAGE: Files = {
    'dated/__init__.py': 'from dated.inner import AT\n',
    'dated/inner.py': 'import time\nAT = time.time_ns()\n',
    'plain.py': 'WORD = "plain"\n',
  }

  it('only bodies that read the clock, and bodies that import them, are left out of the snapshot', async () => {
    const started = await startThreeTimes(
      {
        helpers: [
          helper('clocked', 'import time\nAT = time.time_ns()\n'),
          helper('between', 'from clocked import AT\n'),
          helper('quiet', 'import plain\nWORD = plain.WORD\n'),
        ],
        detections: [
          saying('A.Package', 'from dated import AT\nimport dated.inner', 'AT == dated.inner.AT'),
          saying('B.Package', 'from dated.inner import AT\nimport dated', 'AT == dated.AT'),
          saying('C.Helper', 'from between import AT\nimport clocked', 'AT == clocked.AT'),
          saying('D.Helper', 'import clocked, between, dated', 'between.AT == clocked.AT != dated.AT'),
          saying('E.Quiet', 'import quiet, plain, time\nAT = time.monotonic_ns()', '[quiet.WORD, AT]'),
        ],
      },
      PACKAGE,
    )
    expect(startDependent(started)).toEqual(
      new Set(['A.Package', 'B.Package', 'C.Helper', 'D.Helper', 'between', 'clocked']),
    )
    const [sources] = started.titles as [Record<string, unknown>, unknown, unknown]
    expect(sources).toMatchObject({
      'A.Package': said('True'),
      'B.Package': said('True'),
      'C.Helper': said('True'),
      'D.Helper': said('True'),
    })
    // The clock of the quiet detection continues, too, because the detection was not loaded again.
    expectSame(started, sources)
    expect(started.snapshots).toHaveLength(1)
  })

  it('leave the first data model of a log type in force, whichever is loaded last', async () => {
    const mapping = (name: string) => [{ name: 'who', path: name }]
    const started = await startThreeTimes({
      dataModels: [
        dataModel({
          id: 'M.First',
          mappings: [{ name: 'who', method: 'first' }] as never,
          source: 'import time\nAT = time.time()\ndef first(event): return "first"',
        }),
        dataModel({ id: 'M.Second', mappings: mapping('other') as never }),
      ],
      detections: [
        rule('R', 'def rule(event): return True\ndef title(event): return str(event.udm("who"))\n'),
      ],
    })
    expectSame(started, { R: said('first') })
  })

  it('bodies that fail as they are loaded are reported at each start', async () => {
    const started = await startThreeTimes({
      detections: [
        saying('A.Fails', 'import time\nraise ValueError(f"bad clock {time.time() > 0}")', '1'),
        saying('B.Works', '', '"works"'),
      ],
    })
    expectSame(started, { 'B.Works': said('works') })
    expect(started.failures).toEqual([['bad clock True'], ['bad clock True']])
  })

  it('bodies that depend on the start and that later bodies need make a snapshot impossible, and the log says so', async () => {
    const started = await startThreeTimes({
      helpers: [helper('shared', 'FOUND = {}\n')],
      detections: [
        saying('A.Puts', 'import shared, time\nshared.FOUND["at"] = time.time()', '"put"'),
        saying('B.Needs', 'import shared\nAT = shared.FOUND["at"]', 'AT == shared.FOUND["at"]'),
      ],
    })
    expectSame(started, { 'A.Puts': said('put'), 'B.Needs': said('True') })
    expect(started.snapshots).toEqual([])
    expect(started.entries).toContainEqual({
      level: 'warn',
      message: 'no snapshot of these detections was kept: each start loads them again',
      fields: {
        group: 'default',
        reason: 'other bodies need those that read the clock or random numbers while they are loaded',
      },
    })
  })
})

describe('[SEC-4.7] [SEC-4.8] a snapshot is not kept', () => {
  it('a snapshot is not kept if the interpreter holds other bytes than those that its name was computed from', async () => {
    const cache = seededCache(join(folder, 'changed'))
    const packages = readPackages([folderWith({ 'pack.py': 'WORD = "good"\n' })])
    const start = async (log: Log) => {
      const engine = await createEngine({
        project: engineProject({ detections: [saying('R', 'import pack', 'pack.WORD')] }),
        packages,
        purpose: 'test',
        workers: 1,
        snapshotCache: cache,
        log,
      })
      await engine.close()
    }
    const file = packages.files.find(({ path }) => path === '0/pack.py')!
    const bytes = new Uint8Array(packages.bytes, file.offset, file.length)
    bytes.set(Buffer.from('WORD = "evil"\n'))
    const changed = recordingLog()
    await start(changed.log)
    expect(readdirSync(cache).filter((name) => name.startsWith('project-'))).toEqual([])
    expect(changed.entries).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: {
          group: 'default',
          reason: 'the file /packages of the interpreter is not what it was made from',
        },
      }),
    )

    bytes.set(Buffer.from('WORD = "good"\n'))
    await start(changed.log)
    expect(readdirSync(cache).filter((name) => name.startsWith('project-'))).toHaveLength(1)
  })
})
