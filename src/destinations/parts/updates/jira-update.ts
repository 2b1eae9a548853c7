/** Updates in Jira: comments an issue, and moves it to a status of the category Done. */
import { textAt } from '../../../core/json-path.ts'
import { PermanentError } from '../../../errors.ts'
import type { Answer, Outgoing, Receipt, Update } from '../../_destination.ts'
import { createOnce } from '../create-once.ts'
import { answerJson } from '../json-request.ts'
import { Truncation } from '../truncate.ts'
import { updateText } from './update-text.ts'

/** How requests to the site of a destination are built. */
interface JiraSite {
  /** The key of the issue as the delivery has returned it; empty: it returned none. */
  readonly issue: string
  readonly get: (path: string) => Outgoing
  readonly post: (path: string, body: object, notes?: readonly string[]) => Outgoing
  /** Builds the search for the issue of a delivery. */
  readonly search: (key: string) => Outgoing
  readonly escaped: (text: string) => string
  readonly resolveTransition: string | undefined
}

const COMMENT_LIMIT = 32_767

/** Comments the issue. For a resolved alert, the issue is also moved to a status of the category Done. */
export function* reportJiraUpdate(update: Update, site: JiraSite): Generator<Outgoing, Receipt, Answer> {
  const key = yield* issueOf(update, site)
  const path = `rest/api/2/issue/${encodeURIComponent(key)}`
  const receipt = yield* createOnce(update, {
    lookUp: () => site.get(`${path}/comment?orderBy=-created&maxResults=50`),
    listing: 'comments',
    found: ({ body }) => (body.includes(marker(update)) ? `the comment on ${key}` : ''),
    create: () => comment(`${path}/comment`, key, update, site),
  })
  if (!update.events.includes('resolved')) return receipt
  const done = yield* closeIssue(path, key, site)
  return { ...receipt, message: `${receipt.message}; ${done}` }
}

/** An alert that an earlier version sent is found by its marker. */
function* issueOf(update: Update, site: JiraSite): Generator<Outgoing, string, Answer> {
  if (site.issue) return site.issue
  const { body } = yield { ...site.search(update.firstKey), success: [{ status: [200], list: 'issues' }] }
  const found = textAt(body, 'issues.0.key')
  if (!found)
    throw new PermanentError(`no issue has the mark of the delivery ${update.firstKey}`, {
      scope: 'delivery',
    })
  return found
}

function comment(path: string, key: string, update: Update, site: JiraSite): Outgoing {
  const truncation = new Truncation()
  const end = `\n\n${marker(update)}`
  const text = truncation.text('comment', site.escaped(updateText(update)), COMMENT_LIMIT - end.length)
  return {
    ...site.post(path, { body: text + end }, truncation.notes),
    success: [{ status: [201], field: 'id', receipt: (id) => `comment ${id} on ${key}` }],
  }
}

/** A repeated attempt finds the comment by this text. */
function marker({ idempotencyKey }: Update): string {
  return `signalbox-${idempotencyKey}`
}

function* closeIssue(path: string, key: string, site: JiraSite): Generator<Outgoing, string, Answer> {
  const category = 'fields.status.statusCategory.key'
  const success = [{ status: [200], field: category }]
  const issue = yield { ...site.get(`${path}?fields=status`), success }
  if (textAt(issue.body, category) === 'done') return `${key} is done already`
  const { body } = yield {
    ...site.get(`${path}/transitions`),
    success: [{ status: [200], list: 'transitions' }],
  }
  const transition = transitionToDone(body, site)
  if (!transition) {
    const wanted = site.resolveTransition
    const what = wanted === undefined ? 'leads to a status of the category Done' : `is called "${wanted}"`
    throw new PermanentError(`no transition of ${key} ${what}; set resolveTransition`, { scope: 'delivery' })
  }
  const change = { transition: { id: transition.id } }
  yield { ...site.post(`${path}/transitions`, change), success: [{ status: [204] }] }
  return `transition ${transition.name}`
}

interface Transition {
  readonly id: string
  readonly name: string
  readonly to?: { readonly statusCategory?: { readonly key?: string } }
}

function transitionToDone(body: string, { resolveTransition }: JiraSite): Transition | undefined {
  const { transitions = [] } = (answerJson(body) ?? {}) as { transitions?: readonly Transition[] }
  return transitions.find(({ name, to }) =>
    resolveTransition === undefined
      ? to?.statusCategory?.key === 'done'
      : name.toLowerCase() === resolveTransition.toLowerCase(),
  )
}
