/** TLS, users and rights of a real PostgreSQL server. Each refusal is one sentence that names the setting, without secrets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { messageOf } from '../../src/errors.ts'
import { openStore } from '../../src/store/open.ts'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
import { manualClock } from '../support/clock.ts'
import { describeWithPostgres } from '../support/postgres.ts'
import { commitCursor } from '../support/store-rows.ts'

const root = mkdtempSync(join(tmpdir(), 'signalbox-access-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const tls = (name: string) => join(import.meta.dirname, '../support/tls', name)

interface Refusal {
  readonly message: string
  readonly hint: string
}

async function refusalOf(url: string, environment = {}): Promise<Refusal> {
  const opened = openStore(url, { clock: manualClock(), projectRoot: root, environment })
  const error = await opened.then(
    async (store) => {
      await store.close()
      return new Error('the store was opened')
    },
    (cause) => cause,
  )
  const hint = 'hint' in error ? String(error.hint) : ''
  expect(messageOf(error)).not.toContain('\n')
  expect(`${messageOf(error)} ${hint} ${String(error.cause)}`).not.toMatch(/WR0NG|R1GHT/)
  return { message: messageOf(error), hint }
}

describe('a file of TLS that is none', () => {
  const file = join(root, 'text.pem')
  writeFileSync(file, 'no PEM\n')

  it.each([
    ['sslrootcert', 'certificate'],
    ['sslcert', 'certificate'],
    ['sslkey', 'private key'],
  ])('is an error that names %s', (parameter, what) => {
    const url = `postgres://u@db.example/d?${parameter}=${file}`
    const message = new RegExp(`the file of \`${parameter}\` of the store holds no ${what}`)
    expect(() => readStoreUrl(url, {}, root)).toThrow(message)
  })
})

describeWithPostgres(
  'a PostgreSQL server with TLS',
  (server) => {
    const url = (user: string, query: string, host = '127.0.0.1') =>
      `postgres://${user}@${host}:${server().port}/postgres?${query}`
    const verified = `sslmode=verify-full&sslrootcert=${tls('ca.pem')}`

    it('is used with a verified certificate, and its connections are encrypted', async () => {
      const opened = await openStore(url('postgres', `${verified}&schema=encrypted`), {
        clock: manualClock(),
        projectRoot: root,
      })
      expect(await commitCursor(opened, 's', '1')).toBe('ok')
      const plain = `SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'signalbox' AND NOT ssl`
      expect(server().sql(plain).trim()).toBe('0')
      await opened.close()
    })

    it('whose certificate has an unknown authority is refused', async () => {
      const { message, hint } = await refusalOf(url('postgres', 'sslmode=verify-full'))
      expect(message).toMatch(/has a TLS certificate that is not trusted/)
      expect(hint).toMatch(/sslrootcert=FILE/)
      const other = await refusalOf(url('postgres', `sslmode=verify-full&sslrootcert=${tls('server.pem')}`))
      expect(other.message).toMatch(/has a TLS certificate that is not trusted/)
    })

    it('with another name than its certificate is refused', async () => {
      // The certificate has the names localhost and 127.0.0.1.
      const { message, hint } = await refusalOf(url('postgres', verified, '127.0.0.2'))
      expect(message).toMatch(/has a TLS certificate that is not trusted/)
      expect(hint).toMatch(/the server by a name in its certificate/)
    })

    it('that requires a certificate of the client says so, and accepts a valid one', async () => {
      server().sql('CREATE ROLE client SUPERUSER LOGIN')
      server().addAccessRule('hostssl all client 127.0.0.1/32 cert')
      const { message, hint } = await refusalOf(url('client', verified))
      expect(message).toMatch(/requires a certificate of the client/)
      expect(hint).toMatch(/sslcert=FILE and sslkey=FILE/)
      const files = `&sslcert=${tls('client.pem')}&sslkey=${tls('client.key')}`
      const store = await openStore(url('client', `${verified}${files}&schema=certified`), {
        clock: manualClock(),
        projectRoot: root,
      })
      expect(await store.cursor('s')).toBeNull()
      await store.close()
    })

    it('that permits a user with TLS only says so', async () => {
      server().sql('CREATE ROLE encrypted LOGIN')
      server().addAccessRule('hostnossl all encrypted 127.0.0.1/32 reject')
      const { message, hint } = await refusalOf(url('encrypted', ''))
      expect(message).toMatch(/pg_hba\.conf for the user encrypted/)
      expect(hint).toMatch(/sslmode=verify-full/)
    })
  },
  { hasTls: true },
)

describeWithPostgres('a PostgreSQL server', (server) => {
  const url = (user: string, database = 'postgres', query = '') =>
    `postgres://${user}@127.0.0.1:${server().port}/${database}${query}`

  it('without TLS is refused if the URL requires it', async () => {
    const { message, hint } = await refusalOf(url('postgres', 'postgres', '?sslmode=verify-full'))
    expect(message).toMatch(/does not offer TLS$/)
    expect(hint).toMatch(/sslmode=disable/)
  })

  it.each<[string, string, RegExp, RegExp]>([
    [
      'the database',
      'postgres@none',
      /does not exist: the server has no such database/,
      /correct the URL of the store/,
    ],
    ['the user', 'none@postgres', /has no user none$/, /user in the URL/],
    [
      'the right to log in',
      'group_only@postgres',
      /does not permit the user group_only to log in$/,
      /user in the URL/,
    ],
    ['the right to create', 'guest@postgres', /does not permit this to its user guest: /, /docs\/store\.md/],
  ])('that lacks %s is refused', async (_, place, message, hint) => {
    server().sql(
      `DO $$ BEGIN CREATE ROLE guest LOGIN; CREATE ROLE group_only; EXCEPTION WHEN OTHERS THEN END $$`,
    )
    const [user, database] = place.split('@')
    const refusal = await refusalOf(url(user!, database))
    expect(refusal.message).toMatch(message)
    expect(refusal.hint).toMatch(hint)
  })

  it('that does not wait for the disk is refused', async () => {
    server().sql('CREATE ROLE hasty SUPERUSER LOGIN; ALTER ROLE hasty SET synchronous_commit = off')
    const { message, hint } = await refusalOf(url('hasty', 'postgres', '?schema=hasty'))
    expect(message).toMatch(/synchronous_commit off/)
    expect(hint).toMatch(/ALTER ROLE "hasty" SET synchronous_commit = on/)
  })

  it('whose user cannot use the schema, or cannot read its tables, is refused', async () => {
    const owner = server().url()
    const schema = new URL(owner).searchParams.get('schema')!
    await (await openStore(owner, { clock: manualClock(), projectRoot: root })).close()
    server().sql('CREATE ROLE stranger LOGIN')
    const query = `?schema=${schema}`
    const unused = await refusalOf(url('stranger', 'postgres', query))
    expect(unused.message).toMatch(/does not permit its user to use the schema$/)
    expect(unused.hint).toMatch(/GRANT USAGE ON SCHEMA/)
    server().sql(`GRANT USAGE ON SCHEMA ${schema} TO stranger`)
    const unread = await refusalOf(url('stranger', 'postgres', query))
    expect(unread.message).toMatch(/does not permit this to its user stranger: permission denied for table/)
  })
})
