/** E-mail over SMTP: one message an alert, with the same Message-ID for every attempt. */
import { Socket } from 'node:net'
import { domainToASCII } from 'node:url'
import { describeNetworkFailure, networkErrorCode } from '../core/network-failure.ts'
import { messageOf, PermanentError, RetryableError } from '../errors.ts'
import { defineDestination, type Message } from './_destination.ts'
import { TLS_PROPERTIES } from './_options.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface EmailOptions {
  readonly host: string
  readonly port?: number
  readonly security?: 'starttls' | 'tls' | 'none'
  readonly user?: string
  readonly password?: string
  readonly from: string
  readonly to: readonly string[]
  readonly cc?: readonly string[]
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly subject: string
  readonly text: string
  readonly messageId: string
  /** ISO time. */
  readonly date: string
  readonly headers: Readonly<Record<string, string>>
  readonly priority: 'high' | 'normal' | 'low'
}

const SUBJECT_LIMIT = 250
const TEXT_LIMIT = 200_000
const TIMEOUT_MS = 30_000
/** The limit of a server's response in characters. */
const ANSWER_LIMIT = 64 * 1024
const ADDRESS = '^[^\\s@<>]+@[^\\s@<>]+$|^[^<>\\r\\n]*<[^\\s@<>]+@[^\\s@<>]+>$'

const addresses = (description: string, example: string) => ({
  type: 'array',
  minItems: 1,
  items: { type: 'string', pattern: ADDRESS },
  examples: [[example]],
  description,
})

export default defineDestination<EmailOptions, Mail>({
  type: 'email',
  summary: 'an e-mail, over SMTP',
  options: {
    type: 'object',
    required: ['host', 'from', 'to'],
    dependencies: { user: ['password'], password: ['user'], certificate: ['key'], key: ['certificate'] },
    properties: {
      host: text('The mail server.', 'smtp.example.com'),
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65_535,
        default: 587,
        description: 'Its port; 465 for `tls`.',
      },
      security: {
        enum: ['starttls', 'tls', 'none'],
        default: 'starttls',
        description:
          '`starttls` sends nothing before the connection is encrypted, `tls` encrypts from the start.',
      },
      user: text('User for authentication; without it there is none.', 'signalbox@example.com'),
      password: secretText('SMTP_PASSWORD', "The user's password."),
      from: text('The sender.', 'Signalbox <signalbox@example.com>', { pattern: ADDRESS }),
      to: addresses('The recipients.', 'soc@example.com'),
      cc: addresses('The recipients of a copy.', 'audit@example.com'),
      ...TLS_PROPERTIES,
    },
    additionalProperties: false,
  },
  payload(message, { from, to, cc = [] }) {
    const truncation = new Truncation()
    const { severity, alertId, id, createdAt } = message.notification
    const title = (message.title || headline(message.notification)).replace(/[\s\p{Cc}]+/gu, ' ')
    return {
      from,
      to,
      cc,
      subject: truncation.text('subject', `[${severity}] ${title}`, SUBJECT_LIMIT),
      text: truncation.text('text', plainText(message), TEXT_LIMIT),
      messageId: `<${message.idempotencyKey}@${domainOf(from)}>`,
      date: createdAt,
      headers: {
        'X-Signalbox-Alert': alertId,
        'X-Signalbox-Detection': id.replace(/[\s\p{Cc}]+/gu, ' '),
        'X-Signalbox-Severity': severity,
        'Auto-Submitted': 'auto-generated',
      },
      priority: priorityOf(severity),
      notes: truncation.notes,
    }
  },
  async send({ headers, date, ...mail }, options, { signal }) {
    const { host, port = 587 } = options
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
        to: [...mail.to],
        cc: [...mail.cc],
        headers: { ...headers },
      })
      const refused = sent.rejected.map(String).join(', ')
      return { message: refused ? `${sent.response}; but refused: ${refused}` : sent.response }
    } catch (error) {
      throw failure(error, `smtp://${host}:${port}`)
    } finally {
      signal.removeEventListener('abort', abort)
      transport.close()
      socket.destroy()
    }
  },
})

/** The domain of an address in ASCII; a reserved one where the address is a reference that has no value yet. */
function domainOf(address: string): string {
  const [, domain = ''] = /@([^\s@<>]+)>?$/.exec(address) ?? []
  return domainToASCII(domain) || 'signalbox.invalid'
}

function priorityOf(severity: Message['notification']['severity']): Mail['priority'] {
  if (severity === 'CRITICAL' || severity === 'HIGH') return 'high'
  return severity === 'MEDIUM' ? 'normal' : 'low'
}

/** Loads the library with the first message. */
async function open(options: EmailOptions, socket: Socket) {
  const { createTransport } = await import('nodemailer')
  const { host, port = 587, security = 'starttls', user, password, ca, certificate, key } = options
  return createTransport({
    host,
    port,
    socket,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    tls: { ...(ca && { ca }), ...(certificate && { cert: certificate, key }) },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    maxResponseSize: ANSWER_LIMIT,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

/** According to RFC 5321, a 4yz reply is temporary and a 5yz reply is permanent. */
function failure(error: unknown, where: string): RetryableError | PermanentError {
  const { responseCode: status, code = '' } = error as { responseCode?: number; code?: string }
  const cause = { cause: error, ...(status !== undefined && { status }) }
  const message = `${where}: ${describeNetworkFailure(networkErrorCode(error)) ?? messageOf(error)}`
  if (code === 'EAUTH' && !(status !== undefined && status < 500))
    return new PermanentError(message, { ...cause, scope: 'destination' })
  if (status === undefined || status < 500) return new RetryableError(message, cause)
  const scope = [530, 535, 538].includes(status) || code === 'ETLS' ? 'destination' : 'delivery'
  return new PermanentError(message, { ...cause, scope })
}
