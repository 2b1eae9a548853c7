/** The handling of the alerts of one plan: what is sent, hidden and recorded. Pure. */
import { instantText } from '../core/instant.ts'
import { handle } from '../handling/handle.ts'
import { inhibitionKeys, startedInhibitions } from '../handling/inhibition-stage.ts'
import type { HandledAlert, HandlingState } from '../handling/stage.ts'
import type { Handling, HandlingStep } from '../model/alerts/handling.ts'
import type { Silence } from '../model/alerts/silence.ts'
import type { HandlingRules } from '../model/project/handling-rules.ts'
import type { HiddenDestination, NewHandling, NewInhibitor, ReadState, SilenceHit } from '../store/store.ts'

export interface HandlingContext {
  readonly rules: HandlingRules
  readonly state: Omit<HandlingState, 'inhibitors'>
}

export class HandledAlerts {
  readonly #context: HandlingContext
  readonly #records: NewHandling[] = []
  /** The keys are silence and alert. */
  readonly #hits = new Map<string, SilenceHit>()
  readonly #read: ReadState['inhibitors']
  /** The alerts of this plan that hide others. */
  readonly #started: NewInhibitor[] = []
  /** The keys of inhibitions that a decision depends on. */
  readonly #asked = new Set<string>()
  #decided = false

  constructor(context: HandlingContext, inhibitors: ReadState['inhibitors']) {
    this.#context = context
    this.#read = inhibitors
  }

  get inhibitors(): readonly NewInhibitor[] {
    return this.#started
  }

  /** What the plan has read of the keys that it depends on. */
  get expectedInhibitors(): ReadonlyMap<string, string | null> {
    return new Map([...this.#asked].map((key) => [key, this.#read.get(key)?.alertId ?? null]))
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
    const inhibitors = this.#inhibitorsOf(alertId, alert)
    const handling = handle(alert, { destinations }, { ...state, inhibitors }, rules, at)
    for (const { stage, did, by } of handling.steps) {
      if (stage === 'silence' && did === 'hid')
        this.#hits.set(`${by} ${alertId}`, { silenceId: by, alertId, at })
    }
    return handling
  }

  /** A new alert hides others from now on. */
  start(alertId: string, alert: HandledAlert, at: number): void {
    const { inhibitions } = this.#context.rules
    for (const [key, inhibitor] of startedInhibitions(inhibitions, alert, { alertId, at }))
      this.#started.push({ key, ...inhibitor })
  }

  /** No alert hides its own later events. */
  #inhibitorsOf(alertId: string, alert: HandledAlert): HandlingState['inhibitors'] {
    return new Map(
      inhibitionKeys(this.#context.rules.inhibitions, alert).flatMap((key) => {
        this.#asked.add(key)
        const inhibitor = this.#started.findLast((each) => each.key === key) ?? this.#read.get(key)
        return inhibitor === undefined || inhibitor.alertId === alertId ? [] : [[key, inhibitor] as const]
      }),
    )
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

/** The destinations that do not get the alert because of a silence or an inhibition. */
export function hiddenDestinations({ steps }: Handling): readonly HiddenDestination[] {
  return steps.flatMap(({ stage, did, destination, by, until }) => {
    if (did !== 'hid' || destination === undefined || until === undefined) return []
    return stage === 'silence' ? { destination, silence: by, until } : { destination, inhibition: by, until }
  })
}

function releaseStep(
  { destination, silence: id, inhibition = '', until }: HiddenDestination,
  silences: readonly Silence[],
  events: number,
  at: number,
): HandlingStep {
  const hidden = events === 1 ? '1 event was hidden' : `${events} events were hidden`
  if (id === undefined) {
    const reason = `inhibition ${inhibition} has ended; ${hidden}`
    return { stage: 'inhibition', destination, did: 'passed', by: inhibition, reason }
  }
  // A silence that was expired ended earlier than it would have, and one that was removed has no end any more.
  const present = silences.find((each) => each.id === id)
  const end = present?.until ?? until
  const fate = present ? 'does not hide this event' : 'was removed'
  const why = end <= at ? `ended at ${instantText(end)}` : fate
  const reason = `silence ${id} ${why}; ${hidden}`
  return { stage: 'silence', destination, did: 'passed', by: id, reason }
}
