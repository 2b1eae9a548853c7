/** What `watch` runs again and what it remembers, shown by bodies that return another value at each call. */
import { afterEach, expect, it } from 'vitest'
import { nullLog } from '../../src/model/ports.ts'
import type { Detection, TestCase } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { affectedBy } from '../../src/testing/affected.ts'
import { WatchEngine } from '../../src/workspace/watch-engine.ts'
import { dataModel, engineProject, helper, rule } from '../support/engine-project.ts'

const CASE = { name: 'case', entry: '{"p_log_type":"Test.Log"}', mocks: '[]' } as TestCase
const UNIQUE = 'import uuid\ndef rule(event): return True\ndef title(event): return str(uuid.uuid4())'
const DEPENDENT = `
  import words, uuid
  words.SAID.append("x")
  def rule(event): return True
  def title(event): return words.greeting() + str(len(words.SAID))
  def dedup(event): return str(event.udm("who"))
`
const files = (source: string, model = 'def who(event): return "ann"') => ({
  helpers: [helper('words', source), helper('unused', 'raise RuntimeError("at import")')],
  dataModels: [dataModel({ source: model, mappings: [{ name: 'who', method: 'who' }] })],
})
const project = (over: ReturnType<typeof files>, more: Partial<Detection> = {}): Project =>
  engineProject({
    detections: [
      rule('alone', UNIQUE, { tests: [CASE], ...more }),
      rule('dependent', DEPENDENT, { tests: [CASE] }),
    ],
    ...over,
  })
const WORDS = 'SAID = []\ndef greeting(): return "hello"'

let engine: WatchEngine
afterEach(() => engine.close())

async function started(first: Project) {
  engine = new WatchEngine(nullLog, () => true)
  await engine.startAll(first)
  const said = await answers()
  engine.releaseWorkers()
  return said
}

async function answers() {
  const calls = ['alone', 'dependent'].map((detection) => ({
    detection,
    entry: CASE.entry,
    mocks: CASE.mocks,
  }))
  const [alone, dependent] = await engine.test(calls)
  return {
    alone: alone!.functions.title,
    dependent: dependent!.functions.title,
    who: dependent!.functions.dedup,
  }
}

async function changed(to: Project, ...paths: string[]) {
  const touched = affectedBy(to, engine.facts, paths)
  const detections = [...to.detections.values()].filter(({ id }) => touched.detections.has(id))
  await engine.startChanged(to, detections, touched)
  const said = await answers()
  engine.releaseWorkers()
  return said
}

it('nothing runs again if only the use of the results changed', async () => {
  const first = await started(project(files(WORDS)))
  const withOwners = project(files(WORDS), { severity: 'LOW', outputIds: ['soc'] })
  expect(await changed(withOwners, 'destinations.yaml', 'rules/alone.yml')).toEqual(first)
})

it('an edited helper runs only its dependent detections again, in a fresh interpreter', async () => {
  const first = await started(project(files(WORDS)))
  expect(first.dependent).toEqual({ output: 'hello1' })
  const second = await changed(project(files(WORDS.replace('hello', 'good day'))), 'global_helpers/words.py')
  expect(second).toEqual({ ...first, dependent: { output: 'good day1' } })
})

it('an edited data model re-executes the rules of its log types', async () => {
  const first = await started(project(files(WORDS)))
  const newer = project(files(WORDS, 'def who(event): return "bob"'))
  expect(await changed(newer, 'data_models/Test.Model.py')).toMatchObject({
    dependent: first.dependent,
    who: { output: 'bob' },
  })
})

it('an edited body or case is run again', async () => {
  const first = await started(project(files(WORDS)))
  const edited = project(files(WORDS), { tests: [{ ...CASE, mocks: '[ ]' }] })
  await engine.startChanged(edited, [...edited.detections.values()], affectedBy(edited, engine.facts, []))
  const [again] = await engine.test([{ detection: 'alone', entry: CASE.entry, mocks: '[ ]' }])
  expect(again!.functions.title).not.toEqual(first.alone)
})

it('problems of bodies that were not loaded again are kept, and those of fixed ones are forgotten', async () => {
  await started(project(files(WORDS)))
  const ids = () => engine.problems.map(({ id, error }) => `${id}: ${error.type}`)
  expect(ids()).toEqual(['unused: RuntimeError'])
  const broken = project(files('SAID = ['))
  await engine.startChanged(
    broken,
    [...broken.detections.values()],
    affectedBy(broken, engine.facts, ['global_helpers/words.py']),
  )
  expect(ids().sort()).toEqual(['dependent: ImportError', 'unused: RuntimeError', 'words: SyntaxError'])
  engine.releaseWorkers()
  await changed(project(files(WORDS)), 'global_helpers/words.py')
  expect(ids()).toEqual(['unused: RuntimeError'])
})
