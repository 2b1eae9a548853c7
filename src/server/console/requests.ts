/** What a request of the console is: who makes it, from which page, and how the response is sent. */
import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../access/access.ts'
import type { Assets } from './assets.ts'
import type { ConsoleActor, ConsolePorts, Identity } from './console-ports.ts'
import { errorBody, signInBody } from './pages/sign-in-page.ts'
import { type Html, html } from './parts/html-template.ts'
import {
  layout,
  type Notice,
  type PageContext,
  type PageView,
  plainLayout,
  roleSentence,
  THEMES,
} from './parts/layout.ts'
import { withQuery } from './parts/words.ts'
import { FormFields, formRequestId, returnPath } from './request-form.ts'
import { SESSION_TTL_MS, Sessions } from './sessions.ts'

export const SESSION_COOKIE = 'signalbox_session'
export const THEME_COOKIE = 'signalbox_theme'
const NOTICE_COOKIE = 'signalbox_notice'
const NOTICE_TTL_S = 60
const MAX_NOTICE_CHARS = 1_000

/** Who makes a request. */
interface Visitor {
  readonly identity: Identity
  readonly isSignedIn: boolean
  /** What the forgery token is made of. */
  readonly subject: string
}

/** An act that a person with the role operator has sent. */
export interface Act {
  readonly context: PageContext
  readonly form: FormFields
  /** The page to return to. */
  readonly back: string
  /** Who acts, with the id of this form: the same form that comes again is carried out once. */
  readonly by: ConsoleActor
}

export class ConsoleRequests {
  readonly sessions = new Sessions()
  readonly #ports: ConsolePorts
  readonly #access: Access
  readonly #assets: Assets

  constructor(ports: ConsolePorts, access: Access, assets: Assets) {
    this.#ports = ports
    this.#access = access
    this.#assets = assets
  }

  now(): number {
    return this.#ports.store.now()
  }

