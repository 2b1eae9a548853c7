/**
 * The lock of a schema. Daemons share it as long as they are connected, so that no other version migrates the schema under
 * them. The server ends it with their connection.
 */
import { UserError } from '../../errors.ts'
import type { Connection } from './pool.ts'

/** The text from which the number of the advisory lock is made. */
export const LOCK_NAME = (schema: string) => `signalbox-store:${schema}`

interface Holder {
  readonly name: string
  readonly pid: number
  readonly host: string
  readonly since: number
}

/** An older schema has no table of members. */
const HOLDERS = 'SELECT name, pid, host, since FROM member WHERE until > store_now(NULL) ORDER BY since'

export async function heldSchema(connection: Connection, location: string): Promise<UserError> {
  const [first, ...others] = await connection.query<Holder>(HOLDERS).catch(() => [])
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  const described = first
    ? `${first.name}, process ${first.pid} on ${first.host} since ${new Date(first.since).toISOString()}`
    : 'another process'
  return new UserError(`the store ${location} has an older schema and is held by ${described}${more}`, {
    code: 'store-held',
    hint: 'stop every daemon of the schema before this version of Signalbox migrates it',
  })
}
