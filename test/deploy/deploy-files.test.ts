/** The files of `deploy`: the tools that read them accept them, and they name what the daemon has. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DECLARED_METRICS } from '../../src/server/metrics.ts'
import { parseSourceSpec } from '../../src/sources/_source-spec.ts'
import kafka from '../../src/sources/kafka.ts'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
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

describe('the compose file', () => {
  interface Service {
    readonly image: string
    readonly command?: readonly string[]
    readonly environment?: Readonly<Record<string, string>>
    readonly secrets?: readonly string[]
    readonly volumes?: readonly string[]
    readonly depends_on?: Readonly<Record<string, unknown>>
  }
  const file = parse(read('deploy', 'compose', 'compose.yaml')) as {
    readonly services: Readonly<Record<string, Service>>
    readonly secrets: object
    readonly volumes: object
  }
  const services = Object.values(file.services)

  it('declares every secret, volume and service that a service names', () => {
    const named = services.flatMap(({ secrets = [], volumes = [], depends_on = {} }) => [
      ...secrets.filter((name) => !(name in file.secrets)),
      ...volumes
        .flatMap((text) => /^([a-z]+):/.exec(text)?.[1] ?? [])
        .filter((name) => !(name in file.volumes)),
      ...Object.keys(depends_on).filter((name) => !(name in file.services)),
    ])
    expect(named).toEqual([])
    expect(services.flatMap(({ secrets = [] }) => secrets).length).toBeGreaterThan(2)
  })

  it('runs a command that exists, with a store and sources that Signalbox reads', () => {
    const { command = [], environment = {} } = file.services.signalbox!
    const options = command.join(' ').match(/--[a-z-]+/g)!
    expect(options.length).toBeGreaterThan(2)
    const run = read('docs', 'cli.md').split('\n## run\n')[1]!.split('\n## ')[0]!
    const documented = [...run.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option)
    expect(options.filter((option) => !documented.includes(option))).toEqual([])
    const variables = Object.keys(environment).filter((name) => name.startsWith('SIGNALBOX_'))
    const listed = read('docs', 'reference', 'environment.md')
    expect(variables.filter((name) => !listed.includes(`\`${name}\``))).toEqual([])
    expect(readStoreUrl(environment.SIGNALBOX_STORE!, {}, ROOT)).toMatchObject({ host: 'db', tls: null })
    const source = /--from (\S+)/.exec(command.join(' '))![1]!
    expect(kafka.open(parseSourceSpec(source)).storedName).toBe('kafka:events')
  })
})
