/** E-mail over SMTP: one message an alert, with the same Message-ID for every attempt. */
import { createHash } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { isError } from '../errors.ts'
import { UPDATE_EVENTS } from '../model/alerts/alert-update.ts'
import type { Severity } from '../model/alerts/severity.ts'
import type { Transport } from '../model/ports.ts'
import { defineDestination, type Message, type Receipt, type SendPorts } from './_destination.ts'
import { CREDENTIAL_TRANSPORT_SCHEMA, file, TLS_PROPERTIES } from './_options.ts'
import { headline, plainText } from './parts/alert-text.ts'
import { accessToken, forgetToken, type TokenSettings } from './parts/credentials/oauth2-token.ts'
import {
  isSignInRefusal,
  type Mail,
  SMTP_OUTCOMES,
  type SmtpOptions,
  sendMail,
} from './parts/direct/smtp-session.ts'
import { mailHtml, updateHtml } from './parts/mail-html.ts'
import { secretText, text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'
import { updateText } from './parts/updates/update-text.ts'

interface EmailOptions extends SmtpOptions {
  readonly hello?: string
  readonly oauth2?: Omit<TokenSettings, 'subject'>
  /** Access tokens are fetched by it. */
  readonly transport?: Transport
  readonly from: string
  readonly to: readonly string[]
  readonly cc?: readonly string[]
  readonly replyTo?: string
  readonly thread?: 'alert' | 'detection'
}

const SUBJECT_LIMIT = 250
const TEXT_LIMIT = 200_000
const ADDRESS = '^[^\\s@<>]+@[^\\s@<>]+$|^[^<>\\r\\n]*<[^\\s@<>]+@[^\\s@<>]+>$'

const addresses = (description: string, example: string) => ({
  type: 'array',
  minItems: 1,
  items: { type: 'string', pattern: ADDRESS },
  examples: [[example]],
  description,
})

const OAUTH2 = {
  type: 'object',
  description:
    'Signs in by XOAUTH2 in place of a password. The token comes from client credentials (Microsoft 365), or from `refreshToken` or `serviceAccount` (Google).',
  examples: [
    {
      tokenUrl: 'https://login.microsoftonline.com/TENANT/oauth2/v2.0/token',
      clientId: 'ID',
      clientSecret: file('secrets/mail-client'),
      scope: 'https://outlook.office365.com/.default',
    },
  ],
  required: ['tokenUrl'],
  oneOf: [{ required: ['clientId'] }, { required: ['serviceAccount'] }],
  dependencies: { clientId: ['clientSecret'], clientSecret: ['clientId'], refreshToken: ['clientId'] },
  properties: {
    tokenUrl: text('The endpoint for tokens.', 'https://oauth2.googleapis.com/token', {
      pattern: '^https?://',
    }),
    clientId: text('The id of the application.'),
    clientSecret: secretText('MAIL_CLIENT_SECRET', 'The secret of the application.'),
    refreshToken: secretText('MAIL_REFRESH_TOKEN', 'A refresh token of the user.'),
    serviceAccount: {
      type: 'string',
      minLength: 1,
      secret: true,
      examples: [file('secrets/google.json')],
      description: "JSON of a Google service account's key, with domain-wide delegation for the user.",
    },
    scope: text('The scope.', 'https://mail.google.com/'),
  },
  additionalProperties: false,
} as const

export default defineDestination<EmailOptions, Mail>({
  type: 'email',
  summary: 'an e-mail, over SMTP',
  options: {
    type: 'object',
    required: ['host', 'from', 'to'],
    dependencies: {
      user: { oneOf: [{ required: ['password'] }, { required: ['oauth2'] }] },
      password: ['user'],
      oauth2: ['user'],
      transport: ['oauth2'],
      certificate: ['key'],
      key: ['certificate'],
    },
    properties: {
      host: text('The mail server.', 'smtp.example.com'),
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65_535,
        examples: [587],
        description: 'Its port; by default 465 for `tls` and 587 otherwise.',
      },
      security: {
        enum: ['starttls', 'tls', 'none'],
        default: 'starttls',
        description:
          '`starttls` sends nothing before the connection is encrypted, `tls` encrypts from the start.',
      },
      user: text('User for authentication; without it there is none.', 'signalbox@example.com'),
      password: secretText('SMTP_PASSWORD', "The user's password."),
      oauth2: OAUTH2,
      transport: CREDENTIAL_TRANSPORT_SCHEMA,
      hello: text(
        'The name that the server is greeted with (EHLO); by default the domain of `from`.',
        'soc.example.com',
        {
          pattern: '^[A-Za-z0-9.:[\\]-]+$',
        },
      ),
      from: text('The sender.', 'Signalbox <signalbox@example.com>', { pattern: ADDRESS }),
      to: addresses('The recipients.', 'soc@example.com'),
      cc: addresses('The recipients of a copy.', 'audit@example.com'),
      replyTo: text('The address for answers.', 'soc@example.com', { pattern: ADDRESS }),
      thread: {
        enum: ['alert', 'detection'],
        default: 'alert',
        description:
          'Which mails a mail program shows as one conversation: those about one alert, or all of one detection.',
      },
      ...TLS_PROPERTIES,
    },
    additionalProperties: false,
  },
  outcomes: SMTP_OUTCOMES,
  payload(message, options) {
    const truncation = new Truncation()
    const thread = threadOf(message, options)
    return {
      ...envelopeOf(message, message.notification.severity, '', options, truncation),
      text: truncation.text('text', plainText(message), TEXT_LIMIT),
      html: mailHtml(message),
      inReplyTo: thread,
      references: thread,
      date: message.notification.createdAt,
      notes: truncation.notes,
    }
  },
  updates: {
    events: UPDATE_EVENTS,
    payload(update, options) {
      const truncation = new Truncation()
      const text = truncation.text('text', updateText(update), TEXT_LIMIT)
      const answered = messageId(update.firstKey, options)
      return {
        ...envelopeOf(update, update.severity, 'Re: ', options, truncation),
        text,
        html: updateHtml(text),
        inReplyTo: answered,
        references: `${threadOf(update, options)} ${answered}`,
        date: new Date(update.at).toISOString(),
        notes: truncation.notes,
      }
    },
  },
  async send(mail, options, ports) {
    const { oauth2, transport, user, hello = domainOf(options.from), ...smtp } = options
    const session = { ...smtp, hello, ...(user !== undefined && { user }) }
    if (oauth2 === undefined) return sendMail(mail, session, ports.signal)
    const settings = { ...oauth2, ...(user !== undefined && { subject: user }) }
    return withToken(settings, transport, ports, (token) =>
      sendMail(mail, { ...session, accessToken: token }, ports.signal),
    )
  },
})

