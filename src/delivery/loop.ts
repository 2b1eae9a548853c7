/** Runs passes: sleeps until the next one has work, or until it is woken. It knows time and no deliveries. */
import { messageOf } from '../errors.ts'
import type { Clock, Log } from '../model/ports.ts'

/** A sleep is bounded because commands and other daemons write to the store, and leases of ended daemons expire. */
const MAX_SLEEP_MS = 5_000
const FAILURE_DELAY_MS = 1_000

interface Loop {
  /** Runs until the stop signal aborts. */
  run(): Promise<void>
  wake(): void
  /** Resolves when a pass ends. */
  nextPass(): Promise<void>
  /** Resolves when a pass that began after the call has ended, or when `timeUp` aborts. */
  waitForNextPass(timeUp: AbortSignal): Promise<void>
  /** Epoch ms at which the next pass has work, as far as that depends on time alone. */
  nextAt(): number | null
}

/** `pass` resolves with the time at which the next has something to do, or null. */
export function createLoop(
  pass: () => Promise<number | null>,
  { clock, log }: { clock: Clock; log: Log },
  stop: AbortSignal,
): Loop {
  let alarm = new AbortController()
  let ended = Promise.withResolvers<void>()
  let startedPasses = 0
  let finishedPasses = 0
  let nextAt: number | null = null
  // The default reason would be an Error with a stack, for every wake.
  const wake = () => alarm.abort('woken')

  async function runPass(): Promise<void> {
    try {
      nextAt = await pass()
    } catch (error) {
      log.error({ error: messageOf(error) }, 'failed to read the store; retrying')
      nextAt = clock.now() + FAILURE_DELAY_MS
    }
  }

  async function run(): Promise<void> {
    while (!stop.aborted) {
      // The alarm is replaced before the pass, so that a wake during the pass is not missed.
      alarm = new AbortController()
      startedPasses++
      await runPass()
      finishedPasses = startedPasses
      ended.resolve()
      ended = Promise.withResolvers()
      const untilNextMs = (nextAt ?? Number.POSITIVE_INFINITY) - clock.now()
      const signal = AbortSignal.any([alarm.signal, stop])
      await clock.sleep(Math.max(0, Math.min(untilNextMs, MAX_SLEEP_MS)), signal)
    }
    ended.resolve()
  }

  return {
    run,
    wake,
    nextPass: () => ended.promise,
    async waitForNextPass(timeUp) {
      // A running pass may already be past a destination that has a new delivery.
      const target = startedPasses + 1
      wake()
      while (finishedPasses < target && !timeUp.aborted && !stop.aborted) {
        await Promise.race([ended.promise, aborted(timeUp)])
      }
    },
    nextAt: () => nextAt,
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
