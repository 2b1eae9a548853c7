/** The source of syslog messages (RFC 5424 and RFC 3164) by UDP, TCP or TLS. */
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { createSecureContext, type TlsOptions } from 'node:tls'
import { messageOf, UserError } from '../errors.ts'
import type { FramedEvent, SourceContext, SourceSpec, SourceType } from './_source.ts'
import { refuseUnknownOptions } from './_source-spec.ts'
import { type Framable, START_POSITION } from './framing/frame.ts'
import { Framer, frameWhole } from './framing/framer.ts'
import { kernelDrops } from './syslog-receiver/kernel-drops.ts'
import { MessageQueue } from './syslog-receiver/message-queue.ts'
import { listenForSyslog, type Sender, type SyslogAddress } from './syslog-receiver/syslog-listener.ts'
import { parseSyslog } from './syslog-receiver/syslog-message.ts'

const TARGET = /^(udp|tcp|tls):\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]]+)(?::(\d{1,5}))?\/?$/
const DEFAULT_PORTS = { udp: 514, tcp: 601, tls: 6514 } as const
const TLS_OPTIONS = ['certificate', 'key', 'clientCa'] as const
const REPORT_MS = 10_000
/** One message can hold several events, when its text is unwrapped. */
const MAX_MESSAGE_EVENTS = 100_000

interface SyslogOptions {
  readonly address: SyslogAddress
  readonly tls: TlsOptions | null
  readonly allowed: BlockList | null
  readonly offsetMinutes: number
}

export default {
  scheme: 'syslog',
  summary: 'syslog messages by udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT',
  open(spec) {
    refuseUnknownOptions(spec, [...TLS_OPTIONS, 'allow', 'utcOffset'])
    const address = addressOf(spec)
    const options = {
      address,
      tls: tlsOf(spec, address),
      allowed: allowedOf(spec),
      offsetMinutes: offsetOf(spec),
    }
    return { ends: false, resumes: false, run: (context: SourceContext) => run(options, spec, context) }
  },
} satisfies SourceType

async function run(options: SyslogOptions, spec: SourceSpec, context: SourceContext): Promise<void> {
  const { log, limits, signal, clock } = context
  const { address, tls, allowed, offsetMinutes } = options
  const queue = new MessageQueue(context, spec.name)
  const eventsOf = (message: Framable, from: Sender): readonly FramedEvent[] => {
    const position = `${address.protocol} ${from.address} port ${from.port}`
    const { raw, refused } = message
    if (refused !== undefined) return [{ raw, refused, position }]
    const fields = parseSyslog(raw, { receivedAt: clock.now(), offsetMinutes })
    return unwrapped(JSON.stringify({ ...fields, client: from.address }), spec, limits.eventBytes).map(
      (event) => ({ ...event, position }),
    )
  }
  const listener = await listenForSyslog({
    address,
    tls,
    allowed,
    log,
    eventBytes: limits.eventBytes,
    offer: (message, from) => queue.offer(eventsOf(message, from)),
    ready: () => queue.hasCapacity(),
    put: (messages, from) => queue.put(messages.flatMap((message) => eventsOf(message, from))),
  })
  log.info({ source: spec.name, port: listener.port }, 'listening for syslog')
  try {
    await context.commitCursor(null)
    const report = createReporter(spec.name, address.protocol === 'udp' ? listener.port : null, log)
    while (!signal.aborted) {
      await clock.sleep(REPORT_MS, signal)
      queue.reportDropped()
      listener.reportRefused()
      await report()
    }
  } finally {
    await listener.close()
    await queue.close()
  }
}

/** Reports what the kernel dropped since the last call, because its buffer was full. */
function createReporter(source: string, port: number | null, log: SourceContext['log']) {
  let known = 0
  return async (): Promise<void> => {
    if (port === null) return
    const drops = await kernelDrops(port)
    if (drops > known) {
      log.error(
        { source, dropped: drops - known },
        'datagrams were dropped: the buffer of the system is full',
      )
    }
    known = drops
  }
}

