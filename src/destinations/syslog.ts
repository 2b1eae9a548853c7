/** Syslog, RFC 5424: one message an alert, over UDP, TCP or TLS. */
import { createSocket } from 'node:dgram'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describeNetworkFailure, networkErrorCode } from '../core/network-failure.ts'
import { messageOf } from '../errors.ts'
import type { Severity } from '../model/alerts/severity.ts'
import { type AttemptOutcomes, defineDestination, type Message, type SendPorts } from './_destination.ts'
import { TLS_PROPERTIES } from './_options.ts'
import { headline } from './parts/alert-text.ts'
import { attemptFailure } from './parts/direct/attempt-failure.ts'
import { withoutContext } from './parts/notification-size.ts'
import { text } from './parts/option-forms.ts'
import { Truncation } from './parts/truncate.ts'

interface SyslogOptions {
  readonly host: string
  readonly port?: number
  readonly protocol?: 'udp' | 'tcp' | 'tls'
  readonly facility?: number
  readonly appName?: string
  readonly hostname?: string
  readonly framing?: 'octets' | 'newline'
  readonly maxBytes?: number
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
}

interface Line {
  readonly line: string
}

const SEVERITIES: Record<Severity, number> = { CRITICAL: 2, HIGH: 3, MEDIUM: 4, LOW: 5, INFO: 6 }
const PORTS = { udp: 514, tcp: 601, tls: 6514 } as const
const LOCAL0 = 16
/** The limit of the title in the structured data in characters; the message has the complete title. */
const TITLE_LIMIT = 200
/** The time for the receiver to close the connection or to report an error. */
const LINGER_MS = 1_000
const MAX_MESSAGE_BYTES = { udp: 2_048, tcp: 8_192, tls: 8_192 } as const

/** Syslog has no answer by which a receiver could refuse a message. */
const OUTCOMES: AttemptOutcomes = {
  delivered: 'written, and the connection not reset',
  faults: [],
  retried: 'no connection, a reset, a certificate that is not trusted, a client certificate that is refused',
}

export default defineDestination<SyslogOptions, Line>({
  type: 'syslog',
  summary: 'a syslog message (RFC 5424) over UDP, TCP or TLS',
  templates: ['payload'],
  options: {
    type: 'object',
    required: ['host'],
    dependencies: { certificate: ['key'], key: ['certificate'] },
    properties: {
      host: text('The receiver.', 'syslog.example.com'),
      port: {
        type: 'integer',
        minimum: 1,
        maximum: 65_535,
        examples: [6514],
        description: 'Its port; 514 for UDP, 601 for TCP, 6514 for TLS when absent.',
      },
      protocol: { enum: ['udp', 'tcp', 'tls'], default: 'tls', description: 'How messages travel.' },
      facility: {
        type: 'integer',
        minimum: 0,
        maximum: 23,
        default: LOCAL0,
        description: 'The facility; 16 is local0.',
      },
      appName: text('The APP-NAME.', undefined, { default: 'signalbox', pattern: '^[!-~]{1,48}$' }),
      hostname: text('The HOSTNAME.', 'soc-1', { default: '-', pattern: '^[!-~]{1,255}$' }),
      framing: {
        enum: ['octets', 'newline'],
        default: 'octets',
        description: 'Framing on TCP and TLS: a length before each message (RFC 6587), or line ends.',
      },
      maxBytes: {
        type: 'integer',
        minimum: 480,
        maximum: 65_000,
        examples: [8_192],
        description: 'Maximum size of a message; by default 2,048 for UDP and 8,192 otherwise.',
      },
      ...TLS_PROPERTIES,
    },
    additionalProperties: false,
  },
  outcomes: OUTCOMES,
  payload(message, options) {
    const truncation = new Truncation()
    const { protocol = 'tls', maxBytes = MAX_MESSAGE_BYTES[protocol] } = options
    const head = headOf(message, options, truncation)
    const availableBytes = maxBytes - Buffer.byteLength(head)
    const { id, severity, title, alertId, link } = message.notification
    const body = truncation.fullest(
      availableBytes,
      () => message.payload ?? message.json,
      {
        without: 'the alert context',
        build: () => message.payload ?? JSON.stringify(withoutContext(message)),
      },
      {
        without: 'all but title and link',
        build: () => JSON.stringify({ id, severity, title, alertId, link }),
      },
    )
    return { line: head + truncation.bytes('message', body, availableBytes), notes: truncation.notes }
  },
  async send({ line }, options, { signal }) {
    const { protocol = 'tls', host } = options
    const port = options.port ?? PORTS[protocol]
    const where = `${protocol}://${host}:${port}`
    try {
      const done =
        protocol === 'udp'
          ? await sendDatagram(line, host, port, signal)
          : await sendStream(line, { ...options, protocol, port }, signal)
      return { message: `${done} ${where}` }
    } catch (error) {
      const what = describeNetworkFailure(networkErrorCode(error)) ?? messageOf(error)
      throw attemptFailure(OUTCOMES.faults, error, `${where}: ${what}`)
    }
  },
})

