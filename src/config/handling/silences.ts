/** silences.yaml -> silences and inhibitions, or every problem in it. */
import { nearest } from '../../core/did-you-mean.ts'
import type { Inhibition } from '../../model/alerts/inhibition.ts'
import type { Silence } from '../../model/alerts/silence.ts'
import { locateFile } from '../files/declared-file.ts'
import type { Environment } from '../files/environment.ts'
import type { ProblemList, ProblemReport } from '../files/problems.ts'
import type { SourceText } from '../files/source-text.ts'
import { parseTime } from '../files/times.ts'
import { DEFAULT_MAX_DAYS, SILENCES_SCHEMA } from '../schemas/silences-schema.ts'
import { type FileLocation, readMapping } from '../yaml/mapping.ts'
import { checkSchema, nodeAt } from '../yaml/schema-check.ts'
import { toRecord } from '../yaml/yaml.ts'
import type { MappingNode } from '../yaml/yaml-tree.ts'
import { alertMatchOf, canHideCritical, type DeclaredMatch, matchesEverything } from './alert-match-text.ts'
import { type DeclaredInhibition, readInhibitions } from './inhibitions.ts'

export const SILENCES_FILE = 'silences.yaml'
const DAY_MS = 86_400_000

interface DeclaredSilence {
  readonly id: string
  readonly from?: string
  readonly until: string
  readonly reason: string
  readonly owner: string
  readonly match: DeclaredMatch
  readonly except?: DeclaredMatch
  readonly destinations?: readonly string[]
  readonly everything?: boolean
  readonly critical?: boolean
}

interface SilencesChoice {
  /** `--silences`. */
  readonly flag: string | undefined
  readonly environment: Environment
  /** `silences` of signalbox.yaml; null: it names none. */
  readonly declared: string | null
}

interface ReadingContext {
  readonly now: number
  /** The names and ids of the destinations; null: there is no registry. */
  readonly destinations: ReadonlySet<string> | null
}

export interface LoadedSilences {
  readonly silences: readonly Silence[]
  readonly inhibitions: readonly Inhibition[]
  /** null: there is no file, or it has errors. */
  readonly document: SilencesDocument | null
}

export interface SilencesDocument {
  readonly source: SourceText
  readonly node: MappingNode
}

const NO_SILENCES: LoadedSilences = { silences: [], inhibitions: [], document: null }

export function locateSilences(root: string, { flag, environment, declared }: SilencesChoice) {
  return locateFile(root, SILENCES_FILE, { flag, variable: environment.SIGNALBOX_SILENCES, declared })
}

export function loadSilences(
  location: FileLocation,
  context: ReadingContext,
  problems: ProblemList,
): LoadedSilences {
  const mapping = readMapping(location, problems)
  if (!mapping) {
    if (!problems.hasError(location.file))
      problems.file('error', location.file, { code: 'empty-file', message: 'the file is empty' })
    return NO_SILENCES
  }
  const value = toRecord(mapping.node)
  if (!checkSchema(SILENCES_SCHEMA, { ...mapping, value }, problems)) return NO_SILENCES
  const {
    silences = [],
    inhibitions = [],
    maxDays = DEFAULT_MAX_DAYS,
  } = value as unknown as {
    silences?: DeclaredSilence[]
    inhibitions?: DeclaredInhibition[]
    maxDays?: number
  }
  const latest = context.now + maxDays * DAY_MS
  const ids = new Set<string>()
  const loaded = silences.flatMap((declared, index) => {
    const report = (path: string, problem: ProblemReport) =>
      problems.error(mapping.source, nodeAt(mapping.node, `/silences/${index}${path}`).offset, problem)
    if (ids.has(declared.id)) {
      const message = `duplicate id "${declared.id}" of a silence`
      report('/id', { code: 'duplicate-name', message, hint: 'give each silence an id of its own' })
    }
    ids.add(declared.id)
    reportDestinations(declared, context.destinations, report)
    return silenceOf(declared, { latest, maxDays }, report) ?? []
  })
  const read = readInhibitions(inhibitions, (path, problem) =>
    problems.error(mapping.source, nodeAt(mapping.node, `/inhibitions${path}`).offset, problem),
  )
  return problems.hasError(location.file)
    ? NO_SILENCES
    : { silences: loaded, inhibitions: read, document: mapping }
}

type Report = (path: string, problem: ProblemReport) => void

function silenceOf(
  declared: DeclaredSilence,
  { latest, maxDays }: { readonly latest: number; readonly maxDays: number },
  report: Report,
): Silence | null {
  const { id, reason, owner, destinations = null, everything = false, critical = false } = declared
  const from = declared.from === undefined ? null : timeAt('from', declared.from, report)
  const until = timeAt('until', declared.until, report)
  const match = alertMatchOf(declared.match)
  const except = declared.except ? alertMatchOf(declared.except) : null
  if (until !== undefined && until > latest) {
    const message = `the silence "${id}" ends more than ${maxDays} days from now`
    report('/until', { code: 'silence-too-long', message, hint: 'choose an earlier end, or raise maxDays' })
  }
  if (from !== undefined && from !== null && until !== undefined && from >= until) {
    const message = `the silence "${id}" ends before it begins`
    report('/until', { code: 'bad-value', message, hint: 'write a later time than `from`' })
  }
  if (!everything && matchesEverything(match)) {
    const message = `the silence "${id}" can hide every alert`
    report('/match', {
      code: 'silence-too-wide',
      message,
      hint: 'narrow `match`, or write `everything: true`',
    })
  } else if (!critical && canHideCritical(match, except)) {
    const message = `the silence "${id}" can hide alerts of the severity CRITICAL`
    const hint = 'list other `severities` in `match`, or write `critical: true`'
    report('/match', { code: 'silence-too-wide', message, hint })
  }
  if (from === undefined || until === undefined) return null
  return { id, from, until, reason, owner, match, except, destinations }
}

function timeAt(key: 'from' | 'until', text: string, report: Report): number | undefined {
  const time = parseTime(text)
  if (time === undefined) {
    const message = `${key}: "${text}" is not a date that exists`
    report(`/${key}`, { code: 'bad-value', message, hint: 'correct the day or the month' })
  }
  return time
}

function reportDestinations(
  { destinations = [] }: DeclaredSilence,
  known: ReadonlySet<string> | null,
  report: Report,
): void {
  if (known === null) return
  for (const [i, name] of destinations.entries()) {
    if (known.has(name)) continue
    const near = nearest(name, known)
    report(`/destinations/${i}`, {
      code: 'unknown-destination',
      message: `unknown destination "${name}"`,
      hint: near ? `did you mean "${near}"?` : null,
    })
  }
}
