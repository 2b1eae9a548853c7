/** Writes the reports of a replay to standard output or to files. */
import type { ReplayReport } from '../../model/replay/replay-report.ts'
import { plainStyle, type Style } from '../../reporters/parts/terminal-text.ts'
import { replayHtml } from '../../reporters/replay/replay-html.ts'
import { replayJson } from '../../reporters/replay/replay-json.ts'
import { replayJunit } from '../../reporters/replay/replay-junit.ts'
import { replayMarkdown } from '../../reporters/replay/replay-markdown.ts'
import { replayText } from '../../reporters/replay/replay-pretty.ts'

type Format = (report: ReplayReport, style: Style) => string

const FORMATS: Readonly<Record<string, Format>> = {
  pretty: replayText,
  json: replayJson,
  markdown: replayMarkdown,
  html: replayHtml,
  junit: replayJunit,
}

export const REPLAY_REPORTERS: readonly string[] = Object.keys(FORMATS)

/** @param style null: the text is for a file. */
export function formatReplay(name: string, report: ReplayReport, style: Style | null): string {
  return FORMATS[name]!(report, style ?? plainStyle)
}
