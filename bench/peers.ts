/** Beside other programs, in one table: native CPython, `pat`, Alertmanager, and what RSigma has published. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startReceiver } from './alert-receiver.ts'
import { type RunningAlertmanager, sendAlerts, startAlertmanager } from './alertmanager.ts'
import { startDaemon, writeProject } from './daemon-process.ts'
import { ALERTS_PER_SECOND, postToWebhook, type Send, sendEvents } from './end-to-end.ts'
import { type BenchContext, type Figure, type Measurement, quantile } from './figure.ts'
import { patFigures } from './pat.ts'
import { measureRates } from './realistic.ts'
import { alternate } from './repeat.ts'

const MATCH_RATE = 0.01

const PUBLISHED: readonly Figure[] = [
  {
    name: 'RSigma, its four sets of events against 3,132 Sigma rules, one core',
    unit: 'events/s',
    samples: [],
    note: 'published, not measured here: 19,358 to 66,434 on an Apple M4 Pro, 1,112 to 2,917 without its index (BENCHMARKS.md of 2026-07-28); compare with 3,000 rules of Growth',
  },
]

async function measure(context: BenchContext): Promise<Figure[]> {
  const { pat, alertmanager } = context.peers
  return [
    ...(await measureRates(context, [MATCH_RATE])),
    ...(await patFigures(context, pat ?? onPath('pat'))),
    ...(await deliveryFigures(context, alertmanager ?? onPath('prometheus-alertmanager', 'alertmanager'))),
    ...PUBLISHED,
  ]
}

export async function deliveryFigures(context: BenchContext, command: string | null): Promise<Figure[]> {
  const { checkout, quick, progress } = context
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const receiver = await startReceiver()
  writeProject(folder, receiver.url)
  const daemon = await startDaemon(checkout, folder)
  let peer: RunningAlertmanager | null = null
  let missing = 'not installed'
  try {
    if (command !== null) {
      // A peer that does not start must not cost the figures of the others.
      peer = await startAlertmanager(command, folder, receiver.url).catch((error: Error) => {
        progress(error.message)
        missing = 'it did not start'
        return null
      })
    }
    progress('POST to webhook')
    const p99: number[][] = [[], []]
    const subject = (send: Send, at: number) => ({
      run: async (round: number) => {
        const waits = await postToWebhook(send, receiver, ALERTS_PER_SECOND * (quick ? 3 : 10))
        if (round > 0) p99[at]!.push(quantile(waits, 0.99))
        return quantile(waits, 0.5)
      },
    })
    const sends = [sendEvents(daemon.url), ...(peer ? [sendAlerts(peer.url)] : [])]
    const p50 = await alternate(sends.map(subject), quick ? 2 : 3)
    const names = ['run, from an event, a synced store', 'Alertmanager, from an alert, kept in memory']
    return names.flatMap((name, at) =>
      at < sends.length
        ? [
            { name: `POST to webhook, p50: ${name}`, unit: 'ms', samples: p50[at]! },
            { name: `POST to webhook, p99: ${name}`, unit: 'ms', samples: p99[at]! },
          ]
        : [{ name: `POST to webhook: ${name}`, unit: 'ms', samples: [], note: missing }],
    )
  } finally {
    await Promise.all([daemon.stop(), peer?.stop()])
    await receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function onPath(...commands: readonly string[]): string | null {
  return commands.find((command) => spawnSync(command, ['--version']).error === undefined) ?? null
}

export default { title: 'Beside other programs', measure } satisfies Measurement
