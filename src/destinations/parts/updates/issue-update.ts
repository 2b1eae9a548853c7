/** Updates of an issue that has comments and can be closed: one comment for each update, then the new state. */
import { PermanentError } from '../../../errors.ts'
import type { Answer, Outgoing, Receipt, Update } from '../../_destination.ts'
import { createOnce } from '../create-once.ts'
import { updateText } from './update-text.ts'

/** The requests of one provider. */
interface IssueTracker {
  /** The issue as the delivery has returned it; empty: it returned none. */
  readonly issue: string
  /** Searches for the issue of a delivery. */
  readonly search: (key: string) => Outgoing
  readonly listing: string
  readonly found: (body: string) => string
  readonly comments: (issue: string) => Outgoing
  readonly commentListing: string
  readonly nextComments?: (issue: string, answer: Answer) => Outgoing | undefined
  /** The mark must stay in the comment, whatever is cut. */
  readonly comment: (issue: string, text: string, mark: string) => Outgoing
  /** How the issue is called; absent: by its number. */
  readonly nameOf?: (issue: string) => string
  readonly escaped: (text: string) => string
  readonly setState: (issue: string, state: 'open' | 'closed') => Outgoing
}

/** A repeated attempt finds its comment by the mark, and sets the state again, which changes nothing. */
export function* reportIssueUpdate(
  update: Update,
  tracker: IssueTracker,
): Generator<Outgoing, Receipt, Answer> {
  const issue = tracker.issue || (yield* searchIssue(update, tracker))
  const { nameOf = (number: string) => `#${number}` } = tracker
  const mark = `signalbox-${update.idempotencyKey}`
  const receipt = yield* createOnce(update, {
    lookUp: () => tracker.comments(issue),
    listing: tracker.commentListing,
    found: ({ body }) => (body.includes(mark) ? `the comment on ${nameOf(issue)}` : ''),
    nextPage: (answer) => tracker.nextComments?.(issue, answer),
    create: () => tracker.comment(issue, tracker.escaped(updateText(update)), mark),
  })
  const { events } = update
  if (events.includes('resolved')) yield tracker.setState(issue, 'closed')
  else if (events.includes('reopened')) yield tracker.setState(issue, 'open')
  else return receipt
  return { ...receipt, message: `${receipt.message}; set the state of ${nameOf(issue)}` }
}

/** An alert that an earlier version sent is found by its mark. */
function* searchIssue(
  { firstKey }: Update,
  { search, listing, found }: IssueTracker,
): Generator<Outgoing, string, Answer> {
  const { body } = yield { ...search(firstKey), success: [{ status: [200], list: listing }] }
  const issue = found(body)
  if (!issue) {
    throw new PermanentError(`no issue has the mark of the delivery ${firstKey}`, { scope: 'delivery' })
  }
  return issue
}