  /** Makes the handler of a page: people who may not see it get the page to sign in. */
  page(make: (context: PageContext, request: FastifyRequest) => Promise<PageView>) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      if (isFromOtherSite(request)) return this.#sendHtml(reply, againPage(request))
      const visitor = this.#visitorOf(request)
      if ('error' in visitor) return reply.redirect(withQuery('/sign-in', { back: request.url }), 303)
      if (this.#ports.unavailable() !== null)
        return this.#sendUnavailable(request, reply, 'Load the page again.')
      const context = this.#contextOf(request, reply, visitor)
      return this.send(reply, await make(context, request), context)
    }
  }

  /** Makes the handler of what a page itself reads. */
  data(respond: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      this.isVisitor(request) ? respond(request, reply) : reply.code(401).send()
  }

  /** Whether the request is of a person who may read, also long after it began. */
  isVisitor(request: FastifyRequest): boolean {
    return !('error' in this.#visitorOf(request))
  }

  /** Makes the handler of an act. It needs the role operator and the forgery token of the person's own pages. */
  act(
    does: string,
    perform: (act: Act, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
  ) {
    return this.form(async (act, request, reply) => {
      if (act.context.identity.role !== 'operator')
        return this.sendError(request, reply, 403, roleSentence(does))
      return this.#ports.unavailable() === null
        ? perform(act, request, reply)
        : this.#sendUnavailable(request, reply, 'Nothing was changed. Go back and repeat.')
    })
  }

  /** Makes the handler of a form that every role may send. */
  form(perform: (act: Act, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const visitor = this.#visitorOf(request)
      if ('error' in visitor) return this.sendSignIn(request, reply, visitor.status, null)
      const form = new FormFields(request.body)
      if (!this.sessions.isForgeryToken(visitor.subject, form.text('_token')))
        return this.sendError(
          request,
          reply,
          403,
          'The form is not from this page, or it is too old. Go back, load the page again and repeat.',
        )
      const context = this.#contextOf(request, reply, visitor)
      const back = returnPath(form.text('back'), '/alerts')
      const requestId = formRequestId(visitor.subject, request.url, form)
      const by = { name: visitor.identity.name, requestId }
      return perform({ context: { ...context, url: back }, form, back, by }, request, reply)
    }
  }

  #sendUnavailable(request: FastifyRequest, reply: FastifyReply, advice: string): FastifyReply {
    reply.header('retry-after', '5')
    const sentence = `The store cannot be reached: ${this.#ports.unavailable()}. ${advice}`
    return this.sendError(request, reply, 503, sentence)
  }

  send(reply: FastifyReply, view: PageView, context: PageContext, status = 200): FastifyReply {
    return this.#sendHtml(reply.code(status), layout(view, context))
  }

  /** Goes to a page, which shows the notice. */
  redirect(reply: FastifyReply, path: string, notice: Notice | null = null): FastifyReply {
    if (notice) {
      const sentence = notice.sentence.slice(0, MAX_NOTICE_CHARS)
      const value = Buffer.from(JSON.stringify({ ok: notice.ok, sentence })).toString('base64url')
      reply.setCookie(NOTICE_COOKIE, value, {
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        maxAge: NOTICE_TTL_S,
      })
    }
    return reply.redirect(path, 303)
  }

  sendSignIn(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    error: string | null,
  ): FastifyReply {
    const [, query = ''] = request.url.split('?', 2)
    const given =
      request.method === 'GET'
        ? (new URLSearchParams(query).get('back') ?? '')
        : new FormFields(request.body).text('back')
    const body = signInBody({ error, back: returnPath(given, '/alerts') })
    return this.#sendHtml(reply.code(status), plainLayout('Sign in', body, this.#bareContext(request)))
  }

  sendError(request: FastifyRequest, reply: FastifyReply, status: number, sentence: string): FastifyReply {
    const title =
      status === 404 ? 'Not found' : status === 403 ? 'Not allowed' : status < 500 ? 'Not possible' : 'Failed'
    const body = errorBody(title, sentence)
    const visitor = this.#visitorOf(request)
    if ('error' in visitor)
      return this.#sendHtml(reply.code(status), plainLayout(title, body, this.#bareContext(request)))
    return this.send(reply, { title, section: null, body }, this.#contextOf(request, reply, visitor), status)
  }

  /** What failed can be the check of who asks, so the page names no person. */
  sendFailure(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const body = errorBody('Failed', 'The page could not be made. The log of the daemon has the reason.')
    return this.#sendHtml(reply.code(500), plainLayout('Failed', body, this.#bareContext(request)))
  }

  /** Begins a session in the browser. Its cookie is sent over TLS only, except at an address of this machine without TLS. */
  beginSession(request: FastifyRequest, reply: FastifyReply, token: string): void {
    reply.setCookie(SESSION_COOKIE, this.sessions.begin(token, this.now()), {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https' || !isLocalName(request.hostname),
      maxAge: SESSION_TTL_MS / 1_000,
    })
  }

  #visitorOf(request: FastifyRequest): Visitor | { readonly error: string; readonly status: number } {
    const id = request.cookies[SESSION_COOKIE]
    const token = id === undefined ? null : this.sessions.tokenOf(id, this.now())
    const owner = token === null ? null : this.#access.ownerOf(token)
    if (id !== undefined && owner && owner.role !== 'ingest')
      return { identity: { name: owner.name, role: owner.role }, isSignedIn: true, subject: `session ${id}` }
    const answer = this.#access.authorize({ headers: ownHeaders(request), ip: request.ip }, 'viewer')
    if ('refusal' in answer) return { error: answer.refusal.error, status: answer.refusal.status }
    const { name, role } = answer.caller
    if (role === 'ingest') return { error: 'the role ingest reads nothing', status: 403 }
    return { identity: { name, role }, isSignedIn: false, subject: `name ${name}` }
  }

  #contextOf(request: FastifyRequest, reply: FastifyReply, visitor: Visitor): PageContext {
    const { identity, isSignedIn, subject } = visitor
    return {
      ...this.#bareContext(request),
      identity,
      isSignedIn,
      forgeryToken: this.sessions.forgeryToken(subject),
      formId: randomUUID(),
      notice: takeNotice(request, reply),
    }
  }

  #bareContext({ cookies, url }: FastifyRequest): Omit<PageContext, 'identity'> {
    return {
      isSignedIn: false,
      forgeryToken: '',
      formId: '',
      theme: THEMES.find((theme) => theme === cookies[THEME_COOKIE]) ?? 'auto',
      now: this.now(),
      url,
      notice: null,
      assets: { style: this.#assets.style.path, script: this.#assets.script.path },
    }
  }

  #sendHtml(reply: FastifyReply, page: Html): FastifyReply {
    return reply.type('text/html; charset=utf-8').send(page.toString())
  }
}

/** Forms of a page without referrer have the origin `null`. Each of them is checked by its forgery token. */
function ownHeaders({ headers }: FastifyRequest): FastifyRequest['headers'] {
  return headers.origin === 'null' ? { ...headers, origin: undefined } : headers
}

/** A link on another site, for example in a chat message. The browser sends no cookie of the session with it. */
function isFromOtherSite({ headers }: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  return mode === 'navigate' && (site === 'cross-site' || site === 'same-site')
}

/** The path that leads to another one. A reload would count as a request of the other site again. */
export const ONWARD_PATH = '/onward'

/** A page without content that goes on to the address, now as a page of this site. */
function againPage({ url }: FastifyRequest): Html {
  const onward = withQuery(ONWARD_PATH, { to: url })
  const refresh = `0; url=${onward}`
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${refresh}"><title>Signalbox</title></head><body><p><a href="${onward}">Continue</a></p></body></html>`
}

/** The notice of the last act. Only a page that the person sees takes it. */
function takeNotice({ cookies, headers }: FastifyRequest, reply: FastifyReply): Notice | null {
  const value = cookies[NOTICE_COOKIE]
  if (value === undefined || headers['sec-fetch-dest'] === 'empty') return null
  reply.clearCookie(NOTICE_COOKIE, { path: '/' })
  try {
    const notice: unknown = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))
    if (typeof notice !== 'object' || notice === null || !('sentence' in notice)) return null
    return { ok: 'ok' in notice && notice.ok === true, sentence: String(notice.sentence) }
  } catch {
    return null
  }
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}
