/** Kills the daemon at random moments while events come in, and compares the ledger with the receiver's log. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { type DaemonProcess, startDaemonProcess, untilReady } from './daemon-process.ts'
import { type Hardship, Volume } from './hardships.ts'
import { FileProducer, HttpProducer, type Ledger, pause } from './producers.ts'
import { writeChaosProject } from './project.ts'
import { type ChaosReceiver, startChaosReceiver } from './receiver.ts'
import { storedAlerts } from './stored-alerts.ts'

export interface ChaosOptions {
  readonly rounds: number
  /** The Signalbox to run. */
  readonly checkout: string
  readonly seed: number
  readonly onRound?: (round: number, acknowledged: number) => void
  /** Hardships that are each applied once after the rounds, with a kill at the end. */
  readonly hardships?: readonly Hardship[]
  readonly onHardship?: (name: string, outcome: 'left out' | 'went on' | 'ended by itself') => void
  /** The last run, without hardships, ends when nothing new has arrived for this long. */
  readonly settleMs: number
}

export interface ChaosReport {
  readonly rounds: number
  readonly acknowledged: number
  /** Events that were acknowledged and never received. */
  readonly lost: readonly string[]
  /** Events that were received under more than one alert or key, or that their alert counted more than once. */
  readonly countedTwice: readonly string[]
  /** Requests repeated under their own key: in flight when the daemon died. */
  readonly repeated: number
  readonly refused: number
  /** The end of what the last daemon logged. */
  readonly lastLog: string
}

/** Enough to see why the last daemon delivered nothing more. */
const LAST_LINES = 40

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(options.seed)
  const root = mkdtempSync(join(tmpdir(), 'signalbox-chaos-'))
  const receiver = await startChaosReceiver(random)
  const { eventFile } = writeChaosProject(root, receiver.url)
  const ledger: Ledger = { acknowledged: new Set() }
  const http = new HttpProducer(ledger, random)
  const file = new FileProducer(ledger, eventFile, random)
  const state = join(root, '.signalbox')
  mkdirSync(state)
  const volume = options.hardships ? new Volume(state) : null
  /** Events come in while `work` goes on; then the daemon is killed. */
  const underLoad = async (daemon: DaemonProcess, work: () => Promise<void>, maxPauseMs?: number) => {
    await untilReady(daemon)
    let going = true
    const producing = [http.run(daemon.url, () => going), file.run(() => going, maxPauseMs)]
    await work()
    await daemon.kill('SIGKILL')
    going = false
    await Promise.all(producing)
  }
  try {
    for (let round = 1; round <= options.rounds; round++) {
      // The very first daemon, and some later ones, die before they can commit what came to them.
      const isAtOnce = round === 1 || random() < 0.1
      const work = async () => void (isAtOnce || (await pause(random() * 700)))
      await underLoad(startDaemonProcess(options.checkout, root), work)
      if (isAtOnce || random() < 0.3) file.rotate()
      options.onRound?.(round, ledger.acknowledged.size)
    }
    for (const hardship of options.hardships ?? []) {
      const needsVolume = hardship.before !== undefined || hardship.after !== undefined
      if (needsVolume && !volume!.isMounted) {
        options.onHardship?.(hardship.name, 'left out')
        continue
      }
      hardship.before?.(volume!)
      const daemon = startDaemonProcess(options.checkout, root, hardship.environment)
      if (hardship.refusesToStart) await untilRefused(daemon, hardship.refusesToStart)
      else await underLoad(daemon, async () => hardship.during?.(daemon, volume!), hardship.maxPauseMs)
      options.onHardship?.(hardship.name, daemon.endedBySignal() ? 'went on' : 'ended by itself')
      hardship.after?.(volume!)
    }
    const last = startDaemonProcess(options.checkout, root)
    await settle(last, ledger, receiver, options.settleMs)
    const merged = await alertsOfSeveralEvents(root)
    const lastLog = last
      .lines()
      .slice(-LAST_LINES)
      .map(({ text }) => text)
      .join('\n')
    return { ...report(options.rounds, ledger, receiver, merged), lastLog }
  } finally {
    await receiver.close()
    volume?.unmount()
    rmSync(root, { recursive: true, force: true })
  }
}

/** The last run continues until everything has arrived, or nothing new for the given time. What is missing then is lost. */
async function settle(daemon: DaemonProcess, ledger: Ledger, receiver: ChaosReceiver, settleMs: number) {
  await untilReady(daemon)
  const hasArrived = () => [...ledger.acknowledged].every((id) => receiver.arrivals.has(id))
  for (let before = -1; before < receiver.arrivals.size && !hasArrived(); ) {
    before = receiver.arrivals.size
    await until(hasArrived, { timeoutMs: settleMs, what: 'all acknowledged events delivered' }).catch(
      () => {},
    )
  }
  await daemon.kill('SIGTERM')
}

async function untilRefused(daemon: DaemonProcess, complaint: RegExp): Promise<void> {
  await daemon.ended
  if (!complaint.test(daemon.output()))
    throw new Error(`the daemon did not say why it ended:\n${daemon.output()}`)
}

/** Every event has an alert of its own here, so an alert that counts two events counted one of them twice. */
async function alertsOfSeveralEvents(root: string): Promise<string[]> {
  return (await storedAlerts(root)).filter(({ events }) => events > 1).map(({ title }) => title)
}

function report(
  rounds: number,
  ledger: Ledger,
  receiver: ChaosReceiver,
  merged: readonly string[],
): Omit<ChaosReport, 'lastLog'> {
  const arrivals = [...receiver.arrivals]
  const keys = (which: 'key' | 'alertId') => (id: string) =>
    new Set(receiver.arrivals.get(id)?.map((arrival) => arrival[which])).size
  return {
    rounds,
    acknowledged: ledger.acknowledged.size,
    lost: [...ledger.acknowledged].filter((id) => !receiver.arrivals.has(id)),
    countedTwice: [
      ...merged,
      ...arrivals.map(([id]) => id).filter((id) => keys('key')(id) > 1 || keys('alertId')(id) > 1),
    ],
    repeated: arrivals.reduce((sum, [, requests]) => sum + requests.length - 1, 0),
    refused: receiver.refused(),
  }
}
