/** Implements the log port with pino: one line per entry on stderr, readable or JSON. Standard output is for machines. */
import { createRequire } from 'node:module'
import type { Log } from './model/ports.ts'

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly format: 'pretty' | 'json'
  /** Colors the readable format; the default is false. */
  readonly color?: boolean
  /** Writes one line with its newline; the default is standard error. */
  readonly write?: (line: string) => void
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Pino is loaded when the first line is written, because most commands write none. */
export function createLog(options: LogOptions): Log {
  let opened: Log | undefined
  const least = options.level === 'silent' ? LEVELS.length : LEVELS.indexOf(options.level)
  const writer = (level: (typeof LEVELS)[number]) => (fields: object, message: string) => {
    if (LEVELS.indexOf(level) < least) return
    opened ??= open(options)
    opened[level](fields, message)
  }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

function open({ level, format, color = false, write }: LogOptions): Log {
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino').default
  const destination = write
    ? { write }
    : // The stream is synchronous, so that an exit right after a line does not lose it.
      pino.destination({ fd: 2, sync: true })
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause },
      timestamp: pino.stdTimeFunctions.isoTime,
      ...(format === 'pretty' && { hooks: { streamWrite: (line: string) => pretty(line, color) } }),
    },
    destination,
  )
}

const LABELS: Readonly<Record<string, readonly [label: string, code: number]>> = {
  debug: ['debug', 90],
  info: ['info ', 36],
  warn: ['warn ', 33],
  error: ['error', 31],
}

/** `12:00:00 warn  message  key=value`; control characters are escaped, because they can come from events. */
function pretty(line: string, color: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const [label, code] = LABELS[String(level)] ?? [String(level), 0]
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  const tail = rest.length > 0 ? paint(90, ` ${rest.join('')}`) : ''
  return `${String(time).slice(11, 19)} ${paint(code, label)} ${visible(String(msg))}${tail}\n`
}

function fieldText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value && 'message' in value) {
    return visible(JSON.stringify(value.message))
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return visible(typeof value === 'string' && /[\s"=]/.test(text) ? JSON.stringify(text) : text)
}

function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, escaped)
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