/** Builds everything before MSG. */
function headOf(
  message: Message,
  { facility = LOCAL0, hostname = '-', appName = 'signalbox' }: SyslogOptions,
  truncation: Truncation,
): string {
  const { severity, createdAt, type, alertId, id } = message.notification
  const priority = facility * 8 + SEVERITIES[severity]
  const title = truncation.text('title', message.title || headline(message.notification), TITLE_LIMIT)
  const parameters = { alertId, detection: id, severity, key: message.idempotencyKey, title }
  const data = Object.entries(parameters)
    .map(([name, value]) => `${name}="${value.replace(/["\\\]]/g, '\\$&').replace(/\p{Cc}/gu, ' ')}"`)
    .join(' ')
  // 32473 is the enterprise number for examples, so the id cannot conflict with that of a vendor.
  return `<${priority}>1 ${createdAt} ${hostname} ${appName} - ${type} [alert@32473 ${data}] `
}

function sendDatagram(
  line: string,
  host: string,
  port: number,
  signal: SendPorts['signal'],
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', signal })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('interrupted')))
    socket.send(line, port, host, (error) => {
      if (error) reject(error)
      else resolve('written to')
      socket.close()
    })
  })
}

interface StreamOptions extends SyslogOptions {
  readonly protocol: 'tcp' | 'tls'
  readonly port: number
}

/**
 * The message is sent when the receiver closes the connection or reports no error for a second, because syslog has no
 * other response. In TLS 1.3 even a client certificate is rejected after the handshake.
 */
function sendStream(line: string, options: StreamOptions, signal: SendPorts['signal']): Promise<string> {
  const { framing = 'octets', protocol } = options
  const frame =
    framing === 'octets' ? `${Buffer.byteLength(line)} ${line}` : `${line.replace(/[\r\n]+/g, ' ')}\n`
  const socket = open(options)
  let timer: NodeJS.Timeout | undefined
  const abort = () => socket.destroy(new Error('interrupted'))
  signal.addEventListener('abort', abort, { once: true })
  const done = new Promise<string>((resolve, reject) => {
    socket.once(protocol === 'tls' ? 'secureConnect' : 'connect', () =>
      socket.end(frame, () => {
        timer = setTimeout(() => resolve('written to'), LINGER_MS)
        if (socket.readableEnded) resolve('accepted by')
      }),
    )
    socket.once('end', () => socket.writableFinished && resolve('accepted by'))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    if (signal.aborted) abort()
  })
  // Received data is discarded; unread data would delay the end.
  socket.resume()
  return done.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    socket.destroy()
  })
}

function open({ protocol, host, port, ca, certificate, key }: StreamOptions): Socket {
  if (protocol === 'tcp') return connectTcp({ host, port })
  // The name of a server in TLS may not be an IP address; the certificate is compared with the host in any case.
  const servername = isIP(host) === 0 ? host : undefined
  return connectTls({ host, port, ...(servername && { servername }), ca, cert: certificate, key })
}
