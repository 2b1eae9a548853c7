/** Conditions on alerts as they are written, and what they can match. Pure. */
import { ALERT_KINDS, alertGroup } from '../../model/alerts/alert-kind.ts'
import { parseSeverity, SEVERITIES } from '../../model/alerts/severity.ts'
import type { AlertMatch } from '../../model/alerts/silence.ts'

/** A valid mapping of conditions. */
export interface DeclaredMatch {
  readonly detections?: readonly string[]
  readonly severities?: readonly string[]
  readonly logTypes?: readonly string[]
  readonly tags?: readonly string[]
  readonly alertTypes?: readonly string[]
  readonly title?: readonly string[]
  readonly context?: Readonly<Record<string, readonly string[]>>
}

export function alertMatchOf({ severities, alertTypes, ...globs }: DeclaredMatch): AlertMatch {
  return {
    ...globs,
    ...(severities && { severities: severities.flatMap((text) => parseSeverity(text) ?? []) }),
    ...(alertTypes && {
      alertTypes: ALERT_KINDS.filter(
        (kind) => alertTypes.includes(kind) || alertTypes.includes(alertGroup(kind)),
      ),
    }),
  }
}

/** True if no condition keeps an alert of a detection out. */
export function matchesEverything({ severities, alertTypes, context, ...globs }: AlertMatch): boolean {
  if (severities && !SEVERITIES.every((severity) => severities.includes(severity))) return false
  if (alertTypes && !alertTypes.includes('RULE')) return false
  const lists = [...Object.values(globs), ...Object.values(context ?? {})]
  return lists.every((list: readonly string[]) => list.some((glob) => /^\*+$/.test(glob)))
}

/** True if the conditions can match an alert of the severity CRITICAL that `except` does not match. */
export function canHideCritical(match: AlertMatch, except: AlertMatch | null): boolean {
  if (match.severities && !match.severities.includes('CRITICAL')) return false
  const isExcepted = except?.severities?.includes('CRITICAL') && Object.keys(except).length === 1
  return !isExcepted
}

/** True if the first conditions certainly match whatever the second ones match. */
export function coversMatch(wide: AlertMatch, narrow: AlertMatch): boolean {
  const { context: wideContext = {}, ...wideLists } = wide
  const { context: narrowContext = {}, ...narrowLists } = narrow
  if (wide.alertTypes === undefined && narrow.alertTypes !== undefined) return false
  return coversLists(wideLists, narrowLists) && coversLists(wideContext, narrowContext)
}

type Lists = Readonly<Record<string, readonly string[] | undefined>>

function coversLists(wide: Lists, narrow: Lists): boolean {
  return Object.entries(wide).every(([key, globs = []]) =>
    narrow[key]?.every((text) => globs.some((glob) => coversGlob(glob, text))),
  )
}

function coversGlob(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === '*') return true
  const isPrefix = /^[^*?]+\*$/.test(wide)
  return isPrefix && narrow.startsWith(wide.slice(0, -1))
}