/** A token can be revoked before it expires: then the server refuses it, and a second one is tried once. */
async function withToken(
  settings: TokenSettings,
  transport: Transport | undefined,
  { http, signal }: SendPorts,
  send: (token: string) => Promise<Receipt>,
): Promise<Receipt> {
  const owner = ['email', transport]
  const token = await accessToken(settings, owner, http)
  try {
    return await send(token)
  } catch (error) {
    const isRefused = isError(error, 'permanent') && isSignInRefusal(error.cause)
    if (!isRefused || signal.aborted) throw error
    await forgetToken(settings, owner, token)
    return send(await accessToken(settings, owner, http))
  }
}

/** The parts that a mail about an alert and one about an update have in common. */
function envelopeOf(
  message: Message,
  severity: Severity,
  prefix: string,
  options: EmailOptions,
  truncation: Truncation,
) {
  const { from, to, cc = [], replyTo } = options
  const { alertId, id } = message.notification
  const title = (message.title || headline(message.notification)).replace(/\s+/g, ' ')
  return {
    from,
    to,
    cc,
    ...(replyTo !== undefined && { replyTo }),
    subject: truncation.text(
      'subject',
      `${prefix}[${message.notification.severity}] ${title}`,
      SUBJECT_LIMIT,
    ),
    messageId: messageId(message.idempotencyKey, options),
    headers: {
      'X-Signalbox-Alert': alertId,
      'X-Signalbox-Detection': id.replace(/\s+/g, ' '),
      'X-Signalbox-Severity': severity,
      'Auto-Submitted': 'auto-generated',
    },
    priority: priorityOf(severity),
  }
}

function messageId(key: string, { from }: EmailOptions): string {
  return `<${key}@${domainOf(from)}>`
}

/** The id of the conversation. The mail that has it need not exist. */
function threadOf(
  { notification: { alertId, id } }: Message,
  { from, thread = 'alert' }: EmailOptions,
): string {
  const key = thread === 'alert' ? alertId : createHash('sha256').update(id).digest('hex').slice(0, 32)
  return `<${thread}-${key}@${domainOf(from)}>`
}

/** The domain of an address in ASCII; a reserved one where the address is a reference that has no value yet. */
function domainOf(address: string): string {
  const [, domain = ''] = /@([^\s@<>]+)>?$/.exec(address) ?? []
  return domainToASCII(domain) || 'signalbox.invalid'
}

function priorityOf(severity: Severity): Mail['priority'] {
  if (severity === 'CRITICAL' || severity === 'HIGH') return 'high'
  return severity === 'MEDIUM' ? 'normal' : 'low'
}
