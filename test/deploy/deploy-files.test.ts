/** The files of `deploy`: the tools that read them accept them, and they name what the daemon has. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DECLARED_METRICS } from '../../src/server/metrics.ts'
import { describeWithProgram } from '../support/optional-program.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PROMETHEUS = join(ROOT, 'deploy', 'prometheus')
const UNIT = join(ROOT, 'deploy', 'systemd', 'signalbox.service')
/** In tenths; 100 is no protection. */
const MAX_EXPOSURE = 20

const read = (...path: readonly string[]) => readFileSync(join(ROOT, ...path), 'utf8')
const rules = read('deploy', 'prometheus', 'signalbox.rules.yml')
const operate = read('docs', 'operate.md')

function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: PROMETHEUS, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

describeWithProgram('promtool', 'the rules for Prometheus', () => {
  it('are valid', () => {
    expect(run('promtool', 'check', 'rules', 'signalbox.rules.yml')).toMatchObject({ status: 0 })
  })

  it('fire when they must, and not before', () => {
    expect(run('promtool', 'test', 'rules', 'signalbox.rules.test.yml')).toMatchObject({ status: 0 })
  })
})

it('the rules name metrics that exist, and each has a unit test and a line in the page', () => {
  const named = new Set(rules.match(/\bsignalbox_\w+/g))
  expect([...named].filter((name) => !(name in DECLARED_METRICS))).toEqual([])
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!)
  expect(alerts.length).toBeGreaterThan(5)
  const tests = read('deploy', 'prometheus', 'signalbox.rules.test.yml')
  expect(alerts.filter((name) => !tests.includes(name) || !operate.includes(`| \`${name}\` |`))).toEqual([])
})

it('the page lists every metric with its labels', () => {
  const listed = [...operate.matchAll(/^\| `(signalbox_\w+)(?:\{(.*)\})?` \|/gm)]
  expect(Object.fromEntries(listed.map(([, name, labels]) => [name, labels?.split(',') ?? []]))).toEqual(
    Object.fromEntries(Object.entries(DECLARED_METRICS).map(([name, { labels }]) => [name, labels])),
  )
})

describeWithProgram('systemd-analyze', 'the unit of systemd', () => {
  it('is protected', () => {
    const args = ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, UNIT]
    expect(run('systemd-analyze', ...args)).toMatchObject({ status: 0 })
  })
})

it('the unit of systemd runs a command that exists', () => {
  const command = /^ExecStart=(.*(?:\n {2}.*)*)/m.exec(readFileSync(UNIT, 'utf8'))![1]!
  const options = command.match(/--[a-z-]+/g)!
  expect(options.length).toBeGreaterThan(3)
  const run = read('docs', 'cli.md').split('\n## run\n')[1]!.split('\n## ')[0]!
  const documented = [...run.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option)
  expect(options.filter((option) => option !== '--project' && !documented.includes(option))).toEqual([])
})
