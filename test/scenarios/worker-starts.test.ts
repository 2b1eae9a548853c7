/** A worker that ends, and whose successor can't be started for a while: no event is acknowledged that a rule did not see. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { processEnvironment, snapshotFolder } from '../../src/config/files/environment.ts'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { copyCheckout } from '../support/checkout.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { seededCache } from '../support/seeded-cache.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

const specOf = (id: string) => `AnalysisType: rule
RuleID: ${id}
Filename: ${id.toLowerCase()}.py
Enabled: true
LogTypes: [Test.Log]
Severity: High
`
/** An event with `ends` ends the worker. */
const BODY = `import os

def rule(event):
    if event.get("ends"):
        os._exit(1)
    return True

def title(event):
    return event["id"]

def dedup(event):
    return event["id"]
`
const FILES = {
  'detections/own.yml': specOf('Own'),
  'detections/own.py': BODY.replace('"ends"', '"ends-own"'),
  'detections/vendor/sold.yml': specOf('Sold'),
  'detections/vendor/sold.py': BODY,
  'destinations.yaml': `version: 1
destinations:
  - { name: out, type: file, severities: [HIGH], options: { path: out.ndjson, fsync: false } }
`,
  '.env': '',
}
const ONE_WORKER = 'workers: 1\n'
const GROUP = 'trust: [{ group: vendor, match: { paths: ["detections/vendor/**"] } }]\n'

interface Fixture {
  readonly daemon: DaemonProcess
  /** The status of the answer. */
  post(event: object): Promise<number>
  ready(): Promise<{ readonly status: number; readonly body: string }>
  /** `Detection id` of every alert that has arrived. */
  arrived(): string[]
}

async function startFixture(settings: string, checkout = REPOSITORY, cache?: string): Promise<Fixture> {
  const root = makeProject({ ...FILES, 'signalbox.yaml': `${ONE_WORKER}${settings}` })
  const out = join(root, 'out.ndjson')
  const daemon = startDaemonProcess(checkout, root, cache === undefined ? {} : { XDG_CACHE_HOME: cache })
  onTestFinished(() => daemon.kill('SIGKILL'))
  await untilReady(daemon)
  // All requests use one connection, so that the daemon needs no further descriptor.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = (method: string, path: string, body = '') =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const asked = request(`${daemon.url}${path}`, { method, agent }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      })
      asked.on('error', reject)
      asked.end(body)
    })
  return {
    daemon,
    post: async (event) =>
      (await ask('POST', '/events', JSON.stringify({ p_log_type: 'Test.Log', ...event }))).status,
    ready: () => ask('GET', '/readyz'),
    arrived() {
      if (!existsSync(out)) return []
      // After the last line break there is nothing, or a line that is being written.
      const lines = readFileSync(out, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) => {
        const { notification } = JSON.parse(line) as { notification: Notification }
        return `${notification.id} ${notification.title.split(' ').at(-1)}`
      })
    },
  }
}

/** @param fail makes starts fail until `heal`. */
async function refusesMeanwhile(fixture: Fixture, fail: () => void, heal: () => void): Promise<void> {
  expect(await fixture.post({ id: 'before' })).toBe(202)
  fail()
  expect(await fixture.post({ id: 'ends', ends: true })).toBe(503)
  expect(await fixture.post({ id: 'refused' })).toBe(503)
  const { status, body } = await fixture.ready()
  expect(status).toBe(503)
  expect(body).toContain('cannot start Python')
  heal()
  // An event that is accepted is the first sign: without one, `/readyz` remembers a failure for a while.
  let tries = 0
  await until(async () => (await fixture.post({ id: `try-${++tries}` })) === 202)
  expect((await fixture.ready()).status).toBe(200)
  expect(await fixture.post({ id: 'after' })).toBe(202)
  const accepted = `try-${tries}`
  const expected = ['before', accepted, 'after'].flatMap((id) => [`Own ${id}`, `Sold ${id}`])
  await until(() => expected.every((each) => fixture.arrived().includes(each)))
  expect(fixture.arrived().toSorted()).toEqual(expected.toSorted())
}

const ARRANGEMENTS = [
  ['all rules share a worker', ''],
  ['one rule has a trust group of its own', GROUP],
] as const

describe('a worker whose entry is missing for a while', () => {
  // Both tests use one checkout, because a daemon of a new checkout compiles all files.
  let checkout: string
  let remove = async () => {}
  beforeAll(() => {
    checkout = copyCheckout((whatRemoves) => {
      remove = whatRemoves
    })
  })
  afterAll(() => remove())

  it.each(ARRANGEMENTS)(
    '[DEL-1.6] events are refused while the entry of the worker is missing, if %s',
    async (_title, settings) => {
      const entry = join(checkout, 'src', 'engine', 'worker', 'worker.ts')
      await refusesMeanwhile(
        await startFixture(settings, checkout),
        () => renameSync(entry, `${entry}.away`),
        () => renameSync(`${entry}.away`, entry),
      )
    },
  )
})

describeWithProgram('prlimit', 'a process without free descriptors', () => {
  it('[DEL-1.6] events are refused while no thread can be started', async () => {
    const fixture = await startFixture('')
    const limit = (files: number) =>
      expect(spawnSync('prlimit', ['--pid', String(fixture.daemon.pid), `--nofile=${files}:`]).status).toBe(0)
    await refusesMeanwhile(
      fixture,
      () => limit(3),
      () => limit(1_024),
    )
  })
})

describe('a worker whose snapshots are gone', () => {
  it('a worker whose snapshots are gone starts from the sources', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'signalbox-cache-'))
    seededCache(snapshotFolder({ ...processEnvironment(), XDG_CACHE_HOME: cache }).folder)
    const fixture = await startFixture('', REPOSITORY, cache)
    rmSync(cache, { recursive: true })
    expect(await fixture.post({ id: 'ends', ends: true })).toBe(202)
    expect(await fixture.post({ id: 'after' })).toBe(202)
    await until(() => ['Own after', 'Sold after'].every((each) => fixture.arrived().includes(each)))
  })
})
