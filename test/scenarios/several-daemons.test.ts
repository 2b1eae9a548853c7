/** Daemons that share a schema of PostgreSQL, as processes: one is killed, one is stopped, and one replaces another. */
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { startNatsServer } from '../support/nats-server.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const EVENTS_PER_ROUND = 20

/** Each event makes its own alert, which counts how often the event came. */
const COUNTER = {
  'detections/counter.yml': `AnalysisType: rule
RuleID: Counter
Filename: counter.py
Enabled: true
LogTypes: [Test.Log]
Severity: High
`,
  'detections/counter.py': `def rule(event):
    return True


def dedup(event):
    return event["id"]


def alert_context(event):
    return {"id": event["id"]}
`,
}

const eventOf = (id: string) => JSON.stringify({ id, p_log_type: 'Test.Log' })

function destinations(entries: readonly string[], more = ''): string {
  return `version: 1\n${more}destinations:\n${entries.join('')}`
}

function webhook(name: string, receiver: string, more = 'severities: [HIGH]'): string {
  return `  - name: ${name}
    type: webhook
    ${more}
    options: { url: '\${env:${receiver}}/${name}' }
`
}

/** The events of the alerts that a receiver has got at a path. */
function received(receiver: Receiver, path: string): unknown[] {
  return receiver.requests
    .filter((request) => request.path === path)
    .map(({ body }) => (JSON.parse(body) as Notification).alertContext.id)
}

async function startDaemon(
  root: string,
  environment: Record<string, string>,
  sources: readonly string[] = [],
): Promise<DaemonProcess> {
  const daemon = startDaemonProcess(REPOSITORY, root, environment, sources)
  onTestFinished(() => daemon.kill('SIGKILL'))
  await untilReady(daemon)
  return daemon
}

async function post(daemon: DaemonProcess, id: string): Promise<void> {
  const response = await fetch(`${daemon.url}/events`, { method: 'POST', body: eventOf(id) })
  await response.arrayBuffer()
  expect(response.status).toBe(202)
}

describeWithPostgres('several daemons', (postgres) => {
  const schemaOf = (url: string) => new URL(url).searchParams.get('schema')!

  describeWithProgram('nats-server', 'of a stream', () => {
    it('count each event once while one is killed and one is stopped past its lease', async () => {
      const server = await startNatsServer()
      const receiver = await startReceiver()
      onTestFinished(() => server.close())
      await server.addStream({ name: 'EVENTS', subjects: ['ev.>'] })
      const url = postgres().url()
      const files = { ...COUNTER, 'destinations.yaml': destinations([webhook('all', 'RECEIVER')]) }
      const environment = { SIGNALBOX_STORE: url, RECEIVER: receiver.url }
      const sources = [`nats:127.0.0.1:${server.port}/EVENTS?subject=ev.{0-1}`]
      const start = () => startDaemon(makeProject({ ...files, '.env': '' }), environment, sources)
      const published: string[] = []
      const round = async () => {
        for (let n = 0; n < EVENTS_PER_ROUND; n++) {
          const id = `event ${published.length}`
          published.push(id)
          await server.publish(`ev.${n % 2}`, [eventOf(id)])
        }
        await until(() => new Set(received(receiver, '/all')).size === published.length)
      }
      const schema = schemaOf(url)
      const members = () =>
        postgres().sql(`SELECT count(*) FROM ${schema}.member WHERE until > ${schema}.store_now(NULL)`).trim()
      const killed = await start()
      const stopped = await start()
      await round()
      await killed.kill('SIGKILL')
      await round()
      await start()
      stopped.signal('SIGSTOP')
      // Its lease has ended when the third daemon has sent these.
      await round()
      await until(() => members() === '1')
      stopped.signal('SIGCONT')
      await until(() => members() === '2')
      await round()
      const events = postgres().sql(`SELECT events FROM ${schema}.alert_progress`)
      expect(events.trim().split('\n')).toEqual(published.map(() => '1'))
      expect(new Set(received(receiver, '/all'))).toEqual(new Set(published))
      receiver.expect(receiver.requests.length)
      await receiver.close()
    })
  })

  it('a rolling deployment adds, renames and removes a destination, and loses no delivery of any', async () => {
    const served = await startReceiver()
    const away = await startReceiver()
    away.always({ status: 503 })
    const url = postgres().url()
    const environment = { SIGNALBOX_STORE: url, SERVED: served.url, AWAY: away.url }
    const fallback = webhook('backstop', 'SERVED', 'severities: []')
    const old = makeProject({
      ...COUNTER,
      '.env': '',
      'destinations.yaml': destinations([
        webhook('same', 'SERVED'),
        webhook('removed', 'AWAY'),
        webhook('before', 'AWAY'),
      ]),
    })
    const next = makeProject({
      ...COUNTER,
      '.env': '',
      'signalbox.yaml': 'cluster: { orphanAfter: 1s }\n',
      'destinations.yaml': destinations(
        [
          webhook('same', 'SERVED'),
          webhook('added', 'SERVED'),
          webhook('after', 'SERVED', 'severities: [HIGH]\n    previousNames: [before]'),
          fallback,
        ],
        'fallback: [backstop]\n',
      ),
    })
    const open = () =>
      new Set(
        postgres()
          .sql(`SELECT destination FROM ${schemaOf(url)}.delivery WHERE state IN ('waiting', 'sending')`)
          .trim()
          .split('\n'),
      )
    const former = await startDaemon(old, environment)
    await post(former, 'first')
    await until(() => away.requests.length >= 2 && received(served, '/same').length === 1)
    const present = await startDaemon(next, environment)
    await post(present, 'second')
    await until(() => received(served, '/after').length === 1 && received(served, '/added').length === 1)
    await until(() => received(served, '/same').length === 2)
    // What was delivered is recorded a moment later.
    await until(() => open().size === 2)
    expect(open()).toEqual(new Set(['removed', 'before']))
    await former.kill('SIGTERM')
    // Now no daemon knows them any more.
    await until(() => received(served, '/after').length === 2)
    await until(() => received(served, '/backstop').length === 1)
    await present.kill('SIGTERM')
    expect(received(served, '/same')).toEqual(['first', 'second'])
    expect(received(served, '/added')).toEqual(['second'])
    expect(new Set(received(served, '/after'))).toEqual(new Set(['first', 'second']))
    expect(received(served, '/backstop')).toEqual(['first'])
    expect(new Set(away.requests.map(({ path }) => path))).toEqual(new Set(['/removed', '/before']))
    away.expect(away.requests.length)
    served.expect(served.requests.length)
    await away.close()
    await served.close()
  })
})
