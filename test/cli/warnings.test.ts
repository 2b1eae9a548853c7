/** No warning, and no file that is not loaded, is hidden from a pipeline that looks at exit codes only. */
import { describe, expect, it } from 'vitest'
import { signalbox } from './fake-io.ts'
import { LOGIN, makeProject, SOUND } from './project-on-disk.ts'

const UNKNOWN_TYPE = {
  'detections/other.yml': LOGIN.replace('AnalysisType: rule', 'AnalysisType: rul').replace('Login', 'Other'),
}
const MISSING_TYPE = {
  'detections/other.yml': LOGIN.replace('AnalysisType: rule\n', '').replace('Login', 'Other'),
}
const MISSPELT_KEY = {
  'detections/other.yml': LOGIN.replace('AnalysisType', 'AnalysisTyp').replace('Login', 'Other'),
}
/** Nothing but one warning. */
const WARNING = { 'detections/idle.py': 'def rule(event):\n    return True\n' }
const CASE_WARNING = {
  'detections/login.yml': LOGIN.replace('n: 53.0', 'p_log_type: Test.Logs'),
}

async function both(files: Readonly<Record<string, string>>, ...options: string[]) {
  const root = makeProject({ ...SOUND, ...files })
  const validated = await signalbox(['validate', ...options, '--project', root])
  const tested = await signalbox(['test', ...options, '--project', root])
  return { validated, tested, codes: [validated.code, tested.code] }
}

describe.each([
  ['unknown', UNKNOWN_TYPE, 'unknown-analysis-type'],
  ['missing', MISSING_TYPE, 'missing-analysis-type'],
  ['misspelt as a key', MISSPELT_KEY, 'missing-analysis-type'],
])('a file whose AnalysisType is %s', (_, files, code) => {
  it('the file fails validate and test, and counts as invalid and not loaded', async () => {
    const { codes, validated, tested } = await both(files)
    expect(codes).toEqual([1, 1])
    expect(validated.out).toContain(`[${code}]`)
    expect(validated.out).toMatch(/1 file not loaded: 1 error\n$/)
    expect(tested.err).toContain(`[${code}]`)
    expect(tested.out).toMatch(/^Detections {2}.*1 invalid/m)
    expect(tested.out).toMatch(/^Not loaded {2}1 file$/m)
  })

  it('the file is not reported if the settings turn the code off', async () => {
    const settings = { 'signalbox.yaml': `workers: 1\nwarnings: { off: [${code}] }\n` }
    const { codes, validated } = await both({ ...files, ...settings })
    expect(codes).toEqual([0, 0])
    expect(validated.out).toMatch(/: no problems\n$/)
  })
})

describe('a warning', () => {
  it('validate and test pass with a warning when no option is given', async () => {
    const { codes, validated, tested } = await both(WARNING)
    expect(codes).toEqual([0, 0])
    expect(validated.out).toMatch(/1 file not loaded: 1 warning\n$/)
    expect(tested.out).toMatch(/^Not loaded {2}1 file$/m)
  })

  it.each([
    [['--fail-on-warnings'], [1, 1]],
    [
      ['--max-warnings', '0'],
      [1, 1],
    ],
    [
      ['--max-warnings', '1'],
      [0, 0],
    ],
    [
      ['--max-warnings', '1', '--fail-on-warnings'],
      [1, 1],
    ],
  ])('the exit codes of validate and test with a warning and %j are %j', async (options, codes) => {
    const found = await both(WARNING, ...options)
    expect(found.codes).toEqual(codes)
    if (codes[0] === 1) expect(found.validated.err).toContain('1 warning with --')
  })

  it('a warning is an error if the settings say so, and its file stays loaded', async () => {
    const settings = 'workers: 1\nwarnings: { error: [dedup-period] }\n'
    const { codes, tested } = await both({
      'signalbox.yaml': settings,
      'detections/login.yml': `${LOGIN}DedupPeriodMinutes: 1\n`,
    })
    expect(codes).toEqual([1, 1])
    expect(tested.out).toMatch(/^PASS\s+Test\.Login/m)
    expect(tested.out).not.toContain('invalid')
  })

  it('a warning of a case counts for test', async () => {
    expect((await both(CASE_WARNING)).codes).toEqual([0, 0])
    expect((await both(CASE_WARNING, '--fail-on-warnings')).codes).toEqual([0, 1])
  })

  it('an unknown code in the settings is an error', async () => {
    const { validated } = await both({ 'signalbox.yaml': 'warnings: { off: [idle-bodies] }\n' })
    expect(validated.out).toContain('signalbox.yaml:1:19 error')
    expect(validated.code).toBe(1)
  })
})

it('a sound project passes with --fail-on-warnings', async () => {
  expect((await both({}, '--fail-on-warnings')).codes).toEqual([0, 0])
})
