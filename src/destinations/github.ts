/** GitHub: creates an issue. A retry first searches for the issue. */

import { PermanentError, RetryableError } from '../errors.ts'
import type { HttpResponse } from '../model/ports.ts'
import { type Answer, defineDestination, type Message, type Outgoing, type Receipt } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

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
  *exchange(message, options) {
    if (message.repeated) {
      const found = issueIn(yield search(message, options))
      if (found) return { status: 200, message: `200: an earlier attempt created #${found}` }
    }
    const created = yield create(message, options)
    const number = textIn(answerJson(created.body), 'number') || issueIn(created)
    return number ? { ...created.receipt, message: `${created.status}: created #${number}` } : created.receipt
  },
  receipt,
})

/** Returns the text by which an issue is found, because GitHub has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

function search(message: Message, options: GitHubOptions): Outgoing {
  const q = `repo:${options.repository} is:issue in:body ${marker(message)}`
  const query = new URLSearchParams({ q, per_page: '1' })
  const url = joinUrl(options.apiUrl ?? API, `search/issues?${query.toString()}`)
  return { method: 'GET', url, headers: headersOf(options), body: '' }
}

/** Reads the number from text, because the response to a long issue is truncated. */
function issueIn({ body }: Answer): string {
  return /"number":\s*(\d+)/.exec(body)?.[1] ?? ''
}

function create(message: Message, options: GitHubOptions): Outgoing {
  const { repository, labels, assignees, apiUrl: base = API } = options
  const truncation = new Truncation()
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  const end = `\n\n<!-- ${marker(message)} -->`
  const body = {
    title: truncation.text('title', title, TITLE_LIMIT),
    body: formatMarkdown(message, truncation, BODY_LIMIT - end.length) + end,
    ...(labels && { labels }),
    ...(assignees && { assignees }),
  }
  const url = joinUrl(base, `repos/${repository}/issues`)
  return postJson(url, body, { headers: headersOf(options), notes: truncation.notes })
}

function headersOf({ token }: GitHubOptions): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'x-github-api-version': '2022-11-28',
  }
}

/** GitHub also uses 403 for its rate limits. */
function receipt({ status, body, headers }: HttpResponse): Receipt | undefined {
  const isLimit = headers['x-ratelimit-remaining'] === '0' || /secondary rate limit/i.test(body)
  if (status === 403 && isLimit) {
    const seconds = Number(headers['retry-after'] ?? 60)
    throw new RetryableError('403: rate limit exceeded', { status, retryAfterMs: seconds * 1_000 })
  }
  if (status === 410) {
    throw new PermanentError('410: issues are disabled', { status, scope: 'destination' })
  }
  return undefined
}
