/**
 * Files with one fault. The first line of each names the problem and its source location, and the file must have no
 * other problem.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../src/model/project/problem.ts'
import { BODY, load, REGISTRY, rule } from './_project.ts'

function faults(folder: string): { name: string; expected: string; text: string }[] {
  const path = join(import.meta.dirname, 'faults', folder)
  return readdirSync(path).map((file) => {
    const text = readFileSync(join(path, file), 'utf8')
    return { name: file.replace('.fault', ''), expected: text.split('\n', 1)[0]!.slice(2), text }
  })
}

function positionText({ severity, code, line, column }: Problem): string {
  return `${severity} ${code} ${line}:${column}`
}

const DATA_MODEL = `AnalysisType: datamodel
DataModelID: Test.BaseModel
Enabled: true
LogTypes: [Test.Log]
Mappings: []
`

describe('a spec', () => {
  it.each(faults('specs'))('$name: $expected', async ({ text, expected }) => {
    const project = await load({
      'rules/a/base.yml': rule('Test.Base'),
      'rules/a/body.py': BODY,
      'rules/a/base_model.yml': DATA_MODEL,
      'rules/fault.yml': text,
      'rules/body.py': BODY,
      'destinations.yaml': REGISTRY,
    })
    // Not every fault names the body that lies beside it.
    const problems = project.problems.filter(({ code }) => code !== 'unused-body')
    expect(problems.map(positionText)).toEqual([expected])
    expect(problems[0]).toMatchObject({ file: 'rules/fault.yml' })
    // The other files are loaded. The file with the fault is part of the project only if its problem is a warning.
    const ids = [...project.detections.values()].map((detection) => detection.location.file)
    expect(ids).toContain('rules/a/base.yml')
    const stays = problems[0]!.severity === 'warning' || problems[0]!.keepsFile === true
    if (!stays) expect(ids).not.toContain('rules/fault.yml')
    else if (problems[0]!.keepsFile) expect(ids).toContain('rules/fault.yml')
  })
})

describe('[DEL-7.3] [DEL-8.1] destinations.yaml', () => {
  it.each(faults('destinations'))('$name: $expected', async ({ name, text, expected }) => {
    const project = await load({
      'rules/base.yml': rule('Test.Base'),
      'rules/body.py': BODY,
      'destinations.yaml': text,
    })
    expect(project.problems.map(positionText)).toEqual([expected])
    expect(JSON.stringify(project.problems)).not.toContain('hunter2')
    // Names are checked when everything is read. The registry is kept, because options may allow unknown names.
    const stands = expected.startsWith('warning') || name === 'override-to-unknown-destination'
    expect(project.registry !== 'invalid').toBe(stands)
  })
})

describe('signalbox.yaml', () => {
  it.each(faults('settings'))('$name: $expected', async ({ text, expected }) => {
    const project = await load({ 'signalbox.yaml': text })
    expect(project.problems.map(positionText)).toEqual([expected])
  })
})
