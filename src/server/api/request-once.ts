/** Carries out each request once: a request that comes again with its `Idempotency-Key` changes nothing more. */
import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { AuditRow } from '../../store/store.ts'
import type { Caller } from '../access/access.ts'
import type { ApiStore } from './api-ports.ts'
import { ApiProblem } from './api-problems.ts'

const MAX_DELIVERIES = 500

/** Two callers may use the same key. */
export function requestIdOf({ headers }: FastifyRequest, caller: Caller): string {
  const key = headers['idempotency-key']
  return `api:${caller.by}:${caller.name}:${typeof key === 'string' ? `key:${key}` : randomUUID()}`
}

/** @throws ApiProblem if the key has been used for another subject. */
export async function isCarriedOut(
  store: Pick<ApiStore, 'audit'>,
  requestId: string,
  subject: AuditRow['subject'],
): Promise<boolean> {
  const [row] = await store.audit({ requestId, limit: 1 })
  if (row === undefined) return false
  if (row.subject.kind === subject.kind && row.subject.id === subject.id) return true
  throw reusedKey()
}

/** Whether this delivery was retried by the request. The history keeps its alert and its destination. */
export async function isRetriedBefore(
  store: Pick<ApiStore, 'audit' | 'deliveries'>,
  requestId: string,
  deliveryId: string,
): Promise<boolean> {
  const [row] = await store.audit({ requestId, limit: 1 })
  if (row === undefined) return false
  const filter = { alertId: row.subject.id, destination: row.after, limit: MAX_DELIVERIES }
  const deliveries = row.verb === 'retried' ? await store.deliveries(filter) : []
  if (deliveries.some(({ id }) => id === deliveryId)) return true
  throw reusedKey()
}

function reusedKey(): ApiProblem {
  return new ApiProblem({
    status: 422,
    code: 'reused-key',
    title: 'the Idempotency-Key belongs to another request',
    hint: 'give each request a key of its own',
  })
}

/** While a request is carried out, another one with its key is refused. */
export class OncePerKey {
  readonly #running = new Set<string>()

  async run<T>(requestId: string, act: () => Promise<T>): Promise<T> {
    if (this.#running.has(requestId)) {
      throw new ApiProblem({
        status: 409,
        code: 'request-under-way',
        title: 'a request with this Idempotency-Key is under way',
        hint: 'send it again later',
      })
    }
    this.#running.add(requestId)
    try {
      return await act()
    } finally {
      this.#running.delete(requestId)
    }
  }
}
