/** Keeps one source running: after a failure it restarts from the committed cursor, so that no event is skipped. */
import { isError, messageOf } from '../errors.ts'
import type { Clock, Log } from '../model/ports.ts'
import { CursorClaim } from '../pipeline/cursor-claim.ts'
import type { Source, SourceContext } from '../sources/_source.ts'
import type { HeldCursor } from '../store/store.ts'

const MAX_RESTART_DELAY_MS = 30_000

interface SuperviseOptions {
  readonly name: string
  /** Makes the next run the owner of the source's cursor. Resolves with null after the abort. */
  readonly take: () => Promise<HeldCursor | null>
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** It is called when the run has failed and will be restarted. */
  readonly onFailed?: () => void
  /** Creates a context with a new intake: events that the failed run had under way are not committed any more. */
  readonly context: (held: HeldCursor | null, claim: CursorClaim | null) => SourceContext
}

/**
 * Resolves when the source ended or was aborted. Rejects with the source's UserError, unless the source has delivered
 * events and is expected to run forever: a log file that cannot be read for a while must not end the other sources. A run
 * whose source was taken by another one ends, and the source is taken again after the same delays.
 */
export async function supervise(source: Source, options: SuperviseOptions): Promise<void> {
  const { name, clock, log, signal } = options
  let hasWorked = false
  let failures = 0
  const watched = (context: SourceContext): SourceContext => ({
    ...context,
    async commitCursor(cursor) {
      await context.commitCursor(cursor)
      hasWorked = true
    },
    async emit(batch, options) {
      const settlements = await context.emit(batch, options)
      hasWorked = true
      failures = 0
      return settlements
    },
  })
  while (!signal.aborted) {
    let claim: CursorClaim | null = null
    try {
      const held = source.resumes ? await options.take() : null
      if (source.resumes && held === null) return
      claim = held && new CursorClaim(held)
      return await source.run(watched(options.context(held, claim)))
    } catch (error) {
      const isFenced = claim?.isFenced ?? false
      if (!isFenced && isError(error, 'user') && (source.ends || !hasWorked)) throw error
      options.onFailed?.()
      const waitMs = Math.min(MAX_RESTART_DELAY_MS, 500 * 2 ** failures++)
      if (isFenced) log.warn({ source: name, waitMs }, 'another run took the source; taking it again')
      else log.error({ source: name, error: messageOf(error), waitMs }, 'the source failed; restarting it')
      await clock.sleep(waitMs, signal)
    }
  }
}
