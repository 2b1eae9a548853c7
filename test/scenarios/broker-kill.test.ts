/** Events of a stream or topic while the daemon is killed again and again: each makes one alert with one event. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { storedAlerts } from '../chaos/stored-alerts.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { KAFKA, startKafkaServer } from '../support/kafka-server.ts'
import { startNatsServer } from '../support/nats-server.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const KILLS = 3
const EVENTS = 60

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
  'destinations.yaml': `version: 1
destinations:
  - name: receiver
    type: webhook
    severities: [HIGH]
    options: { url: '\${env:RECEIVER}' }
`,
}

interface LogServer {
  readonly source: string
  publish(partition: number, text: string): Promise<void>
  close(): Promise<void>
}

const SERVERS: Readonly<Record<string, () => Promise<LogServer>>> = {
  'nats-server': async () => {
    const server = await startNatsServer()
    await server.addStream({ name: 'EVENTS', subjects: ['ev.>'] })
    return {
      source: `nats:127.0.0.1:${server.port}/EVENTS?subject=ev.{0-1}`,
      publish: (partition, text) => server.publish(`ev.${partition}`, [text]),
      close: () => server.close(),
    }
  },
  [KAFKA]: async () => {
    const server = await startKafkaServer()
    await server.createTopic('events', 2)
    return {
      source: `kafka:${server.broker('plaintext')}/events`,
      publish: (partition, text) => server.produce('events', [{ partition, value: Buffer.from(text) }]),
      close: () => server.close(),
    }
  },
}

for (const [program, startServer] of Object.entries(SERVERS)) {
  describeWithProgram(program, `a log of ${program}`, () => {
    it('whose daemon is killed between commits and fetches is counted event by event', async () => {
      const server = await startServer()
      const receiver = await startReceiver()
      try {
        const root = makeProject({ ...COUNTER, '.env': `RECEIVER=${receiver.url}\n` })
        const ids = Array.from({ length: EVENTS }, (_, n) => `event ${n}`)
        const received = () =>
          receiver.requests.map(({ body }) => (JSON.parse(body) as Notification).alertContext.id)
        for (let kill = 0; kill <= KILLS; kill++) {
          const daemon = startDaemonProcess(REPOSITORY, root, {}, [server.source])
          await untilReady(daemon)
          const own = ids.filter((_, n) => n % (KILLS + 1) === kill)
          for (const [n, id] of own.entries())
            await server.publish(n % 2, JSON.stringify({ id, p_log_type: 'Test.Log' }))
          // The first commits are there; the others are somewhere between the server, the commit and the next fetch.
          if (kill < KILLS) await until(() => received().some((id) => own.includes(String(id))))
          else await until(() => new Set(received()).size >= EVENTS)
          await daemon.kill(kill < KILLS ? 'SIGKILL' : 'SIGTERM')
        }
        expect(new Set(received())).toEqual(new Set(ids))
        const stored = await storedAlerts(root)
        expect(stored.map(({ events }) => events)).toEqual(ids.map(() => 1))
        receiver.expect(receiver.requests.length)
      } finally {
        await receiver.close()
        await server.close()
      }
    })
  })
}
