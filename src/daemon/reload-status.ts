/** Remembers whether the last reload succeeded, for a scraper. The load at the start counts as a success. */
import type { Clock, GaugeSample } from '../model/ports.ts'

export interface ReloadStatus {
  recordSuccess(): void
  recordFailure(): void
  gauges(): GaugeSample[]
}

export function createReloadStatus(clock: Pick<Clock, 'now'>): ReloadStatus {
  let isSuccessful = true
  let succeededAt = clock.now()
  return {
    recordSuccess() {
      isSuccessful = true
      succeededAt = clock.now()
    },
    recordFailure() {
      isSuccessful = false
    },
    gauges: () => [
      { name: 'signalbox_config_last_reload_successful', value: isSuccessful ? 1 : 0 },
      { name: 'signalbox_config_last_reload_success_timestamp_seconds', value: succeededAt / 1000 },
    ],
  }
}
