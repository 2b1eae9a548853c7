/** Reads and checks the keys of a destination about when and how it gets alerts. */
import { nearest } from '../../core/did-you-mean.ts'
import type { TimeInterval } from '../../core/time-intervals.ts'
import { parseSeverity, type Severity } from '../../model/alerts/severity.ts'
import type {
  DestinationDigest,
  DestinationHandling,
  DestinationHours,
  DigestKey,
} from '../../model/project/destination-handling.ts'
import { parseDuration } from '../files/durations.ts'
import type { ProblemList } from '../files/problems.ts'
import { DEFAULT_GROUP_TIME } from '../schemas/handling/digest-schema.ts'
import { nodeAt } from '../yaml/schema-check.ts'
import type { YamlDocument } from './interval-keys.ts'

/** These keys of a destination that fits the schema. */
export interface DeclaredHandling {
  readonly hours?: {
    readonly during: readonly string[]
    readonly otherwise?: 'wait' | { readonly to: readonly string[] }
    readonly always?: readonly string[]
  }
  readonly digest?: {
    readonly every: string
    readonly by?: readonly DigestKey[]
    readonly below?: string
    readonly after?: number
    readonly max?: number
  }
  readonly group?: { readonly by?: readonly DigestKey[]; readonly for?: string }
  readonly escalate?: readonly {
    readonly after: string
    readonly unless?: 'acknowledged' | 'resolved'
    readonly to: readonly string[]
    readonly severities?: readonly string[]
  }[]
  readonly ackTimeout?: string
}

interface DeclaredHours {
  readonly hours: NonNullable<DeclaredHandling['hours']>
}

interface DeclaredDestination extends DeclaredHandling {
  readonly name: string
  readonly severities?: readonly string[]
}

interface HandlingContext {
  readonly document: YamlDocument
  readonly destinations: readonly DeclaredDestination[]
  /** The names of all intervals, those with errors too. */
  readonly intervalNames: readonly string[]
  readonly problems: ProblemList
}

/** Reports what is wrong with the keys of the destination with this index. */
export function checkHandling(index: number, context: HandlingContext): void {
  const { name, hours, escalate = [], severities } = context.destinations[index]!
  const pointer = `/destinations/${index}`
  if (hours) checkHours({ name, hours, severities }, `${pointer}/hours`, context)
  for (const [i, { to }] of escalate.entries())
    checkRecipients(to, `${pointer}/escalate/${i}/to`, name, context)
}

function checkHours(
  { name: ownName, hours, severities }: Pick<DeclaredDestination, 'name' | 'severities'> & DeclaredHours,
  pointer: string,
  context: HandlingContext,
): void {
  const { intervalNames, problems } = context
  const { source, node } = context.document
  const offsetAt = (path: string) => nodeAt(node, `${pointer}${path}`).offset
  for (const [i, name] of hours.during.entries()) {
    if (intervalNames.includes(name)) continue
    problems.error(source, offsetAt(`/during/${i}`), {
      code: 'unknown-interval',
      message: `unknown interval "${name}"`,
      hint: intervalHint(name, intervalNames),
    })
  }
  const { otherwise = 'wait', always = [] } = hours
  if (otherwise !== 'wait') {
    checkRecipients(otherwise.to, `${pointer}/otherwise/to`, ownName, context)
  } else if (includesCritical(severities) && !includesCritical(always)) {
    problems.warning(source, offsetAt(''), {
      code: 'critical-waits',
      message: `CRITICAL alerts for ${ownName} wait for its hours`,
      hint: 'add `always: [CRITICAL]` to its hours, or name other destinations in `otherwise`',
    })
  }
}

function intervalHint(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  if (near) return `did you mean "${near}"?`
  return known.length > 0 ? `known: ${known.slice(0, 12).join(', ')}` : 'declare it under `intervals`'
}

function includesCritical(severities: readonly string[] = []): boolean {
  return severities.some((text) => parseSeverity(text) === 'CRITICAL')
}

/** Alerts of a destination can only go to others. */
function checkRecipients(
  names: readonly string[],
  pointer: string,
  ownName: string,
  { document: { source, node }, destinations, problems }: HandlingContext,
): void {
  const known = destinations.map(({ name }) => name)
  for (const [i, name] of names.entries()) {
    const { offset } = nodeAt(node, `${pointer}/${i}`)
    if (name === ownName) {
      problems.error(source, offset, {
        code: 'bad-value',
        message: `"${name}" is the destination itself`,
        hint: 'name another destination',
      })
    } else if (!known.includes(name)) {
      const near = nearest(name, known)
      problems.error(source, offset, {
        code: 'unknown-destination',
        message: `unknown destination "${name}"`,
        hint: near ? `did you mean "${near}"?` : null,
      })
    }
  }
}

/** Reads the keys of a destination without errors. */
export function handlingOf(
  { hours, digest, group, escalate = [], ackTimeout }: DeclaredHandling,
  intervals: readonly TimeInterval[],
): DestinationHandling {
  return {
    hours: hours ? hoursOf(hours, intervals) : null,
    digest: digest ? digestOf(digest) : null,
    group: group
      ? { by: group.by ?? ['detection'], forMs: parseDuration(group.for ?? DEFAULT_GROUP_TIME)! }
      : null,
    escalate: escalate.map(({ after, unless = 'acknowledged', to, severities }) => ({
      afterMs: parseDuration(after)!,
      unless,
      to,
      severities: severities ? severitiesOf(severities) : null,
    })),
    ackTimeoutMs: ackTimeout === undefined ? null : parseDuration(ackTimeout)!,
  }
}

function digestOf({
  every,
  by = ['detection'],
  below,
  after = 0,
  max = 50,
}: NonNullable<DeclaredHandling['digest']>): DestinationDigest {
  const severity = below === undefined ? undefined : parseSeverity(below)
  return { everyMs: parseDuration(every)!, by, below: severity ?? null, after, max }
}

function severitiesOf(texts: readonly string[]): Severity[] {
  return texts.flatMap((text) => parseSeverity(text) ?? [])
}

function hoursOf(
  { during, otherwise = 'wait', always = [] }: DeclaredHours['hours'],
  intervals: readonly TimeInterval[],
): DestinationHours {
  return {
    during: intervals.filter(({ name }) => during.includes(name)),
    otherwise,
    always: severitiesOf(always),
  }
}
