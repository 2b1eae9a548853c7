/** A cached parse result equals a new one, and every changed file is read again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CacheStorage } from '../../../src/config/files/parse-cache.ts'
import { loadProject } from '../../../src/config/load.ts'
import { until } from '../../support/until.ts'

const SPEC = `AnalysisType: rule
RuleID: Test.It
Filename: it.py
Enabled: true
Severity: Medium
LogTypes: [Test.Log]
Tags: [One, Two]
Tests:
  - Name: numbers keep their digits
    ExpectedResult: true
    Log: { exact: 9007199254740993, float: 53.0, 1: first }
`
const FAULTY = `AnalysisType: rule
RuleID: Test.Faulty
Filename: it.py
Enabled: true
Severity: Loud
LogTypes: [Test.Log]
`

let root: string
let kept: Map<string, Buffer>
let cacheStorage: CacheStorage
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-recall-'))
  file('it.yml', SPEC)
  file('faulty.yml', FAULTY)
  file('it.py', 'def rule(event): return True\n')
  kept = new Map()
  cacheStorage = {
    read: (name) => kept.get(name) ?? null,
    write: async (name, ...parts) => void kept.set(name, Buffer.concat(parts)),
  }
})
afterEach(() => rmSync(root, { recursive: true }))

const file = (name: string, text: string) => writeFileSync(join(root, name), text)
const load = (paths?: readonly string[]) => loadProject({ root, cacheStorage, paths })

/** Loads once and marks all cached problems. A problem with the mark comes from the cache. */
async function loadedOnce(): Promise<void> {
  await load()
  await until(() => kept.size === 1)
  for (const [name, bytes] of kept)
    kept.set(name, Buffer.from(bytes.toString().replaceAll('Two', 'Recalled')))
}

it('an unchanged file comes from the cache, its problems included', async () => {
  const fresh = await loadProject({ root })
  await load()
  await until(() => kept.size === 1)
  expect(await load()).toEqual(fresh)
  expect(fresh.problems).toHaveLength(1)
  expect(fresh.detections.get('Test.It')!.tests[0]!.entry).toContain('"exact":9007199254740993,"float":53.0')
})

it('a cached file is not parsed again', async () => {
  await loadedOnce()
  const project = await load()
  expect(project.detections.get('Test.It')!.tags).toEqual(['One', 'Recalled'])
})

it('a changed file, and another file with the same text, is parsed', async () => {
  await loadedOnce()
  file('it.yml', SPEC.replace('Medium', 'High'))
  file('second.yml', FAULTY.replace('Test.Faulty', 'Test.Second'))
  const project = await load()
  expect(project.detections.get('Test.It')).toMatchObject({ severity: 'HIGH', tags: ['One', 'Two'] })
  expect(project.problems.map((problem) => problem.file)).toEqual(['faulty.yml', 'second.yml'])
})

it('the Python file of a cached spec is read again', async () => {
  await loadedOnce()
  file('it.py', 'def rule(event): return False\n')
  expect((await load()).detections.get('Test.It')!.body!.source).toContain('False')
})

it('source locations are available for a cached file', async () => {
  await loadedOnce()
  rmSync(join(root, 'it.py'))
  const { problems } = await load()
  expect(problems.find(({ code }) => code === 'missing-body')).toMatchObject({
    file: 'it.yml',
    line: 3,
    column: 11,
  })
})

it('a file with numbers that JSON lacks is never cached', async () => {
  file('it.yml', SPEC.replace('Severity', 'Threshold: .inf\nSeverity'))
  const fresh = await loadProject({ root })
  await load()
  await until(() => kept.size === 1)
  expect(await load()).toEqual(fresh)
})

it('a partial load keeps the cache entries of other files', async () => {
  await loadedOnce()
  file('it.yml', `${SPEC}\n`)
  const before = [...kept.values()][0]!
  await load(['it.yml'])
  await until(() => [...kept.values()][0] !== before)
  expect([...kept.values()][0]!.toString()).toContain('Test.Faulty')
})

it('a process that loads again need not even look where it is kept', async () => {
  const memory = new Map<string, unknown>()
  const fresh = await loadProject({ root, cacheStorage: { ...cacheStorage, memory } })
  const nowhere: CacheStorage = {
    memory,
    read: () => expect.unreachable('nothing is to be looked at'),
    write: async () => {},
  }
  expect(await loadProject({ root, cacheStorage: nowhere })).toEqual(fresh)
  file('it.yml', SPEC.replace('Medium', 'High'))
  expect((await loadProject({ root, cacheStorage: nowhere })).detections.get('Test.It')!.severity).toBe(
    'HIGH',
  )
})
