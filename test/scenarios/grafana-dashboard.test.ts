/** Every query of the dashboard, in a real Prometheus that scrapes a daemon process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeDashboard } from '../../scripts/dashboard/make-dashboard.ts'
import { INSTANCE, type Panel, RATE_INTERVAL, ROWS } from '../../scripts/dashboard/panels.ts'
import { DECLARED_METRICS } from '../../src/server/metrics.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { COMMAND, commandEnvironment } from '../support/process.ts'
import { until } from '../support/until.ts'

const FILE = join(import.meta.dirname, '..', '..', 'deploy', 'grafana', 'signalbox.json')
/** They have values only with a broker, a hook or a heartbeat, or when an alert has a step of handling or a detection fails. */
const WITHOUT_VALUES = new Set([
  'signalbox_source_lag',
  'signalbox_partitions_unowned',
  'signalbox_hooks_total',
  'signalbox_alerts_handled_total',
  'signalbox_detection_errors_total',
  'signalbox_heartbeat_timestamp_seconds',
])

const panels: readonly Panel[] = ROWS.flatMap((row) => row.panels)
const queries = panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [title, expr] as const))
const metricsOf = (expr: string) =>
  [...expr.matchAll(/\b(?:signalbox|process|nodejs)_\w+/g)].map(([name]) => name)

it('the dashboard is the one that the script makes of the panels', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(makeDashboard())
})

describeWithProgram('prometheus', 'the dashboard in Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-prometheus-'))
  const started: ChildProcess[] = []
  let prometheus = ''
  let exposed = ''

  function start(program: string, args: readonly string[]): () => string {
    const child = spawn(program, args, { env: commandEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] })
    started.push(child)
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    return () => err
  }

  beforeAll(async () => {
    const project = makeProject(SOUND)
    const from = 'http://127.0.0.1:0?logType=Test.Log'
    const daemonLog = start(process.execPath, [
      COMMAND,
      'run',
      '--project',
      project,
      '--store',
      'sqlite:test.db',
      '--from',
      from,
      '--log-format',
      'json',
    ])
    const daemon = () => /"address":"([^"]+)","msg":"listening"/.exec(daemonLog())?.[1]
    await until(() => daemon() !== undefined && daemonLog().includes('"started"'))
    const post = (action: string) =>
      fetch(`http://${daemon()}/events`, { method: 'POST', body: `{"action":"${action}","user":"ann"}\n` })
    expect((await post('login')).ok).toBe(true)
    const config = join(folder, 'prometheus.yml')
    writeFileSync(
      config,
      `global: { scrape_interval: 200ms }
scrape_configs: [{ job_name: signalbox, static_configs: [{ targets: ['${daemon()}'] }] }]
`,
    )
    const log = start('prometheus', [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ])
    await until(() => /msg="Listening on" address=(\S+)/.test(log()))
    prometheus = /msg="Listening on" address=(\S+)/.exec(log())![1]!
    await until(async () => {
      exposed = await (await fetch(`http://${daemon()}/metrics`)).text()
      return /^signalbox_deliveries_total\{.*delivered/m.test(exposed)
    })
    // Two values of the youngest counter are a rate.
    await until(async () => {
      const { result } = await ask('count_over_time(signalbox_deliveries_total[5m]) >= 3')
      return result.length > 0
    })
  })

  afterAll(async () => {
    const ended = started.map(async (child) => {
      if (child.exitCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    })
    await Promise.all(ended)
    rmSync(folder, { recursive: true })
  })

  interface Answer {
    readonly status: string
    readonly error?: string
    readonly result: readonly unknown[]
  }

  async function ask(expr: string): Promise<Answer> {
    const query = expr.replaceAll(INSTANCE, '.+').replaceAll(RATE_INTERVAL, '5m')
    const answer = await fetch(`http://${prometheus}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query }),
    }).catch(() => null)
    if (answer === null) return { status: 'away', result: [] }
    const { status, error, data } = (await answer.json()) as {
      status: string
      error?: string
      data?: { result: readonly unknown[] }
    }
    return { status, ...(error !== undefined && { error }), result: data?.result ?? [] }
  }

  it.each(queries)(
    '%s: the query has an answer, and values where the daemon has them: %s',
    async (_, expr) => {
      const { result, ...rest } = await ask(expr)
      expect(rest).toEqual({ status: 'success' })
      if (!metricsOf(expr).some((name) => WITHOUT_VALUES.has(name))) expect(result.length).toBeGreaterThan(0)
    },
  )

  it('names only metrics that the daemon exposes', () => {
    const names = new Set(queries.flatMap(([, expr]) => metricsOf(expr)))
    expect(names.size).toBeGreaterThan(15)
    const missing = [...names].filter((name) => {
      const declared = name.replace(/_bucket$/, '')
      if (WITHOUT_VALUES.has(name)) return !(declared in DECLARED_METRICS)
      return !exposed.includes(`\n# TYPE ${declared} `)
    })
    expect(missing).toEqual([])
  })
})
