/** GitHub: creates an issue. A retry first searches for the issue. */

import { textAt } from '../core/json-path.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { HttpResponse } from '../model/ports.ts'
import {
  defineDestination,
  type Message,
  type Outgoing,
  type ProviderError,
  type Update,
} from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { createReferenced, referencedId } from './parts/updates/create-referenced.ts'
import { reportIssueUpdate } from './parts/updates/issue-update.ts'

interface GitHubOptions {
  readonly repository: string
  readonly token: string
  readonly labels?: readonly string[]
  readonly assignees?: readonly string[]
  readonly apiUrl?: string
}

const TITLE_LIMIT = 256
const BODY_LIMIT = 65_536
const API = 'https://api.github.com'

export default defineDestination<GitHubOptions>({
  type: 'github',
  summary: 'an issue in a GitHub repository',
  rate: {
    documented: 'GitHub accepts 80 requests a minute and 500 an hour that create content.',
    limit: { perMinute: 60, burst: 5 },
  },
  escapeField: escapeMarkdown,
  refuses: { HEARTBEAT: 'each heartbeat would create an issue' },
  options: {
    type: 'object',
    required: ['repository', 'token'],
    properties: {
      repository: text('The repository, `OWNER/NAME`; its issues must be enabled.', 'example/alerts', {
        pattern: '^[\\w.-]+/[\\w.-]+$',
      }),
      token: secretText(
        'GITHUB_TOKEN',
        'A fine-grained token that may read and write issues of the repository.',
      ),
      labels: {
        type: 'array',
        items: text('A label.'),
        examples: [['security']],
        description: 'Labels to add.',
      },
      assignees: {
        type: 'array',
        items: text('A login.'),
        examples: [['octocat']],
        description: 'The assignees, by login.',
      },
      apiUrl: apiUrl(API, 'Base URL of the API; for GitHub Enterprise Server its `/api/v3`.', [
        'https://github.example.com/api/v3',
      ]),
    },
    additionalProperties: false,
  },
  exchange: (message, options) =>
    createReferenced(message, placeOf(options), {
      lookUp: () => search(marker(message), options),
      listing: 'items',
      found: foundIssue,
      create: () => create(message, options),
      created: (body) => textAt(body, 'number'),
      nameOf: issueName,
    }),
  updates: {
    events: UPDATE_EVENTS,
    exchange: (update, options) =>
      reportIssueUpdate(update, {
        issue: referencedId(update.remoteReference, placeOf(options)),
        search: (key) => search(`signalbox-${key}`, options),
        listing: 'items',
        found: foundIssue,
        commentListing: '',
        escaped: escapeMarkdown,
        ...requestsOf(update, options),
      }),
  },
  answers: {
    provider: 'GitHub',
    success: [{ status: [201], field: 'number', receipt: (number) => `created #${number}` }],
    error,
    rules: [
      { codes: ['rate limit'], effect: 'retry', meaning: 'the wait that GitHub orders, otherwise a minute' },
      { status: [410], effect: 'pause', meaning: 'issues are disabled' },
      { status: [422], codes: ['title', 'body'], effect: 'dead' },
      {
        status: [422],
        codes: ['*'],
        effect: 'pause',
        meaning: 'a field that no alert changes, such as `assignees` or `labels`',
      },
    ],
  },
})

/** GitHub also uses 403 for its rate limits. The codes of a validation error are the fields. */
function error({ status, body, headers }: HttpResponse): ProviderError | undefined {
  const isLimit = headers['x-ratelimit-remaining'] === '0' || /secondary rate limit/i.test(body)
  const { message, errors } = (answerJson(body) ?? {}) as GitHubError
  if ((status === 403 || status === 429) && isLimit) {
    const text = 'rate limit exceeded'
    return { codes: ['rate limit'], text, ...(!headers['retry-after'] && { retryAfterMs: 60_000 }) }
  }
  if (message === undefined) return undefined
  const faults = (Array.isArray(errors) ? errors : []).filter(({ field }) => field !== undefined)
  const described = faults.map(({ field, code, message: why }) => `${field}: ${why ?? code}`)
  return { codes: faults.map(({ field }) => String(field)), text: [message, ...described].join('; ') }
}

interface GitHubError {
  readonly message?: string
  readonly errors?: readonly { readonly field?: string; readonly code?: string; readonly message?: string }[]
}

function issuesUrl({ apiUrl: base = API, repository }: GitHubOptions): string {
  return joinUrl(base, `repos/${repository}/issues`)
}

function placeOf(options: GitHubOptions) {
  return { field: 'issue', at: issuesUrl(options) }
}

function foundIssue(body: string): string {
  return textAt(body, 'items.0.number')
}

function issueName(number: string): string {
  return number && `#${number}`
}

/** Returns the text by which an issue is found, because GitHub has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

function search(mark: string, options: GitHubOptions): Outgoing {
  const q = `repo:${options.repository} is:issue in:body ${mark}`
  const query = new URLSearchParams({ q, per_page: '1' })
  const url = joinUrl(options.apiUrl ?? API, `search/issues?${query.toString()}`)
  return { method: 'GET', url, headers: headersOf(options), body: '' }
}

function requestsOf({ attemptedSince }: Update, options: GitHubOptions) {
  const pathOf = (issue: string) => `${issuesUrl(options)}/${issue}`
  const headers = headersOf(options)
  return {
    comments: (issue: string): Outgoing => {
      const since = new Date(attemptedSince).toISOString()
      const query = new URLSearchParams({ since, per_page: '100' })
      return { method: 'GET', url: `${pathOf(issue)}/comments?${query.toString()}`, headers, body: '' }
    },
    comment: (issue: string, text: string, mark: string): Outgoing => {
      const end = `\n\n<!-- ${mark} -->`
      const truncation = new Truncation()
      const body = truncation.text('comment', text, BODY_LIMIT - end.length) + end
      return {
        ...postJson(`${pathOf(issue)}/comments`, { body }, { headers, notes: truncation.notes }),
        success: [{ status: [201], field: 'id', receipt: (id) => `comment ${id} on #${issue}` }],
      }
    },
    setState: (issue: string, state: 'open' | 'closed'): Outgoing => {
      return {
        ...postJson(pathOf(issue), { state }, { headers }),
        method: 'PATCH',
        success: [{ status: [200], field: 'number' }],
      }
    },
  }
}

function create(message: Message, options: GitHubOptions): Outgoing {
  const { labels, assignees } = options
  const truncation = new Truncation()
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const end = `\n\n<!-- ${marker(message)} -->`
  const body = {
    title: truncation.text('title', title, TITLE_LIMIT),
    body: formatMarkdown(message, truncation, BODY_LIMIT - end.length) + end,
    ...(labels && { labels }),
    ...(assignees && { assignees }),
  }
  return postJson(issuesUrl(options), body, { headers: headersOf(options), notes: truncation.notes })
}

function headersOf({ token }: GitHubOptions): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'x-github-api-version': '2022-11-28',
  }
}
