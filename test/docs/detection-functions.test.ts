/** Each example of docs/reference/detection-functions.md gives what the page says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorName,
  DETECTION_FUNCTIONS,
  EXAMPLE_DESTINATIONS,
  EXAMPLE_SPEC,
} from '../../scripts/docs/detection-functions.ts'
import { FUNCTIONS } from '../../src/model/alerts/finding.ts'
import { type LoadedProject, loadProject } from '../../src/workspace/testing.ts'
import { makeProject } from '../cli/project-on-disk.ts'

const examples = FUNCTIONS.flatMap((name) =>
  DETECTION_FUNCTIONS[name].examples.map((example, at) => ({
    ...example,
    name,
    id: `Example.${authorName(name)}.${at}`,
    file: `${authorName(name)}_${at}`,
  })),
)
const TITLE_WITHOUT_FUNCTION = 'title = "no function"\n'

function specOf(id: string, file: string): string {
  const keys = {
    AnalysisType: 'rule',
    RuleID: id,
    Filename: `${file}.py`,
    Enabled: 'true',
    Severity: 'Low',
    LogTypes: '[Test.Log]',
    ...EXAMPLE_SPEC,
  }
  return Object.entries(keys)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('')
}

function bodyOf(name: string, python: string): string {
  const rule = 'def rule(event):\n    return True\n\n\n'
  return `${name === 'rule' ? '' : rule}def ${name}(event):\n    return ${python}\n`
}

const destinations = Object.entries(EXAMPLE_DESTINATIONS).map(
  ([name, severities]) => `  - { name: ${name}, type: console, severities: [${severities.join(', ')}] }\n`,
)
const root = makeProject({
  'signalbox.yaml': 'workers: 1\n',
  'destinations.yaml': `version: 1\ndestinations:\n${destinations.join('')}`,
  'detections/constant.yml': specOf('Example.constant', 'constant'),
  'detections/constant.py': TITLE_WITHOUT_FUNCTION + bodyOf('rule', 'True'),
  ...Object.fromEntries(
    examples.flatMap(({ id, file, name, python }) => [
      [`detections/${file}.yml`, specOf(id, file)],
      [`detections/${file}.py`, bodyOf(authorName(name), python)],
    ]),
  ),
})

let project: LoadedProject
beforeAll(async () => {
  project = await loadProject({ root })
})
afterAll(() => project.close())

describe('an example', () => {
  it.each(examples)('$name(): return $python', async ({ id, name, expected, error, silent = false }) => {
    const result = await project.evaluate(id, { p_log_type: 'Test.Log' }, { expectations: expected })
    expect(result.alerts).toBe(!silent)
    const reported = (result.functions[name] as { error?: { type: string } }).error
    expect(reported?.type).toBe(error)
    const unmet = result.failures.filter(
      ({ what }) => what.startsWith('Expected') && what !== 'ExpectedResult',
    )
    expect(unmet).toEqual([])
    if (error !== undefined) expect(result.status).toBe('failed')
  })

  it('a name that is not callable counts as absent', async () => {
    const expectations = { ExpectedTitle: EXAMPLE_SPEC.DisplayName }
    const result = await project.evaluate('Example.constant', {}, { expectations })
    expect(result).toMatchObject({ status: 'passed', alerts: true })
  })
})
