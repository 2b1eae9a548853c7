/** Signing in and out, and the choice of colours. */
import type { FastifyInstance } from 'fastify'
import type { Access } from '../access/access.ts'
import { THEMES } from './parts/layout.ts'
import { FormFields, returnPath } from './request-form.ts'
import { type ConsoleRequests, ONWARD_PATH, SESSION_COOKIE, THEME_COOKIE } from './requests.ts'

const YEAR_S = 365 * 86_400

export function addSessionRoutes(scope: FastifyInstance, requests: ConsoleRequests, access: Access): void {
  scope.get('/sign-in', async (request, reply) => requests.sendSignIn(request, reply, 200, null))

  scope.get(ONWARD_PATH, async (request, reply) => {
    const [, query = ''] = request.url.split('?', 2)
    return requests.redirect(reply, returnPath(new URLSearchParams(query).get('to') ?? '', '/'))
  })

  scope.post('/sign-in', async (request, reply) => {
    // Another site could sign a person in under a token of its own.
    if (['cross-site', 'same-site'].includes(String(request.headers['sec-fetch-site'])))
      return requests.sendSignIn(request, reply, 403, 'The form is from another site. Sign in with this one.')
    const form = new FormFields(request.body)
    const token = form.text('token')
    const owner = token === '' ? null : access.ownerOf(token)
    if (owner === null)
      return requests.sendSignIn(request, reply, 401, 'This token is not known, or it has ended.')
    if (owner.role === 'ingest')
      return requests.sendSignIn(
        request,
        reply,
        403,
        'This token has the role ingest, which only sends events. Use one with the role viewer or operator.',
      )
    requests.beginSession(request, reply, token)
    return requests.redirect(reply, signedInPath(form.text('back')))
  })

  scope.post(
    '/sign-out',
    requests.form(async (_act, request, reply) => {
      const id = request.cookies[SESSION_COOKIE]
      if (id !== undefined) requests.sessions.end(id)
      reply.clearCookie(SESSION_COOKIE, { path: '/' })
      return requests.redirect(reply, '/sign-in')
    }),
  )

  scope.post(
    '/theme',
    requests.form(async ({ form, back }, _request, reply) => {
      const theme = THEMES.find((each) => each === form.text('theme')) ?? 'auto'
      reply.setCookie(THEME_COOKIE, theme, { path: '/', httpOnly: true, sameSite: 'lax', maxAge: YEAR_S })
      return requests.redirect(reply, back)
    }),
  )
}

function signedInPath(back: string): string {
  const path = returnPath(back, '/alerts')
  return path.startsWith('/sign-') ? '/alerts' : path
}
