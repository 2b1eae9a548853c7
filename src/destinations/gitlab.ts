/** GitLab: creates an issue, an incident for instance. A retry first searches for the issue. */
import { type Answer, defineDestination, type Message, type Outgoing } from './_destination.ts'
import { headline } from './parts/alert-text.ts'
import { answerJson, joinUrl, postJson, textIn } from './parts/json-request.ts'
import { escapeMarkdown, formatMarkdown } from './parts/markdown.ts'
import { apiUrl, secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

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
  *exchange(message, options) {
    if (message.repeated) {
      const found = issueIn(yield search(message, options))
      if (found) return { status: 200, message: `200: an earlier attempt created #${found}` }
    }
    const created = yield create(message, options)
    const number = textIn(answerJson(created.body), 'iid') || issueIn(created)
    return number ? { ...created.receipt, message: `${created.status}: created #${number}` } : created.receipt
  },
})

/** Returns the text by which an issue is found, because GitLab has no idempotency keys. */
function marker({ idempotencyKey }: Message): string {
  return `signalbox-${idempotencyKey}`
}

function issuesUrl({ url = GITLAB, project }: GitLabOptions): string {
  return joinUrl(url, `api/v4/projects/${encodeURIComponent(project)}/issues`)
}

function search(message: Message, options: GitLabOptions): Outgoing {
  const query = new URLSearchParams({ search: marker(message), in: 'description', per_page: '1' })
  const headers = { accept: 'application/json', 'private-token': options.token }
  return { method: 'GET', url: `${issuesUrl(options)}?${query.toString()}`, headers, body: '' }
}

/** Reads the number from text, because the response to a long issue is truncated. */
function issueIn({ body }: Answer): string {
  return /"iid":\s*(\d+)/.exec(body)?.[1] ?? ''
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
