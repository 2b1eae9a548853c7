/**
 * PagerDuty, Slack, Jira, Asana and ServiceNow in one server on loopback, as far as updates need them. It keeps what requests have changed
 * and can keep an answer back, as a connection that breaks does.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

interface SlackMessage {
  readonly ts: string
  readonly thread_ts?: string
  readonly text?: string
  readonly metadata?: object
  attachments?: readonly { readonly title: string; readonly color: string }[]
}

interface PagerDutyEvent {
  readonly event_action: string
  readonly dedup_key: string
  readonly payload?: { readonly severity: string; readonly summary: string }
}

type Body = Readonly<Record<string, unknown>>

export class TicketProviders {
  readonly requests: string[] = []
  readonly pages: PagerDutyEvent[] = []
  readonly messages: SlackMessage[] = []
  readonly comments: { readonly id: string; readonly body: string }[] = []
  readonly issues: string[] = []
  /** The title of each issue. */
  readonly summaries: string[] = []
  readonly moves: string[] = []
  readonly tasks: { readonly gid: string; readonly notes: string; completed: boolean }[] = []
  readonly taskComments: { readonly gid: string; readonly text: string }[] = []
  readonly records: { readonly sys_id: string; state: string; readonly journal: string[] }[] = []
  /** The number of requests that are carried out and get no answer. */
  unanswered = 0
  #holds = false

  /** Requests that change something are carried out from now on, and get no answer. */
  hold(holds: boolean): void {
    this.#holds = holds
    if (holds) this.unanswered = 0
  }

  async start(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
    const server = createServer((request, response) => {
      void readBody(request).then((body) => {
        const [status, answer] = this.#carryOut(request.method ?? '', request.url ?? '', body)
        if (this.#holds && request.method !== 'GET') this.unanswered++
        else response.writeHead(status, { 'content-type': 'application/json' }).end(answer)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const close = async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
    return { url: `http://127.0.0.1:${port}`, close }
  }

  #carryOut(method: string, url: string, body: Body): [number, string] {
    const path = url.split('?', 1)[0]!
    this.requests.push(`${method} ${path}`)
    const [status, answer] = this.#answer(`${method} ${path}`, body)
    return [status, answer === null ? '' : JSON.stringify(answer)]
  }

  #answer(request: string, body: Body): [number, object | null] {
    switch (request) {
      case 'POST /v2/enqueue':
        this.pages.push(body as unknown as PagerDutyEvent)
        return [202, { status: 'success', message: 'Event processed', dedup_key: body.dedup_key }]
      case 'POST /chat.postMessage': {
        const message = { ...body, ts: `${this.messages.length + 1}.000100` } as unknown as SlackMessage
        this.messages.push(message)
        return [200, { ok: true, channel: 'C1', ts: message.ts }]
      }
      case 'POST /chat.update':
        Object.assign(this.messages.find(({ ts }) => ts === body.ts)!, { attachments: body.attachments })
        return [200, { ok: true, channel: 'C1', ts: body.ts }]
      case 'GET /conversations.replies':
        return [200, { ok: true, messages: this.messages }]
      case 'POST /rest/api/2/issue':
        this.summaries.push((body.fields as { summary: string }).summary)
        this.issues.push(`SOC-${this.issues.length + 1}`)
        return [201, { id: '1', key: this.issues.at(-1) }]
      case 'GET /rest/api/2/search/jql':
        return [200, { issues: this.issues.map((key) => ({ key })) }]
      case 'POST /rest/api/2/issue/SOC-1/comment':
        this.comments.push({ id: String(this.comments.length + 1), body: String(body.body) })
        return [201, this.comments.at(-1)!]
      case 'GET /rest/api/2/issue/SOC-1/comment':
        return [200, { comments: this.comments }]
      case 'GET /rest/api/2/issue/SOC-1': {
        const key = this.moves.length > 0 ? 'done' : 'new'
        return [200, { fields: { status: { statusCategory: { key } } } }]
      }
      case 'GET /rest/api/2/issue/SOC-1/transitions':
        return [200, { transitions: [{ id: '31', name: 'Done', to: { statusCategory: { key: 'done' } } }] }]
      case 'POST /rest/api/2/issue/SOC-1/transitions':
        this.moves.push((body.transition as { id: string }).id)
        return [204, null]
      case 'POST /tasks':
        this.tasks.push({ gid: '7', completed: false, ...(body.data as { notes: string }) })
        return [201, { data: { gid: '7' } }]
      case 'GET /tasks':
        return [200, { data: this.tasks }]
      case 'POST /tasks/7/stories':
        this.taskComments.push({
          gid: String(this.taskComments.length + 1),
          ...(body.data as { text: string }),
        })
        return [201, { data: this.taskComments.at(-1) }]
      case 'GET /tasks/7/stories':
        return [200, { data: this.taskComments, next_page: null }]
      case 'PUT /tasks/7':
        Object.assign(this.tasks[0]!, body.data)
        return [200, { data: { gid: '7' } }]
      case 'POST /api/now/table/incident':
        this.records.push({ sys_id: '5f', state: '1', journal: [] })
        return [201, { result: { number: 'INC007', sys_id: '5f' } }]
      case 'GET /api/now/table/incident':
        return [200, { result: this.records.map(({ journal }) => ({ work_notes: journal.join('\n') })) }]
      case 'PATCH /api/now/table/incident/5f': {
        const { work_notes: note, state = this.records[0]!.state } = body as Record<string, string>
        this.records[0]!.journal.unshift(note!)
        Object.assign(this.records[0]!, { state })
        return [200, { result: { number: 'INC007' } }]
      }
      default:
        return [404, { error: request }]
    }
  }
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text ? (JSON.parse(text) as Body) : {}
}
