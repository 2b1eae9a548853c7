/** The database of the store is away under a running daemon: clients learn it in time, and what was acknowledged counts. */
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly text: string
}

async function ask(daemon: DaemonProcess, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${daemon.url}${path}`, init)
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    text: await response.text(),
  }
}

const post = (daemon: DaemonProcess, key: string) =>
  ask(daemon, '/events', {
    method: 'POST',
    body: JSON.stringify({ p_log_type: 'Test.Log', action: 'login', user: 'ann' }),
    headers: { 'Idempotency-Key': key },
  })

describeWithPostgres('a daemon whose database is away', (server) => {
  it('answers 503 in time, says why, and goes on', async () => {
    const url = server().url()
    const root = makeProject({ ...SOUND, 'signalbox.yaml': `store: ${url}\nworkers: 1\n`, '.env': '' })
    const daemon = startDaemonProcess(REPOSITORY, root)
    onTestFinished(() => daemon.kill('SIGKILL'))
    await untilReady(daemon)
    expect((await post(daemon, 'before')).status).toBe(202)

    server().stop('immediate')
    // It was sent while the database had just gone, so it waits for a short interruption to end.
    const underWay = await post(daemon, 'during')
    expect(underWay).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) })
    expect(JSON.parse(underWay.text)).toMatchObject({
      accepted: 0,
      error: expect.stringMatching(/store cannot be reached/),
    })
    const ready = await ask(daemon, '/readyz')
    expect([ready.status, ready.text]).toEqual([503, expect.stringMatching(/cannot be reached/)])
    expect((await ask(daemon, '/healthz')).status).toBe(200)
    const metrics = await ask(daemon, '/metrics')
    expect(metrics.text).toMatch(/^signalbox_store_available 0$/m)
    expect(metrics.text).not.toMatch(/^signalbox_deliveries_open/m)

    server().start()
    await untilReady(daemon)
    expect((await ask(daemon, '/metrics')).text).toMatch(/^signalbox_store_available 1$/m)
    expect((await post(daemon, 'during')).status).toBe(202)
    const store = await openStore(url, { clock: manualClock(), projectRoot: root, readOnly: true })
    onTestFinished(() => store.close())
    await until(async () => (await store.alerts({ limit: 9 }))[0]?.events === 2)
    expect(await store.alerts({ limit: 9 })).toHaveLength(1)
  })
})
