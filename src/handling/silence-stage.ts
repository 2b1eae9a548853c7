/** The stage of silences: what matches one that is in force is not sent. Pure. */
import { instantText } from '../core/instant.ts'
import type { HandlingStep, PlannedSend } from '../model/alerts/handling.ts'
import type { AlertMatch, Silence } from '../model/alerts/silence.ts'
import { matchesAlert, matchesByDefault } from './alert-match.ts'
import { SilenceIndex } from './silence-index.ts'
import type { HandledAlert, StageInput, StageResult } from './stage.ts'

export function silenceStage({ alert, sends, rules, state, now }: StageInput): StageResult | null {
  const known = rules.silences.length + state.silences.length
  if (known === 0) return null
  const silences = [...matchingSilences(rules.silences, alert), ...matchingSilences(state.silences, alert)]
  const inForce = now === null ? silences : silences.filter((silence) => isInForce(silence, now))
  if (inForce.length === 0) return { sends, steps: [passedStep(known)] }
  const decided = sends.map((send) => ({ send, silence: silenceOf(inForce, send.destination) }))
  return {
    sends: decided.map(({ send, silence }) => (silence ? hidden(send) : send)),
    steps: decided.map(({ send, silence }) => stepOf(send.destination, silence, inForce)),
  }
}

/** Returns the silences that match the alert, whether they are in force or not, in their order. */
function matchingSilences(silences: readonly Silence[], alert: HandledAlert): readonly Silence[] {
  if (silences.length === 0) return silences
  return SilenceIndex.of(silences)
    .candidates(alert.detection)
    .filter((silence) => hides(silence, alert))
}

function isInForce({ from, until }: Pick<Silence, 'from' | 'until'>, now: number): boolean {
  return (from === null || from <= now) && now < until
}

/** True if the silence hides the alert while it is in force. */
export function hides({ match, except }: Silence, alert: HandledAlert): boolean {
  return matchesByDefault(match, alert) && !(except !== null && matchesAlert(except as AlertMatch, alert))
}

/** The silence that ends last decides, because the alert is hidden until then. */
function silenceOf(silences: readonly Silence[], destination: string): Silence | undefined {
  return silences
    .filter(({ destinations }) => destinations === null || destinations.includes(destination))
    .reduce<Silence | undefined>((last, each) => (last && last.until >= each.until ? last : each), undefined)
}

function hidden({ destination }: PlannedSend): PlannedSend {
  return { destination, how: 'none' }
}

function passedStep(known: number): HandlingStep {
  const reason = known === 1 ? 'the silence does not match' : `none of ${known} silences matches`
  return { stage: 'silence', did: 'passed', by: '', reason }
}

function stepOf(
  destination: string,
  silence: Silence | undefined,
  inForce: readonly Silence[],
): HandlingStep {
  if (silence) {
    const { id, until } = silence
    return { stage: 'silence', destination, did: 'hid', by: id, until, reason: silenceText(silence) }
  }
  const [other] = inForce as [Silence]
  const reason = `${other.id} is only for ${other.destinations!.join(', ')}`
  return { stage: 'silence', destination, did: 'passed', by: '', reason }
}

/** `patching until 2026-12-05T05:00:00Z (platform@example.com: Kernel patching)`. */
function silenceText({ id, until, owner, reason }: Silence): string {
  return `${id} until ${instantText(until)} (${owner}: ${reason})`
}
