/** The reports of a replay that is made by hand: hostile texts, long lists, budgets and problems. */
import { describe, expect, it } from 'vitest'
import type { ReplayedAlert, ReplayReport, RevisionReport } from '../../src/model/replay/replay-report.ts'
import { replayHtml } from '../../src/reporters/replay/replay-html.ts'
import { replayJunit } from '../../src/reporters/replay/replay-junit.ts'
import { replayMarkdown } from '../../src/reporters/replay/replay-markdown.ts'

const EVIL = '</title><script>alert("1")</script>\'`|@team\u0007'
const DAY_MS = 86_400_000
const START = Date.UTC(2026, 0, 1)

function alert(i: number, detection: string, title = EVIL): ReplayedAlert {
  const route = 'static-severity'
  const createdAt = START + i * DAY_MS
  const lists = { destinations: [EVIL], deliveries: [EVIL] }
  const texts = { id: `a${i}`, detection, title, dedup: EVIL, rowId: null }
  return { ...texts, ...lists, kind: 'RULE', severity: 'HIGH', createdAt, route, events: 1 }
}

function revision(name: string, alerts: readonly ReplayedAlert[], isMuted = false): RevisionReport {
  const groups = Map.groupBy(alerts, ({ detection }) => detection)
  const totals = [...groups].map(([id, own]) => {
    const perDay: Record<string, number> = {}
    for (const { createdAt } of own) {
      const day = new Date(createdAt).toISOString().slice(0, 10)
      perDay[day] = (perDay[day] ?? 0) + 1
    }
    return [id, { alerts: own.length, matches: own.length, perDay, isMuted }] as const
  })
  const destinations = new Map([[EVIL, { deliveries: alerts.length, perWeek: alerts.length }]])
  return {
    name,
    commit: null,
    alerts,
    detections: new Map(totals),
    destinations,
    pagesPerWeek: alerts.length,
  }
}

function comparison(added: readonly ReplayedAlert[], more: Partial<ReplayReport> = {}): ReplayReport {
  return {
    events: {
      read: 10,
      evaluated: 10,
      rejected: 0,
      unclassified: 0,
      outside: 0,
      untimed: 0,
      sample: 1,
      from: START,
      until: START + DAY_MS,
    },
    after: revision('working tree', added),
    before: revision(EVIL, []),
    changes: { added, removed: [], changed: [] },
    problems: [],
    problemCount: 0,
    budgets: [],
    ...more,
  }
}

const hostile = comparison([alert(0, EVIL), alert(1, EVIL)], {
  budgets: [
    { budget: '--max-new 1', isKept: false, message: '2 new alerts, 1 allowed' },
    { budget: '--max-per-day *=5', isKept: true, message: 'at most 1 a day' },
  ],
  problems: [{ kind: 'damage', file: EVIL, position: 'line 2, byte 10', reason: EVIL }],
  problemCount: 3,
})

describe('the HTML report', () => {
  const page = replayHtml(hostile)

  it('has no script and loads nothing, and texts of events cannot add markup', () => {
    for (const text of ['<script', '\u0007']) expect(page).not.toContain(text)
    expect(page).not.toMatch(/(?:href|src)=|url\(|@import/)
    expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'")
    expect(page.match(/<title>/g)!.length).toBeGreaterThan(1)
    expect(page.split('</title>')).toHaveLength(page.split('<title>').length)
  })

  it('shows budgets, problems and an example of each change', () => {
    expect(page).toContain('<h1>Replay: 2 alerts added, 0 removed, 0 changed</h1>')
    expect(page).toContain('Budget exceeded: <code>--max-new 1</code>: 2 new alerts, 1 allowed')
    expect(page).toContain('2 more problems of the input')
    expect(page.match(/added: 2026-01-0\d 00:00Z/g)).toHaveLength(2)
  })

  it('draws a bar for each revision and day', () => {
    expect(page).toContain('<title>2026-01-02, working tree: 1</title>')
    expect(page.match(/<title>2026-01-0\d, /g)).toHaveLength(4)
  })

  it('draws a long period as weeks with all of its alerts', () => {
    const year = replayHtml(comparison(Array.from({ length: 365 }, (_, i) => alert(i, 'Daily', 'x'))))
    const counts = [...year.matchAll(/and 6 days, working tree: (\d+)/g)].map(([, each]) => Number(each))
    expect(counts).toHaveLength(53)
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(365)
  })

  it('has no charts if there are no alerts', () => {
    expect(replayHtml(comparison([]))).toContain('<h1>Replay: no alert changes</h1>')
  })
})

describe('the JUnit report', () => {
  it('has a case for each budget and problem', () => {
    const xml = replayJunit(hostile)
    expect(xml).toContain('<testsuites name="signalbox" tests="4" failures="1" errors="1" skipped="0">')
    expect(xml).toMatch(
      /name="--max-new 1">\n<failure message="2 new alerts, 1 allowed"\/>\n<\/testcase>\n<testcase classname="replay.budgets" name="--max-per-day \*=5"\/>/,
    )
    expect(xml).toContain('2 more problems of the input')
    for (const text of ['<script', '\u0007']) expect(xml).not.toContain(text)
  })
})

describe('the comment', () => {
  it('begins with the changes and what exceeds a budget', () => {
    const lines = replayMarkdown(hostile).split('\n').filter(Boolean)
    expect(lines.slice(0, 3)).toEqual([
      '<!-- signalbox replay -->',
      '### Replay: 2 alerts added, 0 removed, 0 changed',
      '- **Budget exceeded**: `--max-new 1`: 2 new alerts, 1 allowed',
    ])
    expect(lines[3]).toBe('- **Not replayed**: 3 parts of the input')
  })

  it('counts one alert as one', () => {
    expect(replayMarkdown(comparison([alert(0, 'One')]))).toContain('### Replay: 1 alert added, 0 removed')
  })

  it('names muted detections', () => {
    const muted = comparison([alert(0, 'Noisy')], { after: revision('x', [alert(0, 'Noisy')], true) })
    expect(replayMarkdown(muted)).toContain('- **Muted**: `Noisy` reaches the limit of alerts per hour')
  })

  it('stays below the length that GitHub accepts, whatever the titles are', () => {
    const added = Array.from({ length: 200 }, (_, i) => alert(i, `Detection.${i % 50}`, '*'.repeat(5_000)))
    const comment = replayMarkdown(comparison(added))
    expect(comment.length).toBeLessThan(65_536)
    expect(comment).toContain('35 more detections.')
    expect(comment).toContain('- 5 more examples')
    expect(comment).toMatch(/<\/details>\n$/)
  })
})
