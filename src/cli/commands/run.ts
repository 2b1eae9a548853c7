/** `run` runs the daemon in the foreground: it reads events, creates and delivers alerts, and reports what it does. */
import { type Daemon, type DaemonEvent, type DaemonOptions, startDaemon } from '../../daemon/daemon.ts'
import { plainStyle } from '../../reporters/parts/terminal-text.ts'
import { defineCommand, type Io } from '../command/command.ts'
import { durationMs } from '../command/duration.ts'
import { createInterrupts, EXIT_INTERRUPTED } from '../command/interrupts.ts'
import {
  ALLOW_LOCAL_TYPES,
  choice,
  choiceWithDefault,
  flag,
  list,
  parsed,
  text,
  type Values,
  withSuggestions,
} from '../command/options.ts'
import { RECORD_OPTIONS, recordingOf } from '../command/record-options.ts'
import { openSession, type Session } from '../command/session.ts'
import { createEventFormatter } from '../format/event-format.ts'
import { createLinePrinter } from '../format/line-printer.ts'
import { runExitCode, summaryLines } from '../format/run-summary.ts'

const DRAIN_TIMEOUT_MS = 30_000
/** The minimum time for writing the summary, even if the drain timeout has passed. */
const MIN_OUTPUT_MS = 1_000
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** The beginnings of sources that a shell completes. */
const SOURCE_WORDS = [
  'stdin',
  'file:',
  'http://',
  'kafka:',
  'nats:',
  'otlp://',
  'sqs:https://',
  'syslog:udp://',
  'syslog:tcp://',
  'syslog:tls://',
]

const OPTIONS = {
  from: withSuggestions(
    list(
      '--from <source>',
      'source of events: stdin, file:PATH (or a pattern), http://HOST:PORT, kafka:HOST:PORT/TOPIC, nats:HOST:PORT/STREAM, otlp://HOST:PORT, sqs:QUEUE_URL or syslog:udp://HOST:PORT, for example file:a.ndjson?logType=AWS.CloudTrail',
    ),
    SOURCE_WORDS,
  ),
  store: text(
    '--store <url>',
    'sqlite:PATH, postgres://USER@HOST/DATABASE or memory:; default: the store of signalbox.yaml, else sqlite:.signalbox/signalbox.db',
  ),
  http: text(
    '--http <host:port>',
    'address that accepts events by POST /events and serves /healthz, /readyz and /metrics',
  ),
  httpTokenFile: text(
    '--http-token-file <file>',
    'file with the token that POST requests must send; outside loopback this or api.tokens is required',
  ),
  httpTlsCert: text(
    '--http-tls-cert <file>',
    'PEM file with the certificate, and its chain, of all HTTP addresses, which then accept only TLS',
  ),
  httpTlsKey: text('--http-tls-key <file>', 'PEM file with the private key of the certificate'),
  httpClientCa: text(
    '--http-client-ca <file>',
    'PEM file of the authorities; clients must show a certificate that one of them has signed',
  ),
  api: text('--api <host:port>', 'address of the API and the console, which are then at no other address'),
  httpHost: list(
    '--http-host <name>',
    'name under which a proxy on this machine forwards requests to an address without a token',
  ),
  drainTimeout: parsed(
    '--drain-timeout <time>',
    'time to wait for sources and deliveries at the end; default: 30s',
    durationMs,
  ),
  skipInvalid: flag('--skip-invalid', 'run without the files that have errors'),
  allowLocalTypes: ALLOW_LOCAL_TYPES,
  secretsDir: list('--secrets-dir <dir>', 'directory outside the project whose files secrets may refer to'),
  ...RECORD_OPTIONS,
  noGuards: flag(
    '--no-guards',
    'run every detection on every event of its log types, to compare the results',
  ),
  logFormat: choiceWithDefault('--log-format <format>', 'format of standard error', ['pretty', 'json']),
  logLevel: choice(
    '--log-level <level>',
    'lowest level to log; default: warn, or info with --log-format json',
    LOG_LEVELS,
  ),
}

export default defineCommand({
  options: OPTIONS,
  async run({ options }, io) {
    const { logFormat, logLevel } = options
    const level = logLevel ?? (logFormat === 'json' ? 'info' : 'warn')
    const session = openSession(options, io, { log: { format: logFormat, level } })
    const logsGuards = level === 'info' || level === 'debug'
    const onEvent = createEventPrinter(session, logFormat)
    const interrupts = createInterrupts()
    const starting = startDaemon({ ...daemonOptions(options, session, io), logsGuards, onEvent })
    // A signal during the start takes effect after the start. A failed start ends the process by itself.
    const whenStarted = (act: (daemon: Daemon) => unknown) => void starting.then(act).catch(() => {})
    const forget = io.onSignal((signal) => {
      switch (interrupts.next(signal, performance.now())) {
        case 'reload':
          return whenStarted((daemon) => daemon.reload())
        case 'drain':
          return whenStarted((daemon) => daemon.drain())
        case 'end':
          return io.endNow(EXIT_INTERRUPTED)
        case 'ignore':
      }
    })
    try {
      const daemon = await starting
      const summary = await daemon.finished
      if (logFormat === 'json') session.log.info({ ...summary }, 'finished')
      else session.note(`\n${summaryLines(summary, session.errorStyle).join('\n')}`)
      const code = runExitCode(summary, interrupts.stoppedBy)
      // A reader that does not read must not keep a service from ending.
      const outputMs = Math.max(MIN_OUTPUT_MS, daemon.remainingMs())
      if (!(await io.flush(outputMs))) io.endNow(code)
      return code
    } finally {
      forget()
    }
  },
})

function daemonOptions(
  options: Values<typeof OPTIONS>,
  { workspace, log }: Session,
  io: Io,
): Omit<DaemonOptions, 'onEvent'> {
  return {
    workspace,
    log,
    from: options.from,
    storeUrl: options.store,
    http: options.http,
    httpTokenFile: options.httpTokenFile,
    httpTls: {
      certificate: options.httpTlsCert,
      key: options.httpTlsKey,
      clientCa: options.httpClientCa,
    },
    api: options.api,
    httpHosts: options.httpHost,
    drainTimeoutMs: options.drainTimeout ?? DRAIN_TIMEOUT_MS,
    skipInvalid: options.skipInvalid,
    guards: !options.noGuards,
    recording: recordingOf(options),
    secretsDirs: options.secretsDir,
    stdin: io.stdin,
    print: createLinePrinter(io.stdout),
  }
}

/** All events are printed to standard error, because standard output belongs to the console destination. */
function createEventPrinter(session: Session, format: 'pretty' | 'json'): (event: DaemonEvent) => void {
  const formatEvent = createEventFormatter(format === 'json' ? plainStyle : session.errorStyle)
  return (event) => {
    const formatted = formatEvent(event)
    if (!formatted) return
    if (format === 'json') session.log[formatted.level](formatted.fields, formatted.message)
    else if (formatted.level === 'warn') session.printError(formatted.lines.join('\n'))
    else session.note(formatted.lines.join('\n'))
  }
}
