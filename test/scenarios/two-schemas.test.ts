/** A daemon of the present schema of PostgreSQL and one of the next: they never work side by side, and no event is lost. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'
import { copyCheckout } from '../support/checkout.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

/** A copy of the program whose schema is one number higher. */
function nextVersion(): string {
  const copy = copyCheckout()
  const folder = join(copy, 'src', 'store', 'postgres', 'migrations')
  const number = readdirSync(folder).filter((name) => name.endsWith('.sql')).length + 1
  writeFileSync(
    join(folder, `${String(number).padStart(4, '0')}-next.sql`),
    'CREATE TABLE next_version (id int);\n',
  )
  return copy
}

async function post(daemon: DaemonProcess, key: string): Promise<number> {
  const response = await fetch(`${daemon.url}/events`, {
    method: 'POST',
    body: JSON.stringify({ p_log_type: 'Test.Log', action: 'login', user: 'ann' }),
    headers: { 'Idempotency-Key': key },
  })
  await response.text()
  return response.status
}

describeWithPostgres('two versions of Signalbox with different schemas', (server) => {
  it('the next one waits for the end of the present one, migrates, and locks the present one out', async () => {
    const url = server().url()
    const next = nextVersion()
    const start = (checkout: string) => {
      const root = makeProject({ ...SOUND, 'signalbox.yaml': `store: ${url}\nworkers: 1\n`, '.env': '' })
      const daemon = startDaemonProcess(checkout, root)
      onTestFinished(() => daemon.kill('SIGKILL'))
      return daemon
    }
    const present = start(REPOSITORY)
    await untilReady(present)

    const early = start(next)
    await early.ended
    expect([early.exitCode(), early.output()]).toEqual([
      2,
      expect.stringMatching(/older schema and is held by/),
    ])
    expect(await post(present, 'one')).toBe(202)

    await present.kill('SIGTERM')
    const later = start(next)
    await untilReady(later)
    expect(await post(later, 'two')).toBe(202)

    const late = start(REPOSITORY)
    await late.ended
    expect([late.exitCode(), late.output()]).toEqual([
      2,
      expect.stringMatching(/written by a newer Signalbox/),
    ])
    // What the present version has counted before counts for the next one, too.
    expect(await post(later, 'one')).toBe(202)
    await later.kill('SIGTERM')
    const store = await openStore(url, {
      clock: manualClock(),
      projectRoot: REPOSITORY,
      readOnly: true,
    }).catch((error: Error) => error.message)
    expect(store).toMatch(/written by a newer Signalbox/)
    await until(() => server().sql(eventsOf(url)).trim() === '2')
  })
})

/** The events of all alerts. */
function eventsOf(url: string): string {
  const schema = new URL(url).searchParams.get('schema')!
  return `SET search_path = ${schema};
    SELECT sum(events) + coalesce((SELECT sum(events) FROM alert_delta), 0) FROM alert_progress`
}
