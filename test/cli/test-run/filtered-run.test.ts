/** `test --filter` loads only what the selected detections need, and reports of them what a run of everything reports. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const HELPED = `import names
def rule(event):
    return event.udm("actor") == names.ANN
def title(event):
    return names.ANN
`
const PROJECT = {
  ...SOUND,
  'detections/helped.yml': `AnalysisType: rule
RuleID: Test.Helped
Filename: helped.py
Enabled: true
Severity: High
LogTypes: [Test.Log]
Tests:
  - Name: the helper's name
    ExpectedResult: true
    ExpectedTitle: ann
    Log: { user: ann, p_log_type: Test.Log }
  - Name: another name
    ExpectedResult: true
    Log: { user: bob, p_log_type: Test.Log }
`,
  'detections/helped.py': HELPED,
  'detections/global_helpers/names.yml': 'AnalysisType: global\nGlobalID: names\nFilename: names.py\n',
  'detections/global_helpers/names.py': 'ANN = "ann"\n',
  'detections/data_models/test.yml': `AnalysisType: datamodel
DataModelID: Test.Model
Enabled: true
LogTypes: [Test.Log]
Filename: test.py
Mappings: [{ Name: actor, Method: actor }]
`,
  'detections/data_models/test.py': 'def actor(event): return event.get("user")\n',
}

interface Report {
  readonly detections: readonly { readonly id: string }[]
  readonly problems: readonly { readonly file: string; readonly code: string }[]
}

async function reportOf(root: string, ...options: string[]): Promise<Report & { readonly code: number }> {
  const { code, out } = await signalbox([
    'test',
    '--project',
    root,
    '--format',
    'json',
    '--no-unit-tests',
    ...options,
  ])
  return { code, ...(JSON.parse(out) as Report) }
}

/** The result of a detection without the times that its cases took. */
function resultOf({ detections }: Report, id: string): unknown {
  const text = JSON.stringify(detections.find((result) => result.id === id))
  return JSON.parse(text, (key, value: unknown) => (key === 'durationMs' ? 0 : value))
}

describe('test --filter', () => {
  it('has the results of a run of everything, for passing and failing cases with helpers and data models', async () => {
    const root = makeProject(PROJECT)
    const whole = await reportOf(root)
    for (const id of ['Test.Helped', 'Test.Login']) {
      const part = await reportOf(root, '--filter', `RuleID=${id}`)
      expect(part.detections.map((result) => result.id)).toEqual([id])
      expect(resultOf(part, id)).toEqual(resultOf(whole, id))
      expect(part.code).toBe(id === 'Test.Helped' ? 1 : 0)
    }
  })

  it('reports errors in the YAML of other detections, and errors in Python only where it is used', async () => {
    const root = makeProject(PROJECT)
    writeFileSync(join(root, 'detections/disabled.py'), 'def rule(event)\n')
    const { code, problems } = await reportOf(root, '--filter', 'RuleID=Test.Login')
    expect({ code, problems }).toMatchObject({ code: 0, problems: [] })
    writeFileSync(join(root, 'detections/global_helpers/names.py'), '1 / 0\n')
    expect(await reportOf(root, '--filter', 'RuleID=Test.Login')).toMatchObject({ code: 0 })
    const helped = await reportOf(root, '--filter', 'RuleID=Test.Helped')
    expect(helped.code).toBe(1)
    expect(resultOf(helped, 'Test.Helped')).toEqual(resultOf(await reportOf(root), 'Test.Helped'))
    writeFileSync(join(root, 'detections/twin.yml'), SOUND['detections/login.yml'])
    const twin = await reportOf(root, '--filter', 'RuleID=Test.Login')
    expect(twin.code).toBe(1)
    expect(twin.problems).toMatchObject([{ file: 'detections/twin.yml', code: 'duplicate-id' }])
    rmSync(join(root, 'detections/twin.yml'))
  })
})
