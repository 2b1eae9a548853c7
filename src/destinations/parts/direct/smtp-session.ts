/** Sends one mail in one SMTP session, and classifies what goes wrong. */
import { Socket } from 'node:net'
import { describeNetworkFailure, networkErrorCode } from '../../../core/network-failure.ts'
import { messageOf } from '../../../errors.ts'
import type { AttemptOutcomes, FaultRule, Receipt } from '../../_destination.ts'
import { attemptFailure } from './attempt-failure.ts'

export interface SmtpOptions {
  readonly host: string
  readonly port?: number
  readonly security?: 'starttls' | 'tls' | 'none'
  readonly user?: string
  readonly password?: string
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly replyTo?: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly messageId: string
  /** The id of the mail that this one answers. */
  readonly inReplyTo: string
  /** The ids of the mails before it in the thread, with blanks between them. The first one need not exist. */
  readonly references: string
  /** ISO time. */
  readonly date: string
  readonly headers: Readonly<Record<string, string>>
  readonly priority: 'high' | 'normal' | 'low'
}

interface SessionOptions extends SmtpOptions {
  /** The name for EHLO. */
  readonly hello: string
  /** XOAUTH2 uses it instead of the password. */
  readonly accessToken?: string
}

const PORTS = { starttls: 587, tls: 465, none: 587 } as const
const TIMEOUT_MS = 30_000
/** The limit of a server's response in characters. */
const ANSWER_LIMIT = 64 * 1024

export async function sendMail(
  { headers, date, to, cc, ...mail }: Mail,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<Receipt> {
  // A separate socket lets the end of the attempt close the connection.
  const socket = new Socket().on('error', () => {})
  const abort = () => socket.destroy(new Error('interrupted'))
  signal.addEventListener('abort', abort, { once: true })
  const transport = await open(options, socket)
  try {
    if (signal.aborted) throw new Error('interrupted')
    const sent = await transport.sendMail({
      ...mail,
      // The library formats a Date; a text it would send as it is.
      date: new Date(date),
      to: [...to],
      cc: [...cc],
      headers: { ...headers },
    })
    const refused = sent.rejected.map(String).join(', ')
    return { message: refused ? `${sent.response}; but refused: ${refused}` : sent.response }
  } catch (error) {
    throw failure(error, options)
  } finally {
    signal.removeEventListener('abort', abort)
    transport.close()
    socket.destroy()
  }
}

function portOf({ port, security = 'starttls' }: SmtpOptions): number {
  return port ?? PORTS[security]
}

/** Loads the library with the first message. */
async function open(options: SessionOptions, socket: Socket) {
  const { createTransport } = await import('nodemailer')
  const { host, security = 'starttls', user, password = '', accessToken, ca, certificate, key } = options
  const auth =
    accessToken === undefined ? { user, pass: password } : { type: 'OAuth2' as const, user, accessToken }
  return createTransport({
    host,
    port: portOf(options),
    name: options.hello,
    socket,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user !== undefined && { auth: auth as { user: string; pass: string } }),
    tls: { ...(ca && { ca }), ...(certificate && { cert: certificate, key }) },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    maxResponseSize: ANSWER_LIMIT,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

/** OpenSSL says one of these when the server's first bytes are plain text. */
const NOT_TLS = /wrong version number|packet length too long|unexpected message|tls_validate_record_header/i
const NOT_TLS_CODE = 'ENOTLS'

/** An error of the library, with the reply of the server and the command that it answers. */
interface SmtpError {
  readonly responseCode?: number
  readonly code?: string
  readonly command?: string
}

const isPermanent = ({ responseCode = 0 }: SmtpError) => responseCode >= 500
const rule =
  (matches: (error: SmtpError) => boolean): FaultRule['matches'] =>
  (error) =>
    matches((error ?? {}) as SmtpError)

/** The server refused the account, the password or the token. */
export const isSignInRefusal = rule(
  ({ code, responseCode }) =>
    [530, 535, 538].includes(responseCode ?? 0) ||
    (code === 'EAUTH' && !(responseCode !== undefined && responseCode < 500)),
)

/** RFC 5321: a 4yz reply is temporary, a 5yz reply is permanent. Sender and recipients are options, so no alert changes them. */
export const SMTP_OUTCOMES: AttemptOutcomes = {
  delivered: '2yz for any recipient; the history names those that were refused',
  faults: [
    { fault: '530, 535, 538, or another refusal of the sign-in', effect: 'pause', matches: isSignInRefusal },
    {
      fault: 'no STARTTLS, or with `security: tls` a port that does not begin with TLS',
      effect: 'pause',
      matches: rule((error) => error.code === NOT_TLS_CODE || (error.code === 'ETLS' && isPermanent(error))),
    },
    {
      fault: '552, or a mail above the `SIZE` that the server announces',
      effect: 'dead',
      matches: rule(
        ({ code, command, responseCode }) =>
          responseCode === 552 ||
          (responseCode === undefined && code === 'EMESSAGE' && command === 'MAIL FROM'),
      ),
    },
    {
      fault: '5yz to the sender, or to all recipients',
      effect: 'pause',
      matches: rule((error) => error.code === 'EENVELOPE' && error.command !== 'DATA' && !isTemporary(error)),
    },
    {
      fault:
        '5yz with `5.7.26`, `5.7.60` or `SendAsDenied`: the account or the domain may not send as `from`',
      effect: 'pause',
      matches: (error) =>
        rule(isPermanent)(error) && /\b5\.7\.(?:26|60)\b|SendAsDenied/.test(messageOf(error)),
    },
    { fault: 'another 5yz', effect: 'dead', matches: rule(isPermanent) },
  ],
  retried: '4yz, no connection, a certificate that is not trusted',
}

function isTemporary({ responseCode }: SmtpError): boolean {
  return responseCode !== undefined && responseCode < 500
}

function failure(error: unknown, options: SessionOptions): Error {
  const { responseCode: status } = error as SmtpError
  const where = `smtp://${options.host}:${portOf(options)}`
  const said = withoutToken(messageOf(error), options.accessToken)
  if (options.security === 'tls' && status === undefined && NOT_TLS.test(said)) {
    const message = `${where}: the server does not begin with TLS; if this port speaks STARTTLS, set security to starttls`
    return attemptFailure(SMTP_OUTCOMES.faults, { code: NOT_TLS_CODE, cause: error }, message)
  }
  const message = `${where}: ${describeNetworkFailure(networkErrorCode(error)) ?? said}`
  return attemptFailure(SMTP_OUTCOMES.faults, error, message, status)
}

const BASE64 = /[A-Za-z0-9+/_-]{8,}={0,2}/g

/** A server may quote the sign-in. The token is no option, so the redaction of options does not know it. */
function withoutToken(text: string, token: string | undefined): string {
  if (token === undefined) return text
  const decoded = text.replace(BASE64, (part) =>
    Buffer.from(part, 'base64').toString().includes(token) ? '<secret>' : part,
  )
  return decoded.replaceAll(token, '<secret>')
}
