/** `validate` on a project with each routing fault planted, Python read for what it can return. */
import { beforeAll, describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { makeProject } from './project-on-disk.ts'

const DESTINATIONS = `version: 1
overrides:
  - match: { ids: [No.Such] }
    OutputIds: [soc]
destinations:
  - name: soc
    type: console
    severities: [HIGH, CRITICAL]
  - name: forgotten
    type: console
  - name: by-id
    id: 3f0c6a52-0000-4000-8000-000000000001
    type: console
    alertTypes: [SYSTEM_ERROR]
`

const rule = (id: string, severity: string, more = '') => `AnalysisType: rule
RuleID: ${id}
Filename: ${id.toLowerCase()}.py
Enabled: true
Severity: ${severity}
LogTypes: [Test.Log]
${more}`

const FILES = {
  'signalbox.yaml': 'workers: 1\n',
  'destinations.yaml': DESTINATIONS,
  'detections/names.yml': rule('Names', 'High'),
  'detections/names.py': `TEAM = "soc-team"

def pick(event):
    return [TEAM, "SKIP"]

def rule(event):
    return True

def destinations(event):
    if event.get("vip"):
        return pick(event)
    return ["soc"]
`,
  'detections/low.yml': rule('Low', 'Low'),
  'detections/low.py': 'def rule(event):\n    return True\n',
  'detections/shadow.yml': rule('Shadow', 'High', 'OutputIds: [soc]\n'),
  'detections/shadow.py': `def rule(event):
    return True

def severity(event):
    return "CRITICAL" if event.get("root") else "DEFAULT"
`,
}

interface ReportedProblem {
  severity: string
  code: string
  file: string
  line: number
}

async function validate(files: Readonly<Record<string, string>>) {
  const root = makeProject(files)
  const { code, out } = await signalbox(['validate', '--format', 'json', '--project', root])
  const { problems } = JSON.parse(out) as { problems: ReportedProblem[] }
  return {
    code,
    problems: problems.map(({ severity, code: what, file, line }) => `${file}:${line} ${severity} ${what}`),
  }
}

describe('routing lint', () => {
  let found: Awaited<ReturnType<typeof validate>>

  beforeAll(async () => {
    found = await validate(FILES)
  })

  it('lint finds each planted problem at its source location', () => {
    expect(found.problems.sort()).toEqual([
      'destinations.yaml:11 warning unreferenced-id',
      'destinations.yaml:3 warning unused-override',
      'destinations.yaml:9 warning unreachable-destination',
      'detections/low.yml:5 warning reaches-nobody',
      'detections/names.py:1 error unknown-destination',
      'detections/names.py:4 warning skip-mixed',
      'detections/names.py:9 warning varying-destinations',
      'detections/shadow.yml:7 warning shadowed-severity',
    ])
  })

  it('an unknown destination is an error, and the exit code is 1', () => {
    expect(found.code).toBe(1)
  })

  it('lint omits what a comment or a setting turns off', async () => {
    const { problems } = await validate({
      ...FILES,
      'signalbox.yaml': 'workers: 1\nlint: { off: [unreferenced-id, reaches-nobody] }\n',
      'detections/shadow.yml': FILES['detections/shadow.yml'].replace(
        '[soc]',
        '[soc] # signalbox-ignore: shadowed-severity',
      ),
      'detections/names.py': FILES['detections/names.py'].replace(
        'def destinations',
        '# signalbox-ignore: skip-mixed, varying-destinations\ndef destinations',
      ),
    })
    expect(problems.sort()).toEqual([
      'destinations.yaml:3 warning unused-override',
      'destinations.yaml:9 warning unreachable-destination',
      'detections/names.py:1 error unknown-destination',
      'detections/names.py:4 warning skip-mixed',
    ])
  })

  it('an unknown code in lint.off is an error of the settings', async () => {
    const { problems } = await validate({ ...FILES, 'signalbox.yaml': 'lint: { off: [typo] }\n' })
    expect(problems).toContain('signalbox.yaml:1 error bad-value')
  })
})
