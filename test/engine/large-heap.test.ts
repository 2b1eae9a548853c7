/** A project whose bodies fill more than 64 MiB of the interpreter's memory has a snapshot, as every other project has. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, rule } from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'

const MIB = 1024 * 1024

/** The body holds 100 MiB, all of which its title depends on. */
const HOLDS = rule(
  'Holds',
  `
import zlib
BLOCKS = [bytes([number % 251]) * ${MIB} for number in range(100)]
calls = 0
def rule(event):
    global calls
    calls += 1
    bytearray(event.get("bytes", 0))
    return True
def title(event):
    total = 0
    for block in BLOCKS:
        total = zlib.crc32(block, total)
    return f"{total} {calls}"
`,
)
/** The body takes what is left of the memory, MiB by MiB. */
const TAKES_ALL = rule(
  'TakesAll',
  `
def rule(event):
    taken = []
    try:
        while True: taken.append(bytearray(${MIB}))
    except MemoryError:
        count = len(taken)
        taken.clear()
        raise MemoryError(str(count))
`,
  { logTypes: ['Takes.All'] },
)
const PROJECT = engineProject({ detections: [HOLDS, TAKES_ALL] })

const log = { ...nullLog, warn: (fields: object) => warnings.push(fields) }
const warnings: object[] = []
let cache: string
const entriesOf = (kind: string) => readdirSync(cache).filter((name) => name.startsWith(kind))

const start = () => createEngine({ project: PROJECT, purpose: 'run', workers: 1, snapshotCache: cache, log })

async function titleOf(engine: Engine, bytes = 0): Promise<unknown> {
  const [event] = await engine.evaluate([envelope({ bytes })])
  return findingsOf(event!).Holds!.title!.output
}

/** Closing an engine waits for the entries that it writes into the cache. */
async function titleOfOneStart(): Promise<unknown> {
  const engine = await start()
  const title = await titleOf(engine)
  await engine.close()
  return title
}

describe('a project whose heap is above 64 MiB', () => {
  let titleFromSources: unknown
  let restored: Engine
  beforeAll(async () => {
    cache = seededCache(mkdtempSync(join(tmpdir(), 'signalbox-large-heap-')))
    titleFromSources = await titleOfOneStart()
    restored = await start()
  })
  afterAll(async () => {
    await restored.close()
    rmSync(cache, { recursive: true })
  })

  it('has a snapshot of all of it', () => {
    expect(entriesOf('project-')).toHaveLength(1)
    expect(statSync(join(cache, entriesOf('project-')[0]!)).size).toBeGreaterThan(100 * MIB)
    expect(warnings).toEqual([])
  })

  it('is restored from it without being analyzed again, and gives the same results', async () => {
    const analyses = entriesOf('analysis-')
    expect(analyses).toHaveLength(1)
    rmSync(join(cache, analyses[0]!))
    expect(titleFromSources).toMatch(/^\d{5,} 1$/)
    expect(await titleOfOneStart()).toBe(titleFromSources)
    expect(entriesOf('analysis-')).toEqual([])
  })

  it('is restored in the worker that replaces one whose memory has grown', async () => {
    const [checksum] = String(titleFromSources).split(' ')
    expect(await titleOf(restored)).toBe(`${checksum} 1`)
    expect(await titleOf(restored, 10 * MIB)).toBe(`${checksum} 2`)
    expect(await titleOf(restored, 100 * MIB)).toBe(`${checksum} 3`)
    expect(await titleOf(restored)).toBe(`${checksum} 1`)
    expect(warnings).toEqual([])
  })

  it('has a MemoryError where a detection takes more than 256 MiB in all, and goes on', async () => {
    const events = [envelope({}, { type: 'Takes.All' }), envelope({ bytes: 0 })]
    const [takes, holds] = await restored.evaluate(events)
    const { error } = findingsOf(takes!).TakesAll!.detection!
    expect(error).toMatchObject({ type: 'MemoryError' })
    const takenMib = Number(error!.message)
    expect(takenMib).toBeGreaterThan(100)
    expect(takenMib).toBeLessThan(256 - 100)
    expect(findingsOf(holds!).Holds!.detection).toEqual({ output: true })
  })
})
