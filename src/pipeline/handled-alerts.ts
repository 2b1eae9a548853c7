/** The handling of the alerts of one plan: what is sent, hidden and recorded. Pure. */
import { instantText } from '../core/instant.ts'
import { handle } from '../handling/handle.ts'
import type { HandledAlert, HandlingState } from '../handling/stage.ts'
import type { Handling, HandlingStep } from '../model/alerts/handling.ts'
import type { Silence } from '../model/alerts/silence.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import type { HiddenDestination, NewHandling, SilenceHit } from '../store/store.ts'

export interface HandlingContext {
  readonly rules: HandlingRules
  readonly state: HandlingState
}

export class HandledAlerts {
  readonly #context: HandlingContext
  readonly #records: NewHandling[] = []
  /** The keys are silence and alert. */
  readonly #hits = new Map<string, SilenceHit>()
  #decided = false

  constructor(context: HandlingContext) {
    this.#context = context
  }

  get handlings(): readonly NewHandling[] {
    return this.#records
  }

  get silenceHits(): readonly SilenceHit[] {
    return [...this.#hits.values()]
  }

  /** True if the plan depends on the rules. */
  get hasDecided(): boolean {
    return this.#decided
  }

  /** Decides about an alert at these destinations, and records what is hidden. */
  decide(alertId: string, alert: HandledAlert, destinations: readonly string[], at: number): Handling {
    this.#decided = true
    const { state, rules } = this.#context
    const handling = handle(alert, { destinations }, state, rules, at)
    for (const { did, by } of handling.steps) {
      if (did === 'hid') this.#hits.set(`${by} ${alertId}`, { silenceId: by, alertId, at })
    }
    return handling
  }

  /**
   * The steps about destinations that get a hidden alert after all.
   * @param events the number of events of the alert that were hidden.
   */
  releases(released: readonly HiddenDestination[], events: number, at: number): HandlingStep[] {
    const { state, rules } = this.#context
    const silences = [...rules.silences, ...state.silences]
    return released.map((each) => releaseStep(each, silences, events, at))
  }

  /** Keeps the steps for people. */
  record(alertId: string, steps: readonly HandlingStep[], at: number): void {
    if (steps.length > 0) this.#records.push({ alertId, at, steps })
  }
}

/** The destinations that do not get the alert because of a silence. */
export function hiddenDestinations({ steps }: Handling): readonly HiddenDestination[] {
  return steps.flatMap(({ stage, did, destination, by, until }) =>
    stage === 'silence' && did === 'hid' && destination !== undefined && until !== undefined
      ? { destination, silence: by, until }
      : [],
  )
}

function releaseStep(
  { destination, silence: id, until }: HiddenDestination,
  silences: readonly Silence[],
  events: number,
  at: number,
): HandlingStep {
  // A silence that was expired ended earlier than it would have, and one that was removed has no end any more.
  const present = silences.find((each) => each.id === id)
  const end = present?.until ?? until
  const fate = present ? 'does not hide this event' : 'was removed'
  const why = end <= at ? `ended at ${instantText(end)}` : fate
  const count = events === 1 ? '1 event was' : `${events} events were`
  const reason = `silence ${id} ${why}; ${count} hidden`
  return { stage: 'silence', destination, did: 'passed', by: id, reason }
}
