/** The prompts of `destinations add` and `edit`: type, name, severities and filters, then the options of the type. */
import { ALERT_KINDS } from '../../../model/alerts/alert-kind.ts'
import { SEVERITIES } from '../../../model/alerts/severity.ts'
import type { Destination } from '../../../model/project/destination.ts'
import { type DestinationDraft, findTypeSummary } from '../../../workspace/destinations/destination-draft.ts'
import {
  loadTypeSummaries,
  type TypeSummary,
} from '../../../workspace/destinations/load-destination-types.ts'
import type { WorkspaceOptions } from '../../../workspace/open-project.ts'
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

/** @param declared the existing names, whether the registry has a fallback, and the project. */
export async function askForDestination(
  ask: Prompter,
  given: GivenAnswers,
  declared: {
    readonly names: readonly string[]
    readonly hasFallback: boolean
    readonly workspace: WorkspaceOptions
  },
): Promise<Answers> {
  const types = await loadTypeSummaries()
  const choices = commonestFirst(types).map(({ type, summary }) => ({ value: type, hint: summary }))
  const type = given.type ?? (await ask.select('Type', choices))
  const name =
    given.name ??
    (await ask.text('Name that detections use', nameError(declared.names), unusedName(type, declared.names)))
  const { draft } = given
  const severities = draft.severities ?? (await askForSeverities(ask))
  const alertTypes = draft.alertTypes ?? (await askForAlertTypes(ask))
  const logTypes = draft.logTypes ?? (await askForLogTypes(ask))
  const about = await findTypeSummary(type, declared.workspace)
  const options = about ? await askForOptions(ask, name, about.options, draft.options ?? []) : []
  const fallback =
    given.fallback ||
    (!declared.hasFallback &&
      (await ask.confirm('Use it as fallback for alerts that no other destination accepts?', true)))
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

/** Prompts for the changes of `destinations edit`: which keys change, and their new values. */
export async function askForChanges(
  ask: Prompter,
  { name, type, options: set }: Pick<Destination, 'name' | 'type' | 'options'>,
  { names: taken, workspace }: { readonly names: readonly string[]; readonly workspace: WorkspaceOptions },
): Promise<{ newName?: string; draft: DestinationDraft }> {
  const chosen = await ask.multiselect(`What do you want to change in ${name}?`, values(CHANGES))
  const changes = (what: (typeof CHANGES)[number]) => chosen.includes(what)
  const about = changes('options') ? await findTypeSummary(type, workspace) : null
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
  ask.multiselect(
    'Which severities should it receive by default? (none = only alerts that name it)',
    values(SEVERITIES),
  )

const askForAlertTypes = (ask: Prompter) =>
  ask.multiselect('Which alert types should it receive? (none = all except system alerts)', ALERT_TYPES)

const askForLogTypes = async (ask: Prompter) =>
  listOf(
    await ask.text(
      'Which log types should it receive? Separate globs by commas, for example AWS.*, Okta.* (none = all)',
      () => null,
    ),
  )

/** The most common types come first, because a long list shows only its beginning. */
const COMMONEST = [
  'slack',
  'pagerduty',
  'msteams',
  'jsm',
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

/** Suggests a name such as `soc-slack`, with a number if the name is in use. */
function unusedName(type: string, taken: readonly string[]): string {
  const name = `soc-${type.replace(/^.*\//, '').replace(/\.\w+$/, '')}`
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? name : `${name}-${number}`
    if (!taken.includes(numbered)) return numbered
  }
}

const values = (names: readonly string[]) => names.map((value) => ({ value }))

const ALERT_TYPES = [
  { value: 'ALERT', hint: 'alerts of detections' },
  { value: 'DETECTION_ERROR', hint: 'errors in detections' },
  ...values(ALERT_KINDS),
]

function nameError(taken: readonly string[]) {
  return (name: string) => {
    if (!/^[^\s"']+(?: [^\s"']+)*$/.test(name)) return 'Enter a name without quotes or outer spaces.'
    if (name === 'SKIP') return 'The name SKIP is reserved.'
    return taken.includes(name) ? `${name} already exists.` : null
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
}
