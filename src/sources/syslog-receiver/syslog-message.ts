/** Parses a message of syslog: RFC 5424, RFC 3164 and what devices send in their place. Pure. */
import { parseStructuredData } from './structured-data.ts'

const FACILITIES = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ')
const SEVERITIES = 'emerg alert crit err warning notice info debug'.split(' ')
const MAX_PRIORITY = 191
/** RFC 3164 gives this priority (user, notice) to a message without one. */
const DEFAULT_PRIORITY = 13
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const DAY_MS = 86_400_000
const BYTE_ORDER_MARK = '\ufeff'

const PRIORITY = /^<(\d{1,3})>/
const HEADER_5424 = /^([1-9]\d{0,2}) (\S+) (\S+) (\S+) (\S+) (\S+) (?=[[-])/
const OLD_TIME = /^([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?: |$)/
const ISO_TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})) /
/** The colon needs space behind it, unlike those in an address or in JSON. */
const TAG = /^([\w./%@+-]{1,128})(?:\[([^\]\s]{1,128})\])?:(?: |$)/
/** A host name has no colon at its end, unlike the tag. */
const HOST = /^([^\s[]*[^\s:[]) /

/** The fields of an event; those without a value are absent. */
export interface SyslogFields {
  readonly priority: number
  readonly facility: number
  readonly facility_name: string
  readonly severity: number
  readonly severity_name: string
  readonly version?: number
  readonly timestamp?: string
  readonly hostname?: string
  readonly appname?: string
  readonly procid?: string
  readonly msgid?: string
  readonly structured_data?: Readonly<Record<string, unknown>>
  readonly message: string
}

interface ParseOptions {
  /** Epoch milliseconds of the receipt, which give the year of RFC 3164. */
  readonly receivedAt: number
  /** The offset from UTC of times in RFC 3164, in minutes. */
  readonly offsetMinutes: number
}

/** Never fails: what has no known form is the message, with the default priority. */
export function parseSyslog(text: string, options: ParseOptions): SyslogFields {
  const line = withoutLineEnds(text)
  const match = PRIORITY.exec(line)
  const priority = Number(match?.[1] ?? MAX_PRIORITY + 1)
  if (match === null || priority > MAX_PRIORITY) return { ...levelsOf(DEFAULT_PRIORITY), message: line }
  const rest = line.slice(match[0].length)
  return { ...levelsOf(priority), ...(parse5424(rest) ?? parse3164(rest, options)) }
}

/** A pattern would take time that grows with the square of a text of many line ends. */
function withoutLineEnds(text: string): string {
  let end = text.length
  while (end > 0 && '\r\n\0'.includes(text[end - 1]!)) end--
  return text.slice(0, end)
}

function levelsOf(priority: number) {
  const facility = priority >> 3
  const severity = priority & 7
  return {
    priority,
    facility,
    facility_name: FACILITIES[facility]!,
    severity,
    severity_name: SEVERITIES[severity]!,
  }
}

type Rest = Omit<SyslogFields, keyof ReturnType<typeof levelsOf>>

function parse5424(text: string): Rest | null {
  const header = HEADER_5424.exec(text)
  if (!header) return null
  const [all, version, timestamp, hostname, appname, procid, msgid] = header
  const structured = parseStructuredData(text.slice(all.length))
  if (structured === null) return null
  const { data, rest } = structured
  const values = { timestamp, hostname, appname, procid, msgid }
  const present = Object.entries(values).filter(([, value]) => value !== '-')
  return {
    version: Number(version),
    ...Object.fromEntries(present),
    ...(data !== null && { structured_data: data }),
    message: rest.startsWith(BYTE_ORDER_MARK) ? rest.slice(1) : rest,
  }
}

function parse3164(text: string, options: ParseOptions): Rest {
  const time = timeOf(text, options)
  if (time === null) return { ...tagged(text) }
  const rest = text.slice(time.length)
  // A local sender leaves the host out; then the tag follows the time.
  const host = TAG.test(rest) ? null : HOST.exec(rest)
  return {
    timestamp: time.timestamp,
    ...(host !== null && { hostname: host[1]! }),
    ...tagged(host === null ? rest : rest.slice(host[0].length)),
  }
}

function tagged(text: string): Pick<Rest, 'appname' | 'procid' | 'message'> {
  const tag = TAG.exec(text)
  if (tag === null) return { message: text }
  const [all, appname, procid] = tag
  return { appname: appname!, ...(procid !== undefined && { procid }), message: text.slice(all.length) }
}

function timeOf(text: string, options: ParseOptions): { timestamp: string; length: number } | null {
  const iso = ISO_TIME.exec(text)
  if (iso) return { timestamp: iso[1]!, length: iso[0].length }
  const old = OLD_TIME.exec(text)
  const month = MONTHS.indexOf(old?.[1] ?? '')
  if (old === null || month === -1) return null
  const [day, hour, minute, second] = old.slice(2, 6).map(Number) as [number, number, number, number]
  const at = (year: number) => Date.UTC(year, month, day, hour, minute - options.offsetMinutes, second)
  const thisYear = new Date(options.receivedAt).getUTCFullYear()
  // The time has no year: the latest one that does not lie in the future counts, with a day for clocks that differ.
  const year = [thisYear + 1, thisYear, thisYear - 1].find((each) => at(each) <= options.receivedAt + DAY_MS)!
  const utc = new Date(at(year))
  // A day that the month does not have would be one of the next month.
  const isReal = new Date(at(year) + options.offsetMinutes * 60_000).getUTCMonth() === month
  if (!isReal || day === 0 || hour > 23) return null
  const fraction = old[6] ?? ''
  return { timestamp: utc.toISOString().replace(/\.\d+Z$/, `${fraction}Z`), length: old[0].length }
}
