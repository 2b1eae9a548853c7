/** Keeps one source running: after a failure it starts again from the committed cursor, so that nothing is skipped. */
import { isError, messageOf } from '../errors.ts'
import type { Clock, Log } from '../model/ports.ts'
import type { Source, SourceContext } from '../sources/_source.ts'
import type { Store } from '../store/store.ts'

const LONGEST_WAIT_MS = 30_000

export interface SuperviseOptions {
  readonly name: string
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** A context with a fresh intake: what the failed run had under way is not committed any more. */
  readonly context: (cursor: string | null) => SourceContext
}

/** Resolves when the source ended or was aborted; rejects with the source's UserError. */
export async function supervise(source: Source, options: SuperviseOptions): Promise<void> {
  const { name, store, clock, log, signal } = options
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await source.run(options.context(await store.cursor(name)))
    } catch (error) {
      if (isError(error, 'user')) throw error
      const waitMs = Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures)
      log.error({ source: name, error: messageOf(error), waitMs }, 'the source failed and starts again')
      await clock.sleep(waitMs, signal)
    }
  }
}
