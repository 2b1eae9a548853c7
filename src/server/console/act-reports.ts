/** What acts have said, by the ids of their forms: a form that is sent twice is carried out once, and both times answered. */
import { isError } from '../../errors.ts'
import type { ActReport, ConsoleActor } from './console-ports.ts'

/** A double click comes at once, so few are needed. The history has the ids for longer. */
const MAX_REPORTS = 1_000

export class ActReports {
  readonly #reports = new Map<string, Promise<ActReport>>()

  async of({ requestId }: ConsoleActor, act: () => Promise<ActReport>): Promise<ActReport> {
    const present = this.#reports.get(requestId)
    if (present) return present
    const report = reported(act)
    this.#reports.set(requestId, report)
    const [oldest] = this.#reports.keys()
    if (this.#reports.size > MAX_REPORTS) this.#reports.delete(oldest!)
    // What has failed can be sent again.
    report.catch(() => this.#reports.delete(requestId))
    return report
  }
}

export function failed(sentence: string): ActReport {
  return { ok: false, sentence }
}

/** What the person can correct is a sentence at the form, and no page of its own. */
async function reported(act: () => Promise<ActReport>): Promise<ActReport> {
  try {
    return await act()
  } catch (error) {
    if (!isError(error, 'user') || PAGES.includes(error.code ?? '')) throw error
    return failed(error.hint === undefined ? `${error.message}.` : `${error.message}: ${error.hint}.`)
  }
}

/** Errors that have a page of their own: what is not there, and the store that cannot be reached. */
const PAGES: readonly string[] = ['unknown-id', 'inaccessible-store', 'lost-store']
