/** Compares what the daemon reported as missed with the ledger: nothing is lost unreported, nothing reported that arrived. */
import { basename } from 'node:path'
import type { Content, LogLedger, WrittenLine } from './log-ledger.ts'

export interface MissedReport {
  readonly at: number
  readonly text: string
  readonly file: string
  /** null: only files that were never listed are meant. */
  readonly inode: string | null
  readonly copyInode: string | null
  readonly from: number
  readonly bytes: number
  /** Files that were made after this one and removed are missed, too. */
  readonly after: string | null
}

export interface ReportCheck {
  /** Lost lines within an amount of bytes that was reported. */
  readonly byAmount: readonly string[]
  /** Lost lines of which a report says that their number is unknown. */
  readonly asUnknown: readonly string[]
  readonly unreported: readonly string[]
  /** Lines that arrived within an amount that was reported, and reports of what did not happen. */
  readonly overclaimed: readonly string[]
}

const UNKNOWN = 'an unknown number of lines'

export function missedReports(output: readonly { at: number; text: string }[]): MissedReport[] {
  return output.filter(({ text }) => text.includes(UNKNOWN)).map(parse)
}

function parse({ at, text }: { at: number; text: string }): MissedReport {
  const field = (name: string) => new RegExp(` ${name}=(\\S+)`).exec(text)?.[1] ?? null
  const inode = field('inode')
  const after = field('after') ?? (text.includes('made and removed since') ? inode : null)
  const amounts = { from: Number(field('from') ?? 0), bytes: Number(field('bytes') ?? 0) }
  return { at, text, file: field('file') ?? '', inode, copyInode: field('copyInode'), after, ...amounts }
}

export function checkReports(
  ledger: LogLedger,
  reports: readonly MissedReport[],
  lost: readonly WrittenLine[],
  log: string,
): ReportCheck {
  const contents = contentsOf(ledger, reports, lost)
  const isMeant = (report: MissedReport, { contents: written }: WrittenLine) => {
    const meant = contents.get(report)
    return meant != null && written.some((content) => isSame(content, meant))
  }
  const isWithin = (report: MissedReport, line: WrittenLine) =>
    line.offset >= report.from && line.end <= report.from + report.bytes && isMeant(report, line)
  const isCovered = (report: MissedReport, line: WrittenLine) =>
    (line.end > report.from && isMeant(report, line)) ||
    (report.after !== null &&
      line.contents.every(({ inode }) => ledger.wasRemovedAfter(inode, report.after!, report.at)))
  const byAmount = lost.filter((line) => reports.some((report) => isWithin(report, line)))
  const rest = lost.filter((line) => !byAmount.includes(line))
  const asUnknown = rest.filter((line) => reports.some((report) => isCovered(report, line)))
  const lostIds = new Set(lost.map(({ id }) => id))
  const arrived = ledger.lines.filter(({ id }) => !lostIds.has(id))
  // With delayed compression a compressed file has another name than the ledger knows, so it claims no bytes.
  const isCompressed = ({ file, bytes }: MissedReport) => bytes === 0 && file.endsWith('.gz')
  const isFounded = (report: MissedReport) =>
    basename(report.file).startsWith(basename(log)) &&
    (isCompressed(report) ||
      contents.get(report) != null ||
      (report.inode === null && ledger.wasRemoved(report.after!, report.at)))
  return {
    byAmount: byAmount.map(({ id }) => id),
    asUnknown: asUnknown.map(({ id }) => id),
    unreported: rest.filter((line) => !asUnknown.includes(line)).map(({ id }) => id),
    overclaimed: [
      ...arrived.filter((line) => reports.some((report) => isWithin(report, line))).map(({ id }) => id),
      ...reports.filter((report) => !isFounded(report)).map(({ text }) => text),
    ],
  }
}

/** Finds the content whose end each report says is missed. A report that names no such content has null. */
function contentsOf(
  ledger: LogLedger,
  reports: readonly MissedReport[],
  lost: readonly WrittenLine[],
): Map<MissedReport, Content | null> {
  const found = new Map<MissedReport, Content | null>()
  for (const report of reports) {
    const copy = ledger.copyOf(report.copyInode ?? report.inode ?? '')
    if (copy) found.set(report, copy)
  }
  for (const report of reports) {
    if (!found.has(report)) found.set(report, contentOf(ledger, report, lost, [...found]))
  }
  return found
}

function contentOf(
  ledger: LogLedger,
  report: MissedReport,
  lost: readonly WrittenLine[],
  found: readonly [MissedReport, Content | null][],
): Content | null {
  const { inode, at } = report
  if (inode === null || !ledger.isKnown(inode)) return null
  const last = ledger.generations(inode)
  if (last === 0) return ledger.wasRemoved(inode, at) ? { inode, generation: 0 } : null
  // A report after a kill may come twice.
  const before = found.find(
    ([other]) => other.inode === inode && other.from === report.from && !other.copyInode,
  )
  if (before) return before[1]
  const generations = Array.from({ length: last }, (_, generation) => ({ inode, generation }))
  const isReported = (content: Content) => found.some(([, other]) => other && isSame(other, content))
  return (
    generations.find((content) => !isReported(content) && isReadUpTo(ledger, content, report.from, lost)) ??
    null
  )
}

/** All that was written before that byte has arrived, and no line lies across it. */
function isReadUpTo(
  { lines }: LogLedger,
  content: Content,
  from: number,
  lost: readonly WrittenLine[],
): boolean {
  const written = lines.filter(({ contents }) => contents.some((other) => isSame(other, content)))
  const isEnd = from === 0 || written.some(({ end }) => end === from)
  return isEnd && written.every((line) => line.end > from || !lost.includes(line))
}

function isSame(a: Content, b: Content): boolean {
  return a.inode === b.inode && a.generation === b.generation
}
