/** Runs retention beside the commits, from time to time, while the clock is trusted. */
import { messageOf } from '../../errors.ts'
import type { Clock, Log } from '../../model/ports.ts'
import type { RetentionSettings } from '../../model/project/settings.ts'
import { type Remover, type RetentionResult, runRetention } from '../../retention/retention-pass.ts'
import { ClockTrust } from '../../store/clock-trust.ts'
import type { Store } from '../../store/store.ts'

const INTERVAL_MS = 60_000
/** The pause between two steps. */
const PAUSE_MS = 100

interface RetentionSchedulePorts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly settings: () => RetentionSettings
  readonly remover: (settings: RetentionSettings) => Remover
  readonly monotonic?: () => number
  readonly onRemoved: (result: RetentionResult) => void
}

export interface RetentionSchedule {
  start(): void
  /** Runs a pass now, if the clock is trusted. */
  pass(): Promise<void>
  /** Resolves when the step under way has ended. */
  stop(): Promise<void>
}

export function createRetentionSchedule(ports: RetentionSchedulePorts): RetentionSchedule {
  const { store, clock, log, monotonic = () => performance.now() } = ports
  const trust = new ClockTrust()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const pause = async () => {
    await clock.sleep(PAUSE_MS, stopping.signal).catch(() => {})
    return !stopping.signal.aborted
  }
  const pass = async () => {
    const settings = ports.settings()
    if (!isOn(settings)) return
    try {
      const [newest] = (await store.findAlerts({ limit: 1 })).alerts
      const moment = { now: store.now(), monotonic: monotonic() }
      if (!trust.isTrusted(moment, () => newest?.createdAt ?? null)) return
      const remover = ports.remover(settings)
      const result = await runRetention(settings, { store, remover, now: () => store.now(), pause })
      ports.onRemoved(result)
      const { alerts, deliveries, audit } = result.removed
      if (alerts + deliveries + audit > 0) log.info({ ...result.removed }, 'retention has removed rows')
    } catch (error) {
      // What could not be removed now is removed later. Nothing was lost.
      log.error({ error: messageOf(error) }, 'retention has failed')
    }
  }
  const schedule = () => {
    timer = setTimeout(() => {
      running = pass().then(() => {
        if (!stopping.signal.aborted) schedule()
      })
    }, INTERVAL_MS)
    timer.unref()
  }
  return {
    start: schedule,
    pass,
    stop: () => {
      stopping.abort()
      clearTimeout(timer)
      return running
    },
  }
}

function isOn({ alertsMs, deliveriesMs, auditMs, maxBytes }: RetentionSettings): boolean {
  return [alertsMs, deliveriesMs, auditMs, maxBytes].some((limit) => limit !== null)
}
