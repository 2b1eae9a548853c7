/** GitLab: creates an issue, an incident for instance. A retry first searches for the issue. */
import { textAt } from '../core/json-path.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { HttpResponse } from '../model/ports.ts'
import { defineDestination, type Message, type Outgoing, type ProviderError } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { createReferenced, referencedId } from './parts/updates/create-referenced.ts'
import { reportIssueUpdate } from './parts/updates/issue-update.ts'

interface GitLabOptions {
  readonly project: string
  readonly token: string
  readonly issueType?: 'issue' | 'incident'
  readonly labels?: readonly string[]
  readonly confidential?: boolean
  readonly url?: string
}

const TITLE_LIMIT = 255
const DESCRIPTION_LIMIT = 1_048_576
const GITLAB = 'https://gitlab.com'

export default defineDestination<GitLabOptions>({
  type: 'gitlab',
  summary: 'an issue or incident in a GitLab project',
  rate: { documented: 'GitLab limits requests as its administrator has set, and orders a wait with 429.' },
  escapeField: escapeMarkdown,
  refuses: { HEARTBEAT: 'each heartbeat would create an issue' },
  options: {
    type: 'object',
    required: ['project', 'token'],
    properties: {
      project: text('The project, by its number or its full path.', 'security/alerts'),
      token: secretText('GITLAB_TOKEN', 'A project access token with the scope `api` and the role Reporter.'),
      issueType: {
        enum: ['issue', 'incident'],
        default: 'issue',
        description: 'What is created.',
      },
      labels: {
        type: 'array',
        items: text('A label.', undefined, { pattern: '^[^,]+$' }),
        examples: [['security']],
        description: 'Labels to add, without commas.',
      },
      confidential: {
        type: 'boolean',
        default: false,
        description: 'Only members of the project may read it.',
      },
      url: apiUrl(GITLAB, 'Base URL of GitLab.', ['https://gitlab.example.com']),
    },
    additionalProperties: false,
  },
  exchange: (message, options) =>
    createReferenced(message, placeOf(options), {
      lookUp: () => search(marker(message), options),
      listing: '',
      found: foundIssue,
      create: () => create(message, options),
      created: (body) => textAt(body, 'iid'),
      nameOf: issueName,
    }),
  updates: {
    events: UPDATE_EVENTS,
    exchange: (update, options) =>
      reportIssueUpdate(update, {
        issue: referencedId(update.remoteReference, placeOf(options)),
        search: (key) => search(`signalbox-${key}`, options),
        listing: '',
        found: foundIssue,
        commentListing: '',
        escaped: (text) => escapeQuickActions(escapeMarkdown(text)),
        ...requestsOf(options),
      }),
  },
  answers: {
    provider: 'GitLab',
    success: [{ status: [201], field: 'iid', receipt: (iid) => `created #${iid}` }],
    error,
    rules: [
      // GitLab answers `409 Conflict: Resource lock` where another request holds the issue.
      { status: [409], effect: 'retry', meaning: 'another request changes the issue at the same time' },
      { status: [400, 422], codes: ['title', 'description', 'base'], effect: 'dead' },
      {
        status: [400, 422],
        codes: ['*'],
        effect: 'pause',
        meaning: 'a field that no alert changes, such as `issue_type` or `labels`',
      },
    ],
  },
})

/** GitLab names a refused field as a key of `message`, or as the first word of a sentence in `error`. */
function error({ body }: HttpResponse): ProviderError | undefined {
  const { message, error: sentence } = (answerJson(body) ?? {}) as { message?: unknown; error?: unknown }
  if (typeof message === 'object' && message !== null)
    return { codes: Object.keys(message), text: JSON.stringify(message) }
  const text = [message, sentence].filter((part) => typeof part === 'string').join(': ')
  if (!text) return undefined
  const faults = (typeof sentence === 'string' ? sentence : '').matchAll(
    /(?:^|, )(\w+) (?:is|are|does|do|has|have)\b/g,
  )
  return { codes: [...faults].flatMap(([, field]) => field ?? []), text }
}

function foundIssue(body: string): string {
  const issues = answerJson(body)
  return textIn(Array.isArray(issues) ? issues[0] : undefined, 'iid')
}

function issueName(iid: string): string {
  return iid && `#${iid}`
}

/** Returns the text by which an issue is found, because GitLab has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

function issuesUrl({ url = GITLAB, project }: GitLabOptions): string {
  return joinUrl(url, `api/v4/projects/${encodeURIComponent(project)}/issues`)
}

function placeOf(options: GitLabOptions) {
  return { field: 'issue', at: issuesUrl(options) }
}

function search(mark: string, options: GitLabOptions): Outgoing {
  const query = new URLSearchParams({ search: mark, in: 'description', per_page: '1' })
  const headers = { accept: 'application/json', 'private-token': options.token }
  return { method: 'GET', url: `${issuesUrl(options)}?${query.toString()}`, headers, body: '' }
}

function requestsOf(options: GitLabOptions) {
  const pathOf = (issue: string) => `${issuesUrl(options)}/${issue}`
  const headers = { accept: 'application/json', 'private-token': options.token }
  return {
    comments: (issue: string): Outgoing => {
      const query = new URLSearchParams({ sort: 'desc', order_by: 'created_at', per_page: '100' })
      return { method: 'GET', url: `${pathOf(issue)}/notes?${query.toString()}`, headers, body: '' }
    },
    comment: (issue: string, text: string, mark: string): Outgoing => {
      const end = `\n\n<!-- ${mark} -->`
      const truncation = new Truncation()
      const body = truncation.text('comment', text, DESCRIPTION_LIMIT - end.length) + end
      return {
        ...postJson(`${pathOf(issue)}/notes`, { body }, { headers, notes: truncation.notes }),
        success: [{ status: [201], field: 'id', receipt: (id) => `comment ${id} on #${issue}` }],
      }
    },
    setState: (issue: string, state: 'open' | 'closed'): Outgoing => {
      const change = { state_event: state === 'closed' ? 'close' : 'reopen' }
      return {
        ...postJson(pathOf(issue), change, { headers }),
        method: 'PUT',
        success: [{ status: [200], field: 'iid' }],
      }
    },
  }
}

function create(message: Message, options: GitLabOptions): Outgoing {
  const { issueType = 'issue', labels, confidential, token } = options
  const truncation = new Truncation()
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const end = `\n\n<!-- ${marker(message)} -->`
  const body = {
    title: truncation.text('title', title, TITLE_LIMIT),
    description:
      escapeQuickActions(formatMarkdown(message, truncation, DESCRIPTION_LIMIT - end.length)) + end,
    issue_type: issueType,
    ...(labels && { labels: labels.join(',') }),
    ...(confidential && { confidential }),
  }
  return postJson(issuesUrl(options), body, { headers: { 'private-token': token }, notes: truncation.notes })
}

/** A line that begins with `/` is a command to GitLab: `/close`, `/assign`. */
function escapeQuickActions(description: string): string {
  return description.replace(/^\//gm, '&#47;')
}
