/** A server with the API over a store in memory, with one token for each role. */
import { afterEach } from 'vitest'
import { tokenDigest } from '../../../src/core/token-digest.ts'
import { createOperatorActs, type OperatorActOptions } from '../../../src/daemon/access/operator-acts.ts'
import { createSilenceActs } from '../../../src/daemon/access/silence-acts.ts'
import { nullLog } from '../../../src/model/ports.ts'
import { ROLES, type Role } from '../../../src/model/project/api-settings.ts'
import type { RoutedProject } from '../../../src/model/project/project.ts'
import { addApi } from '../../../src/server/api/api-part.ts'
import type { ApiActs } from '../../../src/server/api/api-ports.ts'
import { Streams } from '../../../src/server/api/change-stream.ts'
import { createMetrics } from '../../../src/server/metrics.ts'
import { createServer } from '../../../src/server/server.ts'
import { openStore } from '../../../src/store/open.ts'
import type { AlertRow, Store } from '../../../src/store/store.ts'
import { manualClock } from '../../support/clock.ts'
import { destination } from '../../support/model.ts'
import { alert, expecting, plan } from '../../support/store-rows.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Tests look at parts of any answer. */
  readonly json: ReturnType<typeof JSON.parse>
}

export interface ApiFixture {
  readonly url: string
  readonly port: number
  readonly store: Store
  readonly ask: (path: string, init?: RequestInit & { readonly role?: Role | null }) => Promise<Answer>
  readonly post: (
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    role?: Role,
  ) => Promise<Answer>
}

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

export async function apiFixture(
  alerts: readonly AlertRow[] = [alert('a1')],
  acts: Partial<ApiActs> = {},
  away: () => string | null = () => null,
  sendTest: OperatorActOptions['sendTest'] = async () => {
    throw new Error('not a part of this test')
  },
): Promise<ApiFixture> {
  const store = await openStore('memory:', { clock: manualClock(), projectRoot: '/nowhere' })
  await store.commit(plan({ alerts }), expecting())
  const streams = new Streams(store, () => performance.now())
  const destinations = [destination('soc', { options: { url: 'https://soc.example/S3CRET' } })]
  const project = () =>
    ({ registry: { destinations, fallback: [] }, handling: { silences: [] } }) as unknown as RoutedProject
  const ports = {
    store,
    version: '1.2.3',
    detections: () => new Map(),
    destinations: () => destinations,
    silences: createSilenceActs({ store, project }),
    routes: () => ({
      rows: [
        {
          detection: 'X',
          logTypes: ['L'],
          severity: 'HIGH' as const,
          route: null,
          evidence: 'unknown' as const,
          tests: [],
        },
      ],
      silent: [{ detection: 'Y', reason: 'it is disabled' }],
    }),
    acts: { ...createOperatorActs({ store, project, sendTest, wake: () => {} }), ...acts },
  }
  const tokens = ROLES.map((role) => ({
    name: `the-${role}`,
    role,
    digest: tokenDigest(`token-${role}`),
    expiresAt: null,
  }))
  const server = createServer({
    log: nullLog,
    metrics: createMetrics(),
    ready: () => ({ ok: true, reasons: [] }),
    bodyBytes: 1_000_000,
    rules: () => ({ tokens, proxy: null }),
    parts: [(scope, access) => addApi(scope, access, { ports, streams, log: nullLog, away })],
  })
  open.push(async () => {
    await streams.close()
    await server.close()
    await store.close()
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.addresses[0]!
  const url = `http://127.0.0.1:${port}`
  const ask: ApiFixture['ask'] = async (path, { role = 'viewer', headers, ...init } = {}) => {
    const authorization = role === null ? {} : { authorization: `Bearer token-${role}` }
    const response = await fetch(`${url}/api/v1${path}`, {
      ...init,
      headers: { ...authorization, ...(headers as Record<string, string> | undefined) },
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text !== '' ? JSON.parse(text) : null,
    }
  }
  return {
    url,
    port,
    store,
    ask,
    post: (path, body, headers = {}, role = 'operator') =>
      ask(path, {
        method: 'POST',
        role,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      }),
  }
}
