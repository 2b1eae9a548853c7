/** `validate`, `test` and `explain` on a small project, Python included. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { type Ran, signalbox } from './fake-io.ts'
import { DISABLED, LOGIN, makeProject, SOUND } from './project-on-disk.ts'

const LOGIN_TEST = 'event.get("action") == "login"'

const WRONG = `AnalysisType: rule
RuleID: Test.Wrong
Filename: wrong.py
Enabled: true
Severity: Low
LogTypes: [Test.Log]
Tests:
  - Name: expects too much
    ExpectedResult: true
    ExpectedDestinations: [archive]
    Log: { p_log_type: Test.Log }
  - Name: raises
    ExpectedResult: true
    Log: { bad: true }
`
const WRONG_BODY = `def rule(event):
    print("looking")
    if event.get("bad"):
        return event["missing"]
    return True
`

const BROKEN = {
  ...SOUND,
  'detections/wrong.yml': WRONG,
  'detections/wrong.py': WRONG_BODY,
  'detections/typo.yml': LOGIN.replace('Test.Login', 'Test.Typo').replace('Severity: High', 'Severty: High'),
  'detections/syntax.yml': DISABLED.replace('Test.Disabled', 'Test.Syntax').replace(
    'disabled.py',
    'syntax.py',
  ),
  'detections/syntax.py': 'def rule(event):\n    return ((\n',
}

let sound: string
let broken: string

beforeAll(() => {
  sound = makeProject(SOUND)
  broken = makeProject(BROKEN)
})

function run(root: string, ...argv: string[]): Promise<Ran> {
  return signalbox([...argv, '--project', root])
}

describe('validate', () => {
  it('validate prints counts for a valid project and exits with 0', async () => {
    const { code, out, err } = await run(sound, 'validate')
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '2 detections, 2 destinations: no problems\n',
      err: '',
    })
  })

  it('validate prints every problem with its source location, Python included, and exits with 1', async () => {
    const { code, out } = await run(broken, 'validate')
    expect(code).toBe(1)
    expect(out).toMatch(/^detections\/typo\.yml:5:1 error .*Severty.*\n {2}5 \| Severty: High\n {4}\| \^/m)
    expect(out).toMatch(/^detections\/syntax\.py:2:\d+ error SyntaxError/m)
  })

  it('validate --format json prints the documented shape', async () => {
    const { code, out, err } = await run(broken, 'validate', '--format', 'json')
    const { version, problems } = JSON.parse(out) as { version: number; problems: Record<string, unknown>[] }
    expect([code, err, version]).toEqual([1, '', 1])
    for (const problem of problems) {
      expect(Object.keys(problem)).toEqual(['severity', 'code', 'message', 'file', 'line', 'column', 'hint'])
    }
    expect(new Set(problems.map(({ file }) => file))).toEqual(
      new Set(['detections/typo.yml', 'detections/syntax.py']),
    )
  })

  it.each<[string, Record<string, string>]>([
    ['nothing at all', {}],
    ['one file, and that invalid', { 'detections/a.yml': 'AnalysisType: rule\nRuleID: [\n' }],
  ])('%s: 2', async (_name, files) => {
    expect((await run(makeProject(files), 'validate')).code).toBe(2)
    expect((await run(makeProject(files), 'test')).code).toBe(2)
  })

  it('validate exits with 2 if the project does not exist', async () => {
    const { code, out, err } = await run(join(sound, 'nowhere'), 'validate')
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('nowhere')
  })
})

describe('test', () => {
  it('test exits with 0 if all pass, calls detections without cases untested, and every reporter writes to its output', async () => {
    const file = join(sound, 'reports/results.json')
    const { code, out, err } = await run(sound, 'test', '--reporter', 'pretty', '--reporter', `json=${file}`)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^PASS {6}Test\.Login {2}2 tests/m)
    expect(out).toMatch(/^UNTESTED {2}Test\.Disabled/m)
    expect(out).toMatch(/Detections {2}1 passed, 1 untested\nTests {7}2 passed/)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      version: 1,
      summary: { detections: { total: 2, passed: 1, untested: 1 }, tests: { total: 2, passed: 2 } },
    })
  })

  it('test exits with 1 for failures and invalid files, tests the others, and prints each problem once', async () => {
    const { code, out, err } = await run(broken, 'test')
    expect(code).toBe(1)
    expect(out).toMatch(/^PASS {6}Test\.Login/m)
    expect(out).toMatch(/^INVALID {3}Test\.Syntax/m)
    expect(out).toContain('Detections  1 passed, 1 failed, 2 invalid, 1 untested')
    expect((out + err).match(/SyntaxError/g)).toHaveLength(1)
    expect((out + err).match(/typo\.yml:5:1/g)).toHaveLength(1)
    // The route that was taken, the author's frames, and what was printed.
    expect(out).toContain('ExpectedDestinations\n        expected  ["archive"]\n        actual    ["inbox"]')
    expect(out).toContain('route: inbox (fallback)')
    expect(out).toMatch(/KeyError.*\n {8}at detections\/wrong\.py:4 in rule\n {11}return event\["missing"\]/)
    expect(out).toContain('| looking')
  })

  it.each<[string[], number, string]>([
    [['--filter', 'Severity=Critical'], 1, ''],
    [['--test-names', 'no such'], 0, 'none'],
    [['--skip-disabled', '--minimum-tests', '3'], 1, '2 of at least 3 tests'],
  ])('%j exits %i', async (argv, expected, summary) => {
    const { code, out } = await run(sound, 'test', ...argv)
    expect(code).toBe(expected)
    expect(out).toContain(summary)
  })

  it('--format json prints one document and nothing else', async () => {
    const { code, out, err } = await run(broken, 'test', '--format', 'json')
    const { summary, detections } = JSON.parse(out) as {
      summary: { detections: Record<string, number> }
      detections: { id: string; tests: { functions: object }[] }[]
    }
    expect(code).toBe(1)
    expect(summary.detections).toMatchObject({ total: 5, passed: 1, failed: 1, invalid: 2, untested: 1 })
    expect(detections.find(({ id }) => id === 'Test.Login')?.tests[0]?.functions).toMatchObject({
      detection: { output: true, error: null },
      title: { output: 'ann logged in', error: null },
    })
    expect(err).toContain('typo.yml:5:1')
  })

  it('an invalid registry does not count as an invalid detection, whatever its name', async () => {
    const root = makeProject({ ...SOUND, 'prod.yaml': 'version: 2\ndestinations: []\n' })
    const { code, out } = await run(root, 'test', '--format', 'json', '--destinations', 'prod.yaml')
    expect(code).toBe(1)
    const { summary } = JSON.parse(out) as { summary: { detections: object } }
    expect(summary.detections).toMatchObject({ total: 2, invalid: 0 })
  })

  it('routing by severity is not checked without a registry, and a path limits what is tested', async () => {
    const { 'destinations.yaml': _, ...files } = SOUND
    const project = makeProject(files)
    const { code, out } = await run(project, 'test', join(project, 'detections/login.yml'))
    expect(code).toBe(0)
    expect(out).toContain('ExpectedDestinations was not checked')
    expect(out).toContain('Detections  1 passed\n')
  })
})

describe('reporters', () => {
  it('the github reporter writes annotations to standard output, and the summary to the file that GitHub names', async () => {
    const summaryFile = join(makeProject({}), 'summary.md')
    vi.stubEnv('GITHUB_STEP_SUMMARY', summaryFile)
    vi.stubEnv('GITHUB_WORKSPACE', join(broken, '..'))
    const { code, out } = await run(broken, 'test', '--reporter', 'github')
    vi.unstubAllEnvs()
    expect(code).toBe(1)
    expect(out).toContain(`::error file=${basename(broken)}/detections/wrong.yml,line=`)
    expect(out).toContain(`::error file=${basename(broken)}/detections/typo.yml,line=5,title=unknown-key`)
    expect(readFileSync(summaryFile, 'utf8')).toContain('| Detections | 1 | 1 | 2 | 1 | 0 |')
  })

  it('test --sort prints failures last, next to the prompt', async () => {
    const { out } = await run(broken, 'test', '--sort')
    expect(out.match(/(?:PASS|FAIL|UNTESTED|INVALID) +Test\.\w+/g)).toEqual([
      'PASS      Test.Login',
      'UNTESTED  Test.Disabled',
      'FAIL      Test.Wrong',
      'INVALID   Test.Syntax',
    ])
  })

  it('a failure shows the event fields that the rule read, and a log type outside LogTypes is a warning', async () => {
    const root = makeProject({
      ...SOUND,
      'detections/login.yml': LOGIN.replace('{ action: logout }', '{ Action: login, p_log_type: Other.Log }'),
    })
    const { code, out } = await run(root, 'test')
    expect(code).toBe(1)
    expect(out).toMatch(/event fields read:\n +action +"login"/)
    expect(out).toContain('p_log_type Other.Log is not in LogTypes')
  })
})

describe('unit tests beside helpers', () => {
  const UNIT_TESTS = `import unittest
from names import greet

class TestGreet(unittest.TestCase):
    def test_ann(self):
        self.assertEqual(greet("ann"), "hello ann")
    def test_bob(self):
        self.assertEqual(greet("bob"), "bye bob")
`
  const WITH_HELPER = {
    ...SOUND,
    'global_helpers/names.yml': 'AnalysisType: global\nGlobalID: names\nFilename: names.py\n',
    'global_helpers/names.py': 'def greet(name):\n    return f"hello {name}"\n',
    'global_helpers/names_test.py': UNIT_TESTS,
    'rules/other_test.py': 'raise Exception("beside no helper")',
  }

  it('unit tests run with the cases, are counted separately, and can fail the run', async () => {
    const { code, out } = await run(makeProject(WITH_HELPER), 'test')
    expect(code).toBe(1)
    expect(out).toContain('FAIL      global_helpers/names_test.py  1 of 2 tests passed')
    expect(out).toContain('✗ TestGreet.test_bob  global_helpers/names_test.py:7')
    expect(out).toMatch(/AssertionError: 'hello bob' != 'bye bob'\n +- hello bob/)
    expect(out).toMatch(/Tests {7}2 passed .*\nUnit tests {2}1 passed, 1 failed\n$/)
  })

  it('the JSON document lists unit tests separately, --test-names selects them, and --filter excludes them', async () => {
    const root = makeProject(WITH_HELPER)
    const named = await run(root, 'test', '--format', 'json', '--test-names', 'TestGreet.test_ann')
    expect(named.code).toBe(0)
    expect(JSON.parse(named.out)).toMatchObject({
      summary: { unitTests: { total: 1, passed: 1, failed: 0, skipped: 0, invalid: 0 } },
      unitTests: [
        {
          file: 'global_helpers/names_test.py',
          status: 'passed',
          tests: [{ name: 'TestGreet.test_ann', line: 5 }],
        },
      ],
    })
    const filtered = await run(root, 'test', '--filter', 'Severity=High')
    expect(filtered.code).toBe(0)
    expect(filtered.out).not.toContain('Unit tests')
  })

  it('test --no-unit-tests runs the cases of detections alone, so a failing unit test does not fail the run', async () => {
    const { code, out } = await run(makeProject(WITH_HELPER), 'test', '--no-unit-tests')
    expect(code).toBe(0)
    expect(out).toMatch(/Tests {7}2 passed/)
    expect(out).not.toContain('names_test.py')
    expect(out).not.toContain('Unit tests')
  })

  it('a file of unit tests that cannot be loaded is invalid', async () => {
    const root = makeProject({ ...WITH_HELPER, 'global_helpers/names_test.py': 'import nowhere\n' })
    const { code, out } = await run(root, 'test')
    expect(code).toBe(1)
    expect(out).toContain('INVALID   global_helpers/names_test.py')
    expect(out).toContain("No module named 'nowhere'")
    expect(out).toContain('Unit tests  1 invalid')
  })
})

describe('debug', () => {
  it('debug prints functions, reads, severity, route and alert of a passing case and exits with 0', async () => {
    const { code, out, err } = await run(sound, 'debug', 'Test.Login', 'login')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const part of [
      'functions\n  detection  true\n  title      ann logged in\n',
      'event fields read\n  action  "login"\n  user    "ann"\n',
      'severity\n  HIGH (static)',
      'route\n  inbox (static-severity)\n',
      'alert\n  id ',
    ])
      expect(out).toContain(part)
    expect(out).toMatch(/\nPASS {2}Test\.Login: login {2}detections\/login\.yml:8\n$/)
  })

  it("debug prints the output and the author's frames of a failing case and exits with 1", async () => {
    const { code, out } = await run(broken, 'debug', 'Test.Wrong', 'raises')
    expect(code).toBe(1)
    expect(out).toMatch(/^printed\n {2}\| looking\n/)
    expect(out).toContain("KeyError('missing')")
    expect(out).toContain('at detections/wrong.py:4 in rule')
    expect(out).toContain('return event["missing"]')
    expect(out).toMatch(/\nFAIL {2}Test\.Wrong: raises/)
  })

  it('debug exits with 1 if the body cannot be loaded', async () => {
    const root = makeProject({ ...SOUND, 'detections/login.py': 'import nowhere' })
    const { code, out, err } = await run(root, 'debug', 'Test.Login', 'login')
    expect(code).toBe(1)
    expect(out + err).toContain('nowhere')
  })

  it('debug --format json prints the case in the shape of test, and the alert', async () => {
    const { code, out } = await run(sound, 'debug', 'Test.Login', 'login', '--format', 'json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      detection: 'Test.Login',
      name: 'login',
      status: 'passed',
      functions: { title: { output: 'ann logged in', error: null } },
      alert: { id: 'Test.Login', severity: 'HIGH' },
    })
  })

  it.each([
    [['Test.Logon', 'login'], 'did you mean "Test.Login"?'],
    [['Test.Login', 'logn'], 'did you mean "login"?'],
  ])('debug with %j exits with 2 and suggests a name', async (names, hint) => {
    const { code, err } = await run(sound, 'debug', ...names)
    expect(code).toBe(2)
    expect(err).toContain(hint)
  })
})

describe('explain', () => {
  it('explain prints match, severity, route, alert and requests of a case', async () => {
    const { code, out } = await run(sound, 'explain', '--detection', 'Test.Login', '--test', 'login')
    expect(code).toBe(0)
    expect(out).toMatch(/^matched\n {2}yes: Test\.Login/)
    expect(out).toMatch(/^ {2}title +ann logged in$/m)
    expect(out).toContain('HIGH (static): Severity in detections/login.yml')
    expect(out).toContain('  inbox (static-severity)\n')
    expect(out).toMatch(/^ {2}title +"New Alert: ann logged in"$/m)
    expect(out).toContain('inbox: ')
  })

  it('explain --format json prints the documented shape', async () => {
    const argv = ['explain', '--detection', 'Test.Login', '--test', 'login', '--format', 'json']
    const { code, out } = await run(sound, ...argv)
    const explanation = JSON.parse(out) as Record<string, object>
    expect(code).toBe(0)
    expect(Object.keys(explanation)).toEqual([
      'detection',
      'matched',
      'severity',
      'route',
      'handling',
      'alert',
      'functions',
      'guard',
      'preview',
    ])
    expect(explanation.guard).toEqual({
      answer: 'python',
      reason: 'it returns True',
      file: 'detections/login.py',
      line: 2,
      column: 12,
      text: LOGIN_TEST,
      index: { conditions: [LOGIN_TEST], from: 'guard', held: [LOGIN_TEST], reason: null },
      tests: [{ file: 'detections/login.py', line: 2, column: 12, text: LOGIN_TEST, value: 'True' }],
      lookups: [{ text: 'event.get("action")', value: '"login"' }],
    })
    expect(Object.keys(explanation.alert!)).toHaveLength(13)
    expect(explanation.route).toMatchObject({ level: 'static-severity', destinations: ['inbox'] })
    expect(Object.keys(explanation.preview!)).toEqual(['inbox'])
  })

  it('explain exits with 0 for an event that does not match', async () => {
    const argv = ['explain', '--detection', 'Test.Login', '--event', '-', '--project', sound]
    const { code, out } = await signalbox(argv, '{"action":"logout"}\n')
    expect(code).toBe(0)
    expect(out).toContain('no: Test.Login')
    expect(out).not.toContain('route')
    expect(out).toContain(`
guard
  silent: run does not call Python
  because \`${LOGIN_TEST}\` is False  detections/login.py:2
  left out by the index, because none of these holds:
    ${LOGIN_TEST}
  tests, in their order:
    detections/login.py:2  ${LOGIN_TEST}  False
  looked up:
    event.get("action")  "logout"
`)
  })

  it.each<[string[], string, string]>([
    [
      ['--detection', 'Test.Logn', '--test', 'login'],
      'detection "Test.Logn" not found [unknown-detection]',
      '"Test.Login"',
    ],
    [['--detection', 'Test.Login', '--test', 'logn'], 'has no test "logn"', 'did you mean "login"?'],
    [
      ['--detection', 'Test.Login', '--event', 'no-such.json'],
      'no-such.json: it does not exist [unreadable-event-file]',
      '',
    ],
  ])('%j', async (argv, message, hint) => {
    const { code, out, err } = await run(sound, 'explain', ...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(err).toContain(hint)
  })

  it.each(['[1]', '{', '{"a":1}\n{"a":2}', ''])(
    'explain rejects %j, which is not one JSON object',
    async (text) => {
      const argv = ['explain', '--detection', 'Test.Login', '--event', '-', '--project', sound]
      const { code, err } = await signalbox(argv, text)
      expect(code).toBe(2)
      expect(err).toContain('standard input is not one JSON object')
    },
  )
})
