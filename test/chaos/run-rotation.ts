/** Rotates a followed log with the real `logrotate` under a daemon that is killed and stopped, and keeps the ledger. */
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { type DaemonProcess, followedEvents, startDaemonProcess, untilReady } from './daemon-process.ts'
import { LogWriters } from './log-writers.ts'
import { checkReports, missedReports, type ReportCheck } from './missed-reports.ts'
import { pause } from './producers.ts'
import { writeChaosProject } from './project.ts'
import { logrotateConfig, type RotationMode } from './rotation-modes.ts'
import { storedAlerts } from './stored-alerts.ts'

export interface RotationReport {
  readonly mode: string
  readonly seed: number
  readonly written: number
  readonly rotations: number
  readonly kills: number
  readonly lost: readonly string[]
  /** Lines that were lost although the mode does not explain it. */
  readonly unexplained: readonly string[]
  readonly countedTwice: readonly string[]
  /** Lines of other files that were taken for lines of the log, and lines that were torn. */
  readonly foreign: readonly string[]
  /** The daemon's reports of missed lines. */
  readonly reports: readonly string[]
  /** The lost lines, compared with the reports. */
  readonly check: ReportCheck
}

const STEPS = 12
const WRITERS = 3
/** Missing events count as lost if the count of arrived events has not changed for this time. */
const SETTLED_MS = 60_000
/**
 * The same where losses are expected, once the line that was written last has arrived. On a busy machine the daemon may
 * still be reading: the time is then this multiple of the longest time between two arrivals.
 */
const SETTLED_WITH_LOSSES_MS = 15_000
const SETTLED_IN_LONGEST_GAPS = 10

export async function runRotation(
  mode: RotationMode,
  seed: number,
  checkout: string,
): Promise<RotationReport> {
  const run = new RotationRun(mode, seed, checkout)
  try {
    return await run.run()
  } finally {
    await run.end()
  }
}

class RotationRun {
  readonly #mode: RotationMode
  readonly #seed: number
  readonly #checkout: string
  readonly #random: () => number
  readonly #root = mkdtempSync(join(tmpdir(), 'signalbox-rotation-'))
  readonly #log: string
  readonly #writers: LogWriters
  readonly #query: string
  readonly #reopen: string
  #daemon: DaemonProcess | null = null
  readonly #output: { at: number; text: string }[] = []
  #rotations = 0
  #kills = 0
  #copies = 0
  #isOver = false

