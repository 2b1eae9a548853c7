/**
 * A load of selected detections equals the load of the whole project for them, and reports the same problems, whatever has
 * changed since the cache was written.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CacheStorage } from '../../src/config/files/parse-cache.ts'
import { loadProject } from '../../src/config/load.ts'
import { openSnapshotCache } from '../../src/engine/snapshot/snapshot-cache.ts'
import { stampOf } from '../../src/files/file-stamp.ts'
import type { Project } from '../../src/model/project/project.ts'
import { withDate } from '../support/date.ts'
import { until } from '../support/until.ts'

// The stamp of a file that was written less than two seconds ago is not recorded.
withDate(Date.UTC(2100, 0, 1))

const spec = (id: string, more = '', python = 'filename.py') =>
  `AnalysisType: rule\nRuleID: ${id}\nFilename: ${python}\nEnabled: true\nSeverity: High\nLogTypes: [Test.Log]\n${more}`
const TESTS = 'Tests:\n  - Name: one\n    ExpectedResult: true\n    Log: { n: 1 }\n'
const FILES = {
  'global_helpers/shared.yml': 'AnalysisType: global\nGlobalID: shared\nFilename: shared.py\n',
  'global_helpers/shared.py': 'LIMIT = 1\n',
  'data_models/model.yml':
    'AnalysisType: datamodel\nDataModelID: Test.Model\nEnabled: true\nLogTypes: [Test.Log]\nMappings: [{ Name: user, Path: user }]\n',
  'rules/base.yml': spec('Test.Base', `Description: the base\n${TESTS}`, 'base.py'),
  'rules/base.py': 'import shared\ndef rule(event): return True\n',
  'rules/base.expect.yml': 'one:\n  ExpectedSeverity: HIGH\n',
  'rules/derived.yml':
    'AnalysisType: rule\nRuleID: Test.Derived\nBaseDetection: Test.Base\nEnabled: true\nSeverity: Low\nTags: [Derived]\n',
  'rules/other.yml': spec('Test.Other', TESTS, 'other.py'),
  'rules/other.py': 'def rule(event): return False\n',
  'rules/faulty.yml': spec('Test.Faulty', 'Threshold: many\n', 'other.py'),
  'rules/missing.yml': spec('Test.Missing', '', 'missing.py'),
  'rules/inline.yml': spec('Test.Inline', 'InlineFilters: [{ KeyPath: n, Condition: Exists }]\n', 'other.py'),
  'rules/correlation.yml': `AnalysisType: correlation_rule
RuleID: Test.Correlation
Enabled: true
Severity: High
Detection:
  - Sequence:
      - ID: first
        RuleID: Test.Base
      - ID: second
        RuleID: Test.Other
    LookbackWindowMinutes: 15
    Schedule: { RateMinutes: 10, TimeoutMinutes: 2 }
`,
  'packs/pack.yml':
    'AnalysisType: pack\nPackID: Test.Pack\nDisplayName: Pack\nPackDefinition: { IDs: [Test.Base, Test.Gone] }\n',
}

let root: string
let cacheStorage: CacheStorage
let cacheFolder: string
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-selection-'))
  for (const [name, text] of Object.entries(FILES)) write(name, text)
  cacheFolder = mkdtempSync(join(tmpdir(), 'signalbox-selection-cache-'))
  const written: Promise<unknown>[] = []
  const cache = openSnapshotCache(cacheFolder)
  const keep: CacheStorage['write'] = (...entry) => {
    const writing = cache.write(...entry)
    written.push(writing)
    return writing
  }
  cacheStorage = { ...cache, write: keep }
  settled = () => Promise.all(written)
})
let settled: () => Promise<unknown>
afterEach(() => {
  for (const folder of [root, cacheFolder]) rmSync(folder, { recursive: true })
})

const whole = () => loadProject({ root })
async function selected(id: string): Promise<Project> {
  const project = await loadProject({ root, cacheStorage, select: ({ spec }) => spec.RuleID === id })
  await settled()
  return project
}

async function expectSame(id: string): Promise<void> {
  const [all, part] = [await whole(), await selected(id)]
  expect(part.isSelection).toBe(true)
  expect(all.detections.has(id)).toBe(true)
  expect(part.detections.get(id)).toEqual(all.detections.get(id))
  const { detections: _, isSelection: __, ...others } = part
  expect(others).toEqual(
    Object.fromEntries(Object.keys(others).map((key) => [key, all[key as keyof Project]])),
  )
}

/** More files than one write of the cache is worth. */
function writeManyRules(): void {
  for (let number = 0; number < 30; number++)
    write(`rules/many${number}.yml`, spec(`Many.${number}`, '', 'other.py'))
}

/** Replaces a text in the cache as if the program had stored it. */
function changeCache(change: (text: string) => string): void {
  const [name] = readdirSync(cacheFolder).filter((each) => each.startsWith('parse-'))
  const storage = openSnapshotCache(cacheFolder)
  const text = Buffer.from(storage.read(name!.replace('.snapshot', ''))!).toString()
  expect(change(text)).not.toBe(text)
  const read = () => Buffer.from(change(text))
  cacheStorage = { ...cacheStorage, read }
}

