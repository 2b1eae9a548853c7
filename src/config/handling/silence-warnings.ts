/** Warns about silences that end soon, have ended, match nothing, or hide what another one hides already, and about inhibitions that match nothing. */
import { didYouMean } from '../../core/did-you-mean.ts'
import { anyGlobMatches } from '../../core/glob.ts'
import type { AlertMatch, Silence } from '../../model/alerts/silence.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { ProblemList, WarningReport } from '../files/problems.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import { coversMatch } from './alert-match-text.ts'
import type { LoadedSilences } from './silences.ts'

const DAY_MS = 86_400_000
const WARNED_BEFORE_MS = 7 * DAY_MS

interface Known {
  readonly detections: readonly string[]
  readonly logTypes: readonly string[]
  readonly tags: readonly string[]
}

const KINDS = [
  ['detections', 'detection'],
  ['logTypes', 'log type'],
  ['tags', 'tag'],
] as const

/** @param detections all of the project; null: not all of them are known, so that nothing is said of what is missing. */
export function warnOfSilences(
  { silences, inhibitions, document }: LoadedSilences,
  detections: Iterable<Detection> | null,
  now: number,
  problems: ProblemList,
): void {
  if (document === null) return
  const known = detections && knownOf([...detections])
  for (const [index, silence] of silences.entries()) {
    const warn = (path: string, report: WarningReport) =>
      problems.warning(document.source, nodeAt(document.node, `/silences/${index}${path}`).offset, report)
    const end = endWarning(silence, now)
    if (end) warn('/until', end)
    if (silence.until <= now) continue
    if (known)
      for (const { path, ...report } of missingParts(silence.match, known, 'silence'))
        warn(`/match${path}`, report)
    const other = silences.find((each, i) => covers(each, silence) && (i < index || !covers(silence, each)))
    if (other) {
      const message = `the silence "${silence.id}" hides nothing that "${other.id}" does not hide`
      warn('/id', { code: 'silence-covered', message, hint: 'remove one of them' })
    }
  }
  if (known === null) return
  for (const [index, inhibition] of inhibitions.entries()) {
    for (const key of ['when', 'hide'] as const) {
      for (const { path, ...report } of missingParts(inhibition[key], known, 'inhibition')) {
        const node = nodeAt(document.node, `/inhibitions/${index}/${key}${path}`)
        problems.warning(document.source, node.offset, report)
      }
    }
  }
}

function knownOf(detections: readonly Detection[]): Known {
  return {
    detections: detections.map(({ id }) => id),
    logTypes: [...new Set(detections.flatMap((each) => [...each.logTypes, ...each.resourceTypes]))],
    tags: [...new Set(detections.flatMap(({ tags }) => tags))],
  }
}

function endWarning({ id, until }: Silence, now: number): WarningReport | null {
  if (until <= now) {
    const message = `the silence "${id}" has ended`
    return { code: 'silence-ended', message, hint: 'remove it; a new silence needs a new id' }
  }
  if (until - now > WARNED_BEFORE_MS) return null
  const days = Math.ceil((until - now) / DAY_MS)
  const message = `the silence "${id}" ends within ${days === 1 ? 'a day' : `${days} days`}`
  return { code: 'silence-ends', message, hint: 'check whether its alerts may be sent from then on' }
}

const MATCHES_NOTHING = {
  silence: 'silence-matches-nothing',
  inhibition: 'inhibition-matches-nothing',
} as const

function missingParts(
  match: AlertMatch,
  known: Known,
  rule: keyof typeof MATCHES_NOTHING,
): (WarningReport & { readonly path: string })[] {
  return KINDS.flatMap(([key, noun]) =>
    (match[key] ?? []).flatMap((glob, i) => {
      if (anyGlobMatches([glob], known[key])) return []
      const suggestion = didYouMean(glob, known[key])
      return {
        path: `/${key}/${i}`,
        code: MATCHES_NOTHING[rule],
        message: `no ${noun} of the project matches "${glob}"`,
        hint: `${suggestion}correct it, or remove it from the ${rule}`,
      }
    }),
  )
}

function covers(wide: Silence, narrow: Silence): boolean {
  if (wide === narrow) return false
  const { destinations } = wide
  const isLonger =
    (wide.from === null || (narrow.from !== null && wide.from <= narrow.from)) && wide.until >= narrow.until
  const isEverywhere =
    destinations === null || (narrow.destinations?.every((name) => destinations.includes(name)) ?? false)
  const exceptsLess = wide.except === null || JSON.stringify(wide.except) === JSON.stringify(narrow.except)
  return isLonger && isEverywhere && exceptsLess && coversMatch(wide.match, narrow.match)
}
