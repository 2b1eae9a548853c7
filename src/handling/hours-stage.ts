/** The stage of hours: what comes while a destination is closed waits for its opening, or goes to other destinations. Pure. */
import { isOpenAt, nextClose, nextOpening, type TimeInterval, wallClockText } from '../core/time-intervals.ts'
import type { HandlingStep, PlannedSend } from '../model/alerts/handling.ts'
import type { DestinationHours } from '../model/project/destination-handling.ts'
import type { HandledAlert, StageInput, StageResult } from './stage.ts'

interface Decision {
  readonly send: PlannedSend
  /** The destinations that get the alert instead. */
  readonly others: readonly string[]
  readonly step: HandlingStep
}

export function hoursStage({ alert, sends, rules, now }: StageInput): StageResult | null {
  const hoursOf = (name: string) => rules.destinations.get(name)?.hours ?? null
  if (!sends.some(({ destination }) => hoursOf(destination) !== null)) return null
  const decisions = sends.map((send) => decide(send, hoursOf(send.destination), alert, now))
  const own = new Set(sends.map(({ destination }) => destination))
  const added = new Set(decisions.flatMap(({ others }) => others).filter((name) => !own.has(name)))
  return {
    sends: [
      ...decisions.map(({ send }) => send),
      ...[...added].map((destination) => ({ destination, how: 'now' }) as const),
    ],
    steps: decisions.map(({ step }) => step),
  }
}

function decide(
  send: PlannedSend,
  hours: DestinationHours | null,
  alert: HandledAlert,
  now: number | null,
): Decision {
  const { destination } = send
  const common = { stage: 'hours', destination, by: '' } as const
  const pass = (reason: string): Decision => ({
    send,
    others: [],
    step: { ...common, did: 'passed', reason },
  })
  if (hours === null) return pass('it has no hours')
  const { during, otherwise, always } = hours
  const severity = alert.severity.value
  if (always.includes(severity)) return pass(`${severity} is sent at any time`)
  if (now === null) return pass('not decided: the case has no time')
  const open = during.filter((interval) => isOpenAt(interval, now))
  if (open.length > 0) return pass(openText(open, during, now))
  const by = namesOf(during)
  if (otherwise !== 'wait') {
    const reason = `${by} is closed, so that ${otherwise.to.join(', ')} gets the alert instead`
    const step = { ...common, did: 'replaced', by, reason } as const
    return { send: { destination, how: 'none' }, others: otherwise.to, step }
  }
  const at = nextOpening(during, now)
  if (at === null) return pass(`${by} does not open within 400 days, so that nothing is held`)
  const opening = during.find((interval) => isOpenAt(interval, at))!
  const reason = `${opening.name} opens ${wallClockText(at, opening.timezone)}`
  const step = { ...common, did: 'held', by: opening.name, until: at, reason } as const
  return { send: { destination, how: 'at', at }, others: [], step }
}

function openText([first]: readonly TimeInterval[], during: readonly TimeInterval[], now: number): string {
  const { name, timezone } = first!
  const close = nextClose(during, now)
  return close === null ? `${name} is open` : `${name} is open until ${wallClockText(close, timezone)}`
}

function namesOf(during: readonly TimeInterval[]): string {
  return during.map(({ name }) => name).join(', ')
}