const IDS = ['Test.Base', 'Test.Derived', 'Test.Other', 'Test.Inline', 'Test.Correlation', 'Many.7']

describe('a load of selected detections', () => {
  beforeEach(writeManyRules)

  it.each(IDS)('of %s equals that of the whole project, without a cache and with one', async (id) => {
    await expectSame(id)
    await expectSame(id)
  })

  it('has only them and the members of correlation rules', async () => {
    expect([...(await selected('Test.Derived')).detections.keys()]).toEqual(['Test.Derived'])
    expect([...(await selected('Test.Correlation')).detections.keys()].sort()).toEqual([
      'Test.Base',
      'Test.Correlation',
      'Test.Other',
    ])
  })

  it('is the whole project if nothing or more than 100 detections are selected', async () => {
    const none = await loadProject({ root, select: () => false })
    expect(none).toEqual({ ...(await whole()), isSelection: false })
    for (let number = 0; number < 101; number++)
      write(`rules/more${number}.yml`, spec(`More.${number}`, '', 'other.py'))
    const most = await loadProject({ root, select: () => true })
    expect(most).toEqual({ ...(await whole()), isSelection: false })
  })
})

describe('a load of selected detections after a change', () => {
  beforeEach(async () => {
    writeManyRules()
    await selected('Test.Derived')
    await until(() => readdirSync(cacheFolder).some((name) => name.startsWith('parse-')))
  })

  const CHANGES: [name: string, change: () => void][] = [
    ['of nothing', () => {}],
    ['that adds a duplicate id', () => write('rules/a/twin.yml', spec('Test.Base', '', '../other.py'))],
    ['that gives another file the id', () => write('rules/faulty.yml', spec('Test.Derived', '', 'other.py'))],
    [
      'of the base',
      () => write('rules/base.yml', FILES['rules/base.yml'].replace('the base', 'a changed base')),
    ],
    ['of the Python of the base', () => write('rules/base.py', 'def rule(event): return 1\n')],
    [
      'of the expectations of the base',
      () => write('rules/base.expect.yml', 'one:\n  ExpectedSeverity: LOW\n'),
    ],
    ['that deletes the base', () => rmSync(join(root, 'rules/base.yml'))],
    ['that deletes the Python of the base', () => rmSync(join(root, 'rules/base.py'))],
    [
      'that renames a helper',
      () => {
        for (const ext of ['yml', 'py'])
          renameSync(join(root, `global_helpers/shared.${ext}`), join(root, `global_helpers/new.${ext}`))
        write('global_helpers/new.yml', FILES['global_helpers/shared.yml'].replaceAll('shared', 'new'))
      },
    ],
    ['of the Python of a helper', () => write('global_helpers/shared.py', 'LIMIT = 2\n')],
    [
      'that disables the data model',
      () => write('data_models/model.yml', FILES['data_models/model.yml'].replace('true', 'false')),
    ],
    ['that repairs a faulty spec', () => write('rules/faulty.yml', spec('Test.Faulty', '', 'other.py'))],
    ['that breaks another spec', () => write('rules/other.yml', 'AnalysisType: rule\nRuleID: [')],
    ['that deletes another spec', () => rmSync(join(root, 'rules/other.yml'))],
    [
      'that swaps two files',
      () => {
        renameSync(join(root, 'rules/other.yml'), join(root, 'rules/x'))
        renameSync(join(root, 'rules/base.yml'), join(root, 'rules/other.yml'))
        renameSync(join(root, 'rules/x'), join(root, 'rules/base.yml'))
      },
    ],
    [
      'that damages the cache',
      () => {
        for (const name of readdirSync(cacheFolder)) {
          const path = join(cacheFolder, name)
          const bytes = readFileSync(path)
          bytes[bytes.length - 1]! ^= 1
          writeFileSync(path, bytes)
        }
      },
    ],
  ]
  it.each(CHANGES)('%s equals that of the whole project', async (_, change) => {
    change()
    const [all, part] = [await whole(), await selected('Test.Derived')]
    const isLoaded = all.detections.has('Test.Derived')
    expect(part.detections.get('Test.Derived')).toEqual(all.detections.get('Test.Derived'))
    expect(part.isSelection).toBe(isLoaded)
    expect(part.problems).toEqual(all.problems)
    expect(part.helpers).toEqual(all.helpers)
    expect(part.dataModels).toEqual(all.dataModels)
  })

  it('that the file system does not show reads every file, if one that is needed has another text', async () => {
    write('rules/base.yml', FILES['rules/base.yml'].replace('the base', 'a changed base'))
    write('rules/other.yml', spec('Test.Elsewhere', '', 'other.py'))
    const before = await whole()
    // Both files get the stamps that they have now, as if writing had not changed them.
    const stamps = new Map(
      ['rules/base.yml', 'rules/other.yml'].map((file) => [file, stampOf(join(root, file))]),
    )
    changeCache((text) => {
      const cached = JSON.parse(text) as { files: Record<string, { stamp: unknown }> }
      for (const [file, stamp] of stamps) cached.files[file]!.stamp = stamp
      return JSON.stringify(cached)
    })
    const many = await selected('Many.7')
    expect(many.problems).not.toEqual(before.problems)
    await expectSame('Test.Derived')
  })
})
