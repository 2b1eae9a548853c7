/** `routes` and `routes diff` on a small project under git, Python included. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ran, signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const DYNAMIC = `AnalysisType: rule
RuleID: Test.Dynamic
Filename: dynamic.py
Enabled: true
Severity: Low
LogTypes: [Test.Log]
Tests:
  - Name: a root user
    ExpectedResult: true
    Log: { user: root, level: CRITICAL }
`
const DYNAMIC_BODY = `def rule(event):
    return True

def severity(event):
    return event.get("level").upper()

def destinations(event):
    return ["archive"] if event.get("user") == "root" else None
`

let root: string

beforeAll(() => {
  root = makeProject({
    ...SOUND,
    'detections/dynamic.yml': DYNAMIC,
    'detections/dynamic.py': DYNAMIC_BODY,
  })
  git('init', '--quiet')
  git('add', '--all')
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'first')
})

function git(...args: string[]): void {
  execFileSync('git', ['-C', root, ...args])
}

function run(...argv: string[]): Promise<Ran> {
  return signalbox([...argv, '--project', root])
}

interface Row {
  detection: string
  severity: string
  route: { level: string; destinations: string[] } | null
  evidence: string
  tests: string[]
}

describe('routes', () => {
  it('routes shows every detection, the evidence of each route, and the detections without alerts', async () => {
    const { code, out, err } = await run('routes')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^Test\.Login +HIGH +inbox +static-severity +metadata$/m)
    expect(out).toMatch(
      /^Test\.Dynamic +CRITICAL +archive +generated-destinations +observed in test "a root user"$/m,
    )
    expect(out).toMatch(/\n2 detections; 1 disabled\n$/)
  })

  it('routes --format json has the route and the evidence in every row', async () => {
    const { out } = await run('routes', '--format', 'json')
    const { version, routes, silent } = JSON.parse(out) as { version: number; routes: Row[]; silent: unknown }
    expect([version, silent]).toEqual([1, [{ detection: 'Test.Disabled', reason: 'disabled' }]])
    expect(routes.filter(({ detection }) => detection === 'Test.Login')).toEqual([
      {
        detection: 'Test.Login',
        logTypes: ['Test.Log'],
        severity: 'HIGH',
        route: { level: 'static-severity', destinations: ['inbox'], suppressed: false, problems: [] },
        evidence: 'static',
        tests: [],
      },
    ])
    expect(routes.every(({ evidence, tests }) => (evidence === 'observed') === tests.length > 0)).toBe(true)
  })

  it.each([
    ['mermaid', /^flowchart LR\n/],
    ['svg', /^<svg /],
    ['html', /^<!doctype html>/],
  ])('--graph %s', async (kind, beginning) => {
    const { code, out } = await run('routes', '--graph', kind)
    expect(code).toBe(0)
    expect(out).toMatch(beginning)
    expect(out).toContain('archive')
  })

  it('the help of routes shows its options and its subcommand', async () => {
    const { out } = await signalbox(['routes', '--help'])
    expect(out).toContain('--graph <kind>')
    expect(out).toMatch(/Commands:\n {2}diff /)
  })
})

describe('routes diff', () => {
  it('routes diff without a change reports that, exits with 0 and does not change the checkout', async () => {
    const before = readdirSync(root)
    const { code, out, err } = await run('routes', 'diff', 'HEAD', '--fail-on-change')
    expect([code, out, err]).toEqual([0, 'No route changes against `HEAD`.\n', ''])
    expect(readdirSync(root)).toEqual(before)
    expect(execFileSync('git', ['-C', root, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('')
  })

  it('routes diff prints routes and cases before and after, and fails only with --fail-on-change', async () => {
    const spec = join(root, 'detections/login.yml')
    const was = readFileSync(spec, 'utf8')
    writeFileSync(spec, was.replace('Severity: High', 'Severity: Low'))
    try {
      const plain = await run('routes', 'diff', 'HEAD')
      expect(plain.code).toBe(0)
      expect(plain.out).toMatch(/^### Routes changed against `HEAD`: 2 routes, 1 test case$/m)
      expect(plain.out).toContain('| `Test.Login` | HIGH | `inbox` (static-severity) | *no alert* |')
      expect(plain.out).toContain('| `Test.Login` | LOW | *no alert* | `inbox` (fallback) |')
      expect(plain.out).toContain('| `Test.Login` | `login` | passed, HIGH, `inbox` | failed, LOW, `inbox` |')
      expect((await run('routes', 'diff', 'HEAD', '--fail-on-change')).code).toBe(1)
      const json = JSON.parse((await run('routes', 'diff', 'HEAD', '--format', 'json')).out) as {
        routes: { detection: string; severity: string }[]
      }
      expect(json.routes.map(({ detection, severity }) => `${detection} ${severity}`)).toEqual([
        'Test.Login HIGH',
        'Test.Login LOW',
      ])
    } finally {
      writeFileSync(spec, was)
    }
  })

  it.each([
    ['no-such-branch', /cannot read revision no-such-branch/],
    ['--output=/nowhere', /unknown option/],
  ])('%s: 2', async (ref, complaint) => {
    const { code, err } = await run('routes', 'diff', ref)
    expect(code).toBe(2)
    expect(err).toMatch(complaint)
  })
})
