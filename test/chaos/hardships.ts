/** Harder times than a kill: a full disk, a store that can't be written, a clock set back, a process that stands still. */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DaemonProcess } from './daemon-process.ts'
import { pause } from './producers.ts'

export interface Hardship {
  readonly name: string
  /** Environment of the daemon for this round. */
  readonly environment?: Readonly<Record<string, string>>
  /** While the daemon is down, before it starts. */
  before?(volume: Volume): void
  /** True if the daemon cannot start in this state, and must report that and end. */
  readonly refusesToStart?: RegExp
  /** The longest pause between two lines of the followed file, where it lasts longer than a few seconds. */
  readonly maxPauseMs?: number
  /** While events come in. */
  during?(daemon: DaemonProcess, volume: Volume): Promise<void>
  after?(volume: Volume): void
}

/** The stop is longer than a lease (60 s): no lease of a send in flight is valid any more when the process continues. */
const PAST_THE_LEASE_MS = 65_000
const HOUR_MS = 3_600_000
const SHIFTED_CLOCK = `data:text/javascript,${encodeURIComponent(
  `const now = Date.now; Date.now = () => now() - ${HOUR_MS}`,
)}`

export const HARDSHIPS: readonly Hardship[] = [
  {
    name: 'the disk is full',
    async during(_daemon, volume) {
      volume.fill()
      await pause(2_000)
      volume.release()
      await pause(1_000)
    },
    after: (volume) => volume.release(),
  },
  {
    name: 'the store is read-only',
    refusesToStart: /cannot be (?:written|opened)|read-?only/i,
    before: (volume) => volume.remount('ro'),
    after: (volume) => volume.remount('rw'),
  },
  {
    name: 'the clock is set back an hour',
    environment: { NODE_OPTIONS: `--import=${SHIFTED_CLOCK}` },
    during: () => pause(2_000),
  },
  {
    name: 'the process stands still past its leases',
    // At the usual rate the last daemon would spend a minute on what was written meanwhile.
    maxPauseMs: 200,
    async during(daemon) {
      daemon.signal('SIGSTOP')
      await pause(PAST_THE_LEASE_MS)
      daemon.signal('SIGCONT')
      await pause(2_000)
    },
  },
]

/** A small file system of the store's own, where this user may mount one. */
export class Volume {
  /** Enough for the store of a whole run: its database and its write-ahead log. It takes memory only for what is written. */
  static readonly #SIZE = '1g'
  readonly #folder: string
  readonly isMounted: boolean

  constructor(folder: string) {
    this.#folder = folder
    this.isMounted = mount('-t', 'tmpfs', '-o', `size=${Volume.#SIZE}`, 'tmpfs', folder)
  }

  /** Takes every byte that is left. */
  fill(): void {
    try {
      for (let size = 1 << 22; size >= 512; size >>= 1) this.#grow(size)
    } catch {
      // The file system is full, as intended.
    }
  }

  #grow(size: number): void {
    for (;;) {
      try {
        writeFileSync(join(this.#folder, 'filler'), Buffer.alloc(size), { flag: 'a' })
      } catch {
        return
      }
    }
  }

  release(): void {
    rmSync(join(this.#folder, 'filler'), { force: true })
  }

  remount(mode: 'ro' | 'rw'): void {
    if (!mount('-o', `remount,${mode}`, this.#folder)) throw new Error(`remounting ${mode} failed`)
  }

  unmount(): void {
    if (this.isMounted && existsSync(this.#folder))
      execFileSync('umount', [this.#folder], { stdio: 'ignore' })
  }
}

function mount(...args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
