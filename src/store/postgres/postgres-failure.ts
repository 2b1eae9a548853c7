/** Translates errors of PostgreSQL and of the network for the operator. Details can hold alerts, so they are left out. */
import { Bug, isError, messageOf, UserError } from '../../errors.ts'
import type { PostgresSettings } from './store-url.ts'

interface Meaning {
  readonly text: string
  readonly hint: string
}

const CONFLICTS = ['SBC01', '40001', '40P01']
/** The server has ended the session, does not accept one now, or is a replica. */
const AWAY = /^(08...|57P0[1-5]|53300|25006)$/
/** Another transaction holds what the statement needs, or the server is overloaded. */
const SLOW = ['55P03', '57014']
const CREDENTIALS = ['28P01', '28000']
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)$/
const CLIENT_NETWORK =
  /connection terminated|timeout (exceeded|expired)|read timeout|connection (error|ended)|not queryable|establishing an SSL/i
const NO_RIGHT = '42501'
/** The server has ended the handshake because of what the client sent. */
const CLIENT_CERTIFICATE = /^ERR_SSL_.*ALERT/
const CLIENT_CERTIFICATE_HINT = 'name a certificate and its key with sslcert=FILE and sslkey=FILE'
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_SSL|ERR_TLS/

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Another transaction has changed the state, or two have waited for each other: nothing was written. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.includes(codeOf(error)) || isUsedRequest(error)
}

function isUsedRequest(error: unknown): boolean {
  return (
    codeOf(error) === '23505' && (error as { readonly constraint?: string }).constraint === 'audit_request'
  )
}

/** The database has ended a statement because it took too long. It can be reached, and the same call can succeed later. */
export function isSlow(error: unknown): boolean {
  return SLOW.includes(codeOf(error))
}

/** The database cannot be reached now. The same call can succeed later. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error)
  if (AWAY.test(code) || NETWORK.test(code)) return true
  return code === '' && !isBranded(error) && CLIENT_NETWORK.test(messageOf(error))
}

/** The server refuses the user or the password. */
export function isRefused(error: unknown): boolean {
  return CREDENTIALS.includes(codeOf(error)) || isMissingPassword(error)
}

function isMissingPassword(error: unknown): boolean {
  return messageOf(error).startsWith('SASL')
}

function isBranded(error: unknown): boolean {
  return isError(error, 'user') || isError(error, 'bug')
}

export function postgresFailure(error: unknown, settings: PostgresSettings): unknown {
  if (isBranded(error)) return error
  const { location } = settings
  const meaning = meaningOf(error, settings)
  const cause = plainCause(error)
  if (meaning === null)
    return new Bug(`the store ${location} refused a statement: ${cause.message}`, { cause })
  return new UserError(`the store ${location} ${meaning.text}`, {
    code: 'inaccessible-store',
    hint: meaning.hint,
    cause,
  })
}

/** The original error holds values of rows in its fields. */
function plainCause(error: unknown): Error {
  const code = codeOf(error)
  return new UserError(code === '' ? messageOf(error) : `${messageOf(error)} (${code})`)
}

function meaningOf(error: unknown, settings: PostgresSettings): Meaning | null {
  const code = codeOf(error)
  const refusal = code === '28000' ? sessionRefusal(messageOf(error), settings) : null
  if (refusal !== null) return refusal
  if (isRefused(error)) {
    return {
      text: `refuses the user ${settings.user} with the password from ${settings.passwordSource}`,
      hint: 'correct the user in the URL of the store, or the password in the file of `passwordFile` or in SIGNALBOX_STORE_PASSWORD',
    }
  }
  if (CLIENT_CERTIFICATE.test(code)) {
    return { text: 'refuses the certificate of the client', hint: CLIENT_CERTIFICATE_HINT }
  }
  if (CERTIFICATE.test(code)) {
    return {
      text: `has a TLS certificate that is not trusted: ${messageOf(error)}`,
      hint: 'name the authority of the certificate with sslrootcert=FILE, and the server by a name in its certificate',
    }
  }
  if (/does not support SSL/i.test(messageOf(error))) {
    return {
      text: 'does not offer TLS',
      hint: 'switch TLS on at the server, or add sslmode=disable&allowPlaintext=true if the network between is private',
    }
  }
  if (isConflict(error)) {
    return { text: 'is busy: others write the same rows at the same time', hint: 'try again' }
  }
  if (isSlow(error)) {
    return { text: 'does not answer in time', hint: 'look for long transactions in pg_stat_activity' }
  }
  if (isAway(error)) {
    return {
      text: `cannot be reached: ${messageOf(error) || code}`,
      hint: 'check that the server runs, and host and port in the URL of the store',
    }
  }
  if (code === NO_RIGHT) {
    // The message names the object and no value of a row.
    return {
      text: `does not permit this to its user ${settings.user}: ${messageOf(error)}`,
      hint: 'grant the user the rights that docs/store.md lists, or correct the user in the URL of the store',
    }
  }
  return MEANINGS[code] ?? null
}

/** The server refuses the user before it asks for a password. */
function sessionRefusal(message: string, { user, tls }: PostgresSettings): Meaning | null {
  if (/pg_hba\.conf/.test(message)) {
    const encrypt = tls === null ? ', or add sslmode=verify-full if the entry is for TLS' : ''
    return {
      text: `has no entry in pg_hba.conf for the user ${user} from this host`,
      hint: `add the entry at the server${encrypt}`,
    }
  }
  if (/client certificate/.test(message))
    return { text: 'requires a certificate of the client', hint: CLIENT_CERTIFICATE_HINT }
  if (/does not exist/.test(message))
    return {
      text: `has no user ${user}`,
      hint: 'create the role, or correct the user in the URL of the store',
    }
  if (/not permitted to log in/.test(message)) {
    return {
      text: `does not permit the user ${user} to log in`,
      hint: 'alter the role at the server, or correct the user in the URL of the store',
    }
  }
  return null
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  '3D000': {
    text: 'does not exist: the server has no such database',
    hint: 'create it, or correct the URL of the store',
  },
  '53100': {
    text: 'cannot grow: the disk of the database is full',
    hint: 'free some space; no partial write was kept',
  },
  '53200': { text: 'has no memory left', hint: 'look at the log of the database' },
}
