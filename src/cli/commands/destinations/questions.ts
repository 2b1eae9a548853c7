/** The questions of `destinations add`: type, name, what it takes by default, then the type's own options. */
import { ALERT_KINDS } from '../../../model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import type { Destination } from '../../../model/project/destination.ts'
import type { DestinationDraft } from '../../../workspace/destinations/destination-draft.ts'
import {
  loadTypeSummaries,
  type TypeSummary,
} from '../../../workspace/destinations/load-destination-types.ts'
import type { Prompter } from '../../prompts/prompts.ts'
import { askForOptions, askForSome } from './option-questions.ts'

export interface Answers {
  readonly name: string
  readonly type: string
  readonly fallback: boolean
  readonly draft: DestinationDraft
}

export interface GivenAnswers {
  readonly name?: string
  readonly type?: string
  readonly fallback: boolean
  readonly draft: DestinationDraft
}

/** @param declared what there is already: names that are taken, and whether alerts that reach nobody have a place. */
export async function askForDestination(
  ask: Prompter,
  given: GivenAnswers,
  declared: { readonly names: readonly string[]; readonly hasFallback: boolean },
): Promise<Answers> {
  const types = await loadTypeSummaries()
  const choices = commonestFirst(types).map(({ type, summary }) => ({ value: type, hint: summary }))
  const type = given.type ?? (await ask.select('Type', choices))
  const name =
    given.name ??
    (await ask.text(
      'Name, as detections will write it',
      nameError(declared.names),
      unusedName(type, declared.names),
    ))
  const { draft } = given
  const severities = draft.severities ?? (await askForSeverities(ask))
  const alertTypes = draft.alertTypes ?? (await askForAlertTypes(ask))
  const logTypes = draft.logTypes ?? (await askForLogTypes(ask))
  const about = types.find((each) => each.type === type)
  const options = about ? await askForOptions(ask, name, about.options, draft.options ?? []) : []
  const fallback =
    given.fallback ||
    (!declared.hasFallback &&
      (await ask.confirm('Shall it also get what would otherwise reach nobody?', true)))
  return {
    name,
    type,
    fallback,
    draft: {
      ...draft,
      ...(severities.length > 0 && { severities }),
      ...(alertTypes.length > 0 && { alertTypes }),
      ...(logTypes.length > 0 && { logTypes }),
      options: [...(draft.options ?? []), ...options],
    },
  }
}

const CHANGES = ['name', 'severities', 'alert types', 'log types', 'options'] as const

/** The questions of `destinations edit`: what shall change, and what it shall be. */
export async function askForChanges(
  ask: Prompter,
  { name, type, options: set }: Pick<Destination, 'name' | 'type' | 'options'>,
  taken: readonly string[],
): Promise<{ newName?: string; draft: DestinationDraft }> {
  const chosen = await ask.multiselect(`What of ${name} shall change?`, values(CHANGES))
  const changes = (what: (typeof CHANGES)[number]) => chosen.includes(what)
  const about = changes('options')
    ? (await loadTypeSummaries()).find((each) => each.type === type)
    : undefined
  return {
    ...(changes('name') && { newName: await ask.text('New name', nameError(taken)) }),
    draft: {
      ...(changes('severities') && { severities: await askForSeverities(ask) }),
      ...(changes('alert types') && { alertTypes: await askForAlertTypes(ask) }),
      ...(changes('log types') && { logTypes: await askForLogTypes(ask) }),
      options: about ? await askForSome(ask, name, about.options, Object.keys(set)) : [],
    },
  }
}

const askForSeverities = (ask: Prompter) =>
  ask.multiselect('Severities it takes by default (none: only when named)', values(SEVERITIES))

const askForAlertTypes = (ask: Prompter) =>
  ask.multiselect('Types of alert it takes (none: all but system alerts)', ALERT_TYPES)

const askForLogTypes = async (ask: Prompter) =>
  listOf(
    await ask.text(
      'Log types it takes, as globs with commas, for example AWS.*, Okta.* (none: all)',
      () => null,
    ),
  )

/** The first screen of a long list is what most people look for. */
const COMMONEST = [
  'slack',
  'pagerduty',
  'msteams',
  'opsgenie',
  'jira',
  'email',
  'webhook',
  'splunk',
  'console',
  'file',
]

function commonestFirst(types: readonly TypeSummary[]): TypeSummary[] {
  const rank = ({ type }: TypeSummary) =>
    COMMONEST.includes(type) ? COMMONEST.indexOf(type) : COMMONEST.length
  return types.toSorted((a, b) => rank(a) - rank(b))
}

/** `soc-slack`, or with the first number that makes it free. */
function unusedName(type: string, taken: readonly string[]): string {
  const name = `soc-${type.replace(/^.*\//, '').replace(/\.\w+$/, '')}`
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? name : `${name}-${number}`
    if (!taken.includes(numbered)) return numbered
  }
}

const values = (names: readonly string[]) => names.map((value) => ({ value }))

const ALERT_TYPES = [
  { value: 'ALERT', hint: 'what detections find' },
  { value: 'DETECTION_ERROR', hint: 'what goes wrong in them' },
  ...values(ALERT_KINDS),
]

function nameError(taken: readonly string[]) {
  return (name: string) => {
    if (!/^[^\s"']+(?: [^\s"']+)*$/.test(name)) return 'A name without quotes or outer spaces is needed.'
    if (name === 'SKIP') return 'SKIP means nowhere.'
    return taken.includes(name) ? `${name} is declared already.` : null
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
}