/** Returns the message as an event, or the events that `?unwrap=` finds in it. */
function unwrapped(raw: string, { unwrap }: SourceSpec, eventBytes: number): readonly Framable[] {
  if (unwrap === null) return [{ raw }]
  const framer = new Framer({ eventBytes, unwrap }, START_POSITION)
  const frames = frameWhole(Buffer.from(raw), framer, MAX_MESSAGE_EVENTS)
  if (frames === null) return [{ raw, refused: `the message exceeds ${MAX_MESSAGE_EVENTS} events` }]
  return frames.map((frame) => ({
    raw: frame.raw,
    ...(frame.refused !== undefined && { refused: frame.refused }),
  }))
}

function invalidOption(spec: SourceSpec, message: string, hint: string, cause?: unknown): UserError {
  return new UserError(`${spec.name}: ${message}`, { code: 'invalid-source-option', hint, cause })
}

function addressOf(spec: SourceSpec): SyslogAddress {
  const match = TARGET.exec(spec.target)
  const protocol = match?.[1] as SyslogAddress['protocol']
  const port = Number(match?.[3] ?? DEFAULT_PORTS[protocol])
  if (!match || port > 65_535) {
    throw new UserError(`invalid address ${spec.address}`, {
      code: 'invalid-source',
      hint: 'use for example syslog:udp://127.0.0.1:5514, or tcp:// or tls://',
    })
  }
  return { protocol, host: match[2]!.replace(/^\[|\]$/g, ''), port }
}

function tlsOf(spec: SourceSpec, { protocol }: SyslogAddress): TlsOptions | null {
  const given = TLS_OPTIONS.filter((name) => name in spec.options)
  if (protocol !== 'tls') {
    if (given.length === 0) return null
    throw invalidOption(spec, `${given[0]} requires tls://`, 'use syslog:tls://HOST:PORT')
  }
  const { certificate, key, clientCa } = spec.options
  if (certificate === undefined || key === undefined) {
    throw invalidOption(spec, 'tls:// requires certificate and key', 'add certificate=FILE&key=FILE')
  }
  const pem = (file: string) => readPem(spec, file)
  const options = {
    cert: pem(certificate),
    key: pem(key),
    minVersion: 'TLSv1.2',
    ...(clientCa !== undefined && { ca: pem(clientCa), requestCert: true, rejectUnauthorized: true }),
  } satisfies TlsOptions
  try {
    createSecureContext(options)
  } catch (cause) {
    const hint = 'check that the files are PEM and that the key belongs to the certificate'
    throw invalidOption(spec, `the certificate cannot be used: ${messageOf(cause)}`, hint, cause)
  }
  return options
}

function readPem(spec: SourceSpec, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw invalidOption(spec, `cannot read ${file}: ${messageOf(cause)}`, 'name a PEM file', cause)
  }
}

function allowedOf(spec: SourceSpec): BlockList | null {
  if (spec.options.allow === undefined) return null
  const list = new BlockList()
  for (const network of spec.options.allow.split(',')) {
    const [address = '', prefix] = network.trim().split('/')
    const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
    const length = prefix === undefined ? bits : Number(prefix)
    if (bits === 0 || !Number.isInteger(length) || length < 0 || length > bits) {
      throw invalidOption(
        spec,
        `invalid network "${network}" in allow`,
        'use for example allow=10.0.0.0/8,::1',
      )
    }
    list.addSubnet(address, length, bits === 32 ? 'ipv4' : 'ipv6')
  }
  return list
}

function offsetOf(spec: SourceSpec): number {
  const text = spec.options.utcOffset ?? '+00:00'
  const match = /^([+-])(0\d|1[0-4]):([0-5]\d)$/.exec(text.replace(/^ /, '+'))
  if (!match) {
    throw invalidOption(spec, `invalid utcOffset "${text}"`, 'use for example utcOffset=%2B02:00 or -05:00')
  }
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}
