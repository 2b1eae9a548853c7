/** `inhibitions` of silences.yaml. */
import type { Inhibition } from '../../model/alerts/inhibition.ts'
import { parseDuration } from '../files/durations.ts'
import type { ProblemReport } from '../files/problems.ts'
import { alertMatchOf, coversMatch, type DeclaredMatch } from './alert-match-text.ts'

const MAX_TIME_HOURS = 24
const MAX_TIME_MS = MAX_TIME_HOURS * 3_600_000

/** An entry that fits the schema. */
export interface DeclaredInhibition {
  readonly id: string
  readonly when: DeclaredMatch
  readonly hide: DeclaredMatch
  readonly equal?: readonly string[]
  readonly for: string
}

/** @param report takes a path within the list. */
export function readInhibitions(
  declared: readonly DeclaredInhibition[],
  report: (path: string, problem: ProblemReport) => void,
): readonly Inhibition[] {
  const ids = new Set<string>()
  return declared.map(({ id, equal = [], ...texts }, index) => {
    const at = `/${index}`
    if (ids.has(id)) {
      const message = `duplicate id "${id}" of an inhibition`
      report(`${at}/id`, { code: 'duplicate-name', message, hint: 'give each inhibition an id of its own' })
    }
    ids.add(id)
    const forMs = parseDuration(texts.for) ?? 0
    if (forMs <= 0 || forMs > MAX_TIME_MS) {
      const message = `the inhibition "${id}" hides alerts for ${texts.for}`
      const hint = `write a duration above 0, and at most ${MAX_TIME_HOURS}h`
      report(`${at}/for`, { code: 'bad-value', message, hint })
    }
    const [when, hide] = [alertMatchOf(texts.when), alertMatchOf(texts.hide)]
    if (coversMatch(hide, when)) {
      const message = `the inhibition "${id}" also hides every alert by which it hides others`
      const hint = 'narrow `hide`, so that what `when` matches is still sent'
      report(`${at}/hide`, { code: 'inhibition-hides-itself', message, hint })
    }
    return { id, when, hide, equal, forMs }
  })
}