  constructor(mode: RotationMode, seed: number, checkout: string) {
    this.#mode = mode
    this.#seed = seed
    this.#checkout = checkout
    this.#random = seededRandom(seed)
    this.#log = writeChaosProject(this.#root, 'http://127.0.0.1:1').eventFile
    // There are no deliveries, because the store has the counts.
    writeFileSync(
      join(this.#root, 'destinations.yaml'),
      'version: 1\nfallback: [out]\ndestinations:\n  - name: out\n    type: console\n',
    )
    mkdirSync(join(this.#root, 'rotation'))
    this.#reopen = join(this.#root, 'rotation', 'reopen')
    writeFileSync(join(this.#root, 'rotation', 'conf'), logrotateConfig(this.#log, mode, this.#reopen))
    this.#writers = new LogWriters(this.#log, WRITERS, this.#random)
    this.#query = this.#random() < 0.5 ? '&quietSeconds=1' : ''
  }

  async run(): Promise<RotationReport> {
    await this.#start()
    const writing = this.#write()
    for (let step = 0; step < STEPS; step++) await this.#step()
    this.#isOver = true
    await writing
    this.#writers.reopenNow()
    if (!this.#daemon) await this.#start()
    this.#writers.write()
    await this.#settle()
    await this.#stop('SIGTERM')
    return this.#report()
  }

  async end(): Promise<void> {
    this.#isOver = true
    this.#writers.close()
    if (this.#daemon) await this.#stop('SIGKILL')
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #write(): Promise<void> {
    while (!this.#isOver) {
      this.#writers.write()
      await pause(this.#random() * 12)
    }
  }

  async #step(): Promise<void> {
    const chance = this.#random()
    if (chance < 0.35) await this.#rotate()
    else if (chance < 0.5) for (let n = 0; n < 3; n++) await this.#rotate()
    else if (chance < 0.65) this.#putFilesBeside()
    else if (chance < 0.85) {
      await this.#stop('SIGKILL')
      for (let n = Math.floor(this.#random() * 4); n > 0; n--) await this.#rotate()
      await this.#start()
    } else {
      this.#daemon?.signal('SIGSTOP')
      for (let n = Math.floor(this.#random() * 4); n > 0; n--) await this.#rotate()
      this.#daemon?.signal('SIGCONT')
    }
    await pause(this.#random() * 500)
  }

  async #rotate(): Promise<void> {
    const { writers, isQuiet } = this.#mode
    // The previous file is compressed as this rotation begins: its writers have left it by then.
    if (writers === 'before compression') this.#writers.reopenNow()
    this.#writers.isPaused = isQuiet === true
    this.#writers.rotationBegins()
    const rotationEnds = this.#writers.ledger.rotationBegins()
    await this.#logrotate()
    rotationEnds()
    this.#writers.rotationEnds()
    this.#writers.isPaused = false
    if (writers === 'late') this.#writers.reopenLater()
    this.#rotations++
    await pause(this.#random() * 200)
  }

  async #logrotate(): Promise<void> {
    const files = [
      '--force',
      '--state',
      join(this.#root, 'rotation', 'state'),
      join(this.#root, 'rotation', 'conf'),
    ]
    const child = spawn('logrotate', files, { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaints = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString()
    })
    let code: number | null = null
    child.on('exit', (status) => {
      code = status ?? -1
    })
    await until(
      () => {
        if (existsSync(this.#reopen)) {
          this.#writers.reopenNow()
          rmSync(this.#reopen)
        }
        return code !== null
      },
      { timeoutMs: 60_000, what: 'logrotate ends' },
    )
    // Two rotations in one second have the same date: logrotate leaves the second one out.
    if (code !== 0 && !/already exists, skipping rotation/.test(complaints)) {
      throw new Error(`logrotate: ${complaints}`)
    }
  }

  /** Files that are no part of the log, copies of it, and now and then a longer copy in its place. */
  #putFilesBeside(): void {
    const other = `${JSON.stringify({ p_log_type: 'Chaos.Event0', id: `foreign-${this.#copies++}` })}\n`
    for (const ending of ['.errors', '.pos', '.1.xz', '.swp']) appendFileSync(`${this.#log}${ending}`, other)
    if (!existsSync(this.#log)) return
    for (const ending of ['.bak', '~']) copyFileSync(this.#log, `${this.#log}${ending}`)
    const copy = `${this.#log}-202601010${this.#copies % 10}`
    copyFileSync(this.#log, copy)
    this.#writers.ledger.copied(statSync(this.#log, { bigint: true }), statSync(copy, { bigint: true }))
    if (this.#mode.writers !== 'keep' && this.#writers.areCurrent()) {
      copyFileSync(this.#log, `${this.#log}.new`)
      const before = statSync(this.#log, { bigint: true })
      renameSync(`${this.#log}.new`, this.#log)
      this.#writers.ledger.replaced(before, statSync(this.#log, { bigint: true }))
      this.#writers.reopenNow()
      this.#writers.write()
    }
  }

  async #start(): Promise<void> {
    this.#daemon = startDaemonProcess(this.#checkout, this.#root, {}, [
      followedEvents(this.#root, this.#query),
    ])
    await untilReady(this.#daemon)
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon!
    this.#daemon = null
    if (signal === 'SIGKILL') this.#kills++
    await daemon.kill(signal)
    this.#output.push(...daemon.lines())
  }

  /** Waits until all events have arrived, or until no more arrive. */
  async #settle(): Promise<void> {
    let count = -1
    let since = performance.now()
    let longestGapMs = 0
    const expected = this.#writers.ledger.lines.length
    const last = this.#writers.ledger.lines.at(-1)!.id
    await until(
      async () => {
        const counted = await this.#counted()
        const arrived = counted.size
        const isRead = this.#mode.canLose !== null && counted.has(last)
        const settledMs = isRead
          ? Math.max(SETTLED_WITH_LOSSES_MS, SETTLED_IN_LONGEST_GAPS * longestGapMs)
          : SETTLED_MS
        if (arrived !== count) {
          longestGapMs = Math.max(longestGapMs, performance.now() - since)
          since = performance.now()
        }
        count = arrived
        await pause(200)
        return arrived >= expected || performance.now() - since > settledMs
      },
      { timeoutMs: 600_000, what: 'events stop arriving' },
    )
    // Events that are read twice come after those that are read once.
    await pause(1500)
  }

  /** The number of times that each event was counted. */
  async #counted(): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const { title, events } of await storedAlerts(this.#root)) {
      counts.set(title, (counts.get(title) ?? 0) + events)
    }
    return counts
  }

  async #report(): Promise<RotationReport> {
    const counted = await this.#counted()
    const { ledger } = this.#writers
    const lost = ledger.lines.filter(({ id }) => !counted.has(id))
    const reports = missedReports(this.#output)
    const isRemoving = this.#mode.name === 'rotate 1'
    const isExplained = ({ isAtRisk }: { isAtRisk: boolean }) =>
      this.#mode.canLose !== null && (isAtRisk || isRemoving)
    const ids = new Set(ledger.lines.map(({ id }) => id))
    return {
      mode: this.#mode.name,
      seed: this.#seed,
      written: ids.size,
      rotations: this.#rotations,
      kills: this.#kills,
      lost: lost.map(({ id }) => id),
      unexplained: lost.filter((line) => !isExplained(line)).map(({ id }) => id),
      countedTwice: [...counted].filter(([, count]) => count > 1).map(([id]) => id),
      foreign: [...[...counted.keys()].filter((id) => !ids.has(id)), ...this.#rejects()],
      reports: reports.map(({ text }) => text),
      check: checkReports(ledger, reports, lost, this.#log),
    }
  }

  #rejects(): string[] {
    const path = join(this.#root, '.signalbox', 'rejects.ndjson')
    return existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : []
  }
}
