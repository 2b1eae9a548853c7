/** One of the daemons: a process that is started again whenever it has ended, as a supervisor of services does. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../support/until.ts'
import { type DaemonProcess, startDaemonProcess } from '../daemon-process.ts'
import { pause } from '../producers.ts'
import { hasThird, type RegistryNumber, writeRegistry } from './cluster-project.ts'

/** A process that is loaded before the daemon and moves its clock by what a file says, also while it runs. */
const MOVABLE_CLOCK = `data:text/javascript,${encodeURIComponent(
  `import { readFileSync } from 'node:fs'
const now = Date.now
let offset = 0
const read = () => { try { offset = Number(readFileSync(process.env.CHAOS_CLOCK_FILE, 'utf8')) } catch {} }
read()
setInterval(read, 100).unref()
Date.now = () => now() + offset`,
)}`
const RESTART_DELAY_MS = 300
const LAST_LINES = 30
/** What a daemon logs when a commit of a partition was fenced. */
const FENCED = 'another daemon took the partition'
const STOP_TIMEOUT_MS = 20_000
/** After this time of work a blow may come again, so that the daemons make progress between the blows. */
const REST_MS = 1_500

export interface SlotSettings {
  readonly name: string
  readonly checkout: string
  readonly root: string
  readonly source: string
  readonly environment: Readonly<Record<string, string>>
}

/** A time in which a running daemon knew the third destination. */
export interface KnownSpan {
  readonly from: number
  until: number
}

export class DaemonSlot {
  readonly name: string
  readonly root: string
  readonly #settings: SlotSettings
  #process: DaemonProcess | null = null
  #isWanted = false
  #readyAt = Number.POSITIVE_INFINITY
  #registry: RegistryNumber = 0
  /** A blow that uses this daemon waits for the one before it. */
  isBusy = false
  readonly #lines: string[] = []
  #fenced = 0
  /** The daemon ended without a signal of the harness: exit code -> how often. */
  readonly endings = new Map<string, number>()
  readonly knownSpans: KnownSpan[] = []

  constructor(settings: SlotSettings) {
    this.name = settings.name
    this.root = settings.root
    this.#settings = settings
    mkdirSync(settings.root, { recursive: true })
    this.setClock(0)
  }

  get process(): DaemonProcess | null {
    return this.#process
  }

  isReady(): boolean {
    return performance.now() >= this.#readyAt
  }

  /** True if a blow can use it: it has worked for a while. */
  isFree(): boolean {
    return !this.isBusy && performance.now() >= this.#readyAt + REST_MS
  }

  setClock(offsetMs: number): void {
    writeFileSync(join(this.root, 'clock'), String(offsetMs))
  }

  setRegistry(number: RegistryNumber): void {
    this.#registry = number
    writeRegistry(this.root, number)
  }

  start(): void {
    this.#isWanted = true
    this.#launch()
  }

  #launch(): void {
    const { checkout, root, source, environment } = this.#settings
    const env = {
      ...environment,
      CHAOS_CLOCK_FILE: join(root, 'clock'),
      NODE_OPTIONS: `--import=${MOVABLE_CLOCK}`,
      SIGNALBOX_HOST_ID: this.name,
    }
    const daemon = startDaemonProcess(checkout, root, env, [source])
    this.#process = daemon
    this.#readyAt = Number.POSITIVE_INFINITY
    void this.#noteReady(daemon)
    void daemon.ended.then(() => this.#afterEnd(daemon))
  }

  async #noteReady(daemon: DaemonProcess): Promise<void> {
    while (daemon.running()) {
      if (await answersReady(daemon)) {
        if (this.#process !== daemon) return
        this.#readyAt = performance.now()
        if (hasThird(this.#registry))
          this.knownSpans.push({ from: Date.now(), until: Number.POSITIVE_INFINITY })
        return
      }
      await pause(100)
    }
  }

  async #afterEnd(daemon: DaemonProcess): Promise<void> {
    this.#noteEnd()
    this.#fenced += fencedRuns(daemon)
    this.#lines.push(
      ...daemon
        .lines()
        .slice(-LAST_LINES)
        .map(({ text }) => text),
    )
    this.#lines.splice(0, this.#lines.length - LAST_LINES)
    if (!daemon.endedBySignal() && this.#isWanted) {
      const code = `exit ${daemon.exitCode()}`
      this.endings.set(code, (this.endings.get(code) ?? 0) + 1)
    }
    await pause(RESTART_DELAY_MS)
    if (this.#isWanted && this.#process === daemon) this.#launch()
  }

  #noteEnd(): void {
    this.#readyAt = Number.POSITIVE_INFINITY
    const span = this.knownSpans.at(-1)
    if (span && span.until === Number.POSITIVE_INFINITY) span.until = Date.now()
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal)
  }

  /** Ends the daemon, which is not started again before `start`. It is killed if it does not end in time. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    this.#isWanted = false
    const daemon = this.#process
    if (daemon === null || !daemon.running()) return
    const timer = setTimeout(() => daemon.signal('SIGKILL'), timeoutMs)
    await daemon.kill(signal)
    clearTimeout(timer)
  }

  async untilReady(timeoutMs = 600_000): Promise<void> {
    await until(() => this.isReady(), { timeoutMs, what: `${this.name} is ready` }).catch((cause: Error) => {
      throw new Error(`${cause.message}\n${this.log()}`, { cause })
    })
  }

  /** How often a run of a partition was fenced. */
  fenced(): number {
    const current = this.#process?.running() ? fencedRuns(this.#process) : 0
    return this.#fenced + current
  }

  /** The end of what it has logged. */
  log(): string {
    const recent = this.#process?.lines().map(({ text }) => text) ?? []
    return [...this.#lines, ...recent].slice(-LAST_LINES).join('\n')
  }
}

function fencedRuns(daemon: DaemonProcess): number {
  return daemon.lines().filter(({ text }) => text.includes(FENCED)).length
}

async function answersReady(daemon: DaemonProcess): Promise<boolean> {
  try {
    const response = await fetch(`${daemon.url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}
