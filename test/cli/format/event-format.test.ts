import { describe, expect, it } from 'vitest'
import { createEventFormatter } from '../../../src/cli/format/event-format.ts'
import type { DaemonEvent } from '../../../src/daemon/daemon.ts'
import type { AlertDraft } from '../../../src/model/alerts/alert.ts'
import { initialStatus } from '../../../src/model/alerts/alert-status.ts'
import type { Route } from '../../../src/model/alerts/route.ts'
import type { Problem } from '../../../src/model/project/problem.ts'
import { plainStyle } from '../../../src/reporters/parts/terminal-text.ts'
import type { AlertRow } from '../../../src/store/store.ts'

const route: Route = {
  level: 'static-severity',
  destinations: ['console', 'archive'],
  suppressed: false,
  trace: [],
  problems: [],
}
const alert: AlertRow = {
  id: 'a'.repeat(32),
  groupKey: 'g',
  detection: 'AWS.Root.Login',
  kind: 'RULE',
  severity: 'HIGH',
  title: 'root logged in',
  dedup: 'd',
  createdAt: 0,
  notification: '{}',
  reference: '',
  route,
  logTypes: [],
  events: 1,
  lastEventAt: 0,
  divergences: [],
  status: initialStatus('HIGH', 0),
}
const draft: AlertDraft = {
  ...alert,
  severity: { value: 'HIGH', source: 'static' },
  name: '',
  description: '',
  runbook: '',
  tags: [],
  context: '{}',
  version: '',
  rowId: '',
}

function linesOf(...events: DaemonEvent[]): (string | null)[] {
  const narrate = createEventFormatter(plainStyle)
  return events.map((event) => narrate(event)?.lines.join('\n') ?? null)
}

function created(more: Partial<AlertRow>): DaemonEvent {
  return { kind: 'admitted', admitted: { action: 'created', alert: { ...alert, ...more }, steps: [] } }
}

it('the URL of the console is printed', () => {
  const url = 'http://127.0.0.1:8080/'
  expect(linesOf({ kind: 'console opened', url })).toEqual([`console: ${url}`])
})

describe('an alert', () => {
  it('an alert is printed with severity, title, detection, destinations and the level that decided', () => {
    expect(linesOf(created({}))).toEqual([
      `HIGH      root logged in\n          AWS.Root.Login  ${alert.id}\n          -> console, archive (static-severity)`,
    ])
  })

  it.each<[string, Partial<AlertRow>, string]>([
    [
      'suppressed',
      { route: { ...route, destinations: [], suppressed: true } },
      '-> suppressed (static-severity)',
    ],
    [
      'without a destination',
      { route: { ...route, level: 'nowhere', destinations: [] } },
      '-> no destination (nowhere)',
    ],
    ['an error', { kind: 'RULE_ERROR' }, 'AWS.Root.Login (RULE_ERROR)'],
    [
      'with a problem',
      { route: { ...route, problems: [{ code: 'unknown-destination', message: '"x" is unknown' }] } },
      '! "x" is unknown',
    ],
    ['with a hostile title', { title: '\u001b[2J\n' }, '\\u001b[2J\\n'],
  ])('%s', (_name, more, expected) => {
    expect(linesOf(created(more))[0]).toContain(expected)
  })

  it('an alert without a destination is a warning', () => {
    const narrate = createEventFormatter(plainStyle)
    expect(narrate(created({ route: { ...route, level: 'nowhere', destinations: [] } }))?.level).toBe('warn')
    expect(narrate(created({}))?.level).toBe('info')
  })
})

it.each<[string, Extract<DaemonEvent, { kind: 'admitted' }>['admitted'], string | null]>([
  [
    'a merged match',
    { action: 'merged', alertId: 'abc', draft, events: 2, divergence: null },
    'merged into abc, 2 events',
  ],
  [
    'a divergence',
    {
      action: 'merged',
      alertId: 'abc',
      draft,
      events: 3,
      divergence: { at: 0, rowId: 'r', severity: 'CRITICAL', destinations: ['pager'] },
    },
    'merged into abc, 3 events\n  ! the severity rises to CRITICAL\n  ! it now also requests pager',
  ],
  [
    'a count',
    { action: 'counted', draft, reached: 2, threshold: 5 },
    'AWS.Root.Login: 2 of 5 towards an alert',
  ],
  [
    'the mute',
    { action: 'muted', draft, now: true },
    'AWS.Root.Login created too many alerts in an hour and is muted',
  ],
  ['what a mute swallows', { action: 'muted', draft, now: false }, null],
])('%s', (_name, admitted, expected) => {
  expect(linesOf({ kind: 'admitted', admitted })).toEqual([expected])
})

describe('refused events', () => {
  const refused = (status: 'rejected' | 'unclassified', source: string, line: number): DaemonEvent => ({
    kind: 'rejected',
    status,
    source,
    position: `line ${line}`,
    reason: 'because',
  })

  it('only the first unclassified event of a source is printed with its reason', () => {
    const lines = linesOf(
      refused('unclassified', 'stdin', 1),
      refused('unclassified', 'stdin', 2),
      refused('unclassified', 'file:a', 1),
    )
    expect(lines[0]).toMatch(/^unclassified stdin, line 1: because\n.* only counted$/)
    expect(lines[1]).toBeNull()
    expect(lines[2]).toContain('file:a')
  })

  it('unusual events are reported once for each source and code', () => {
    const noticed = (source: string, code: string): DaemonEvent => ({
      kind: 'noticed',
      source,
      position: 'line 1',
      code,
      reason: 'because',
    })
    const lines = linesOf(
      noticed('a', 'container'),
      noticed('a', 'container'),
      noticed('a', 'time'),
      noticed('b', 'container'),
    )
    expect(lines.flatMap((line) => line?.split('\n')[0] ?? [])).toEqual([
      'warning a, line 1: because',
      'warning a, line 1: because',
      'warning b, line 1: because',
    ])
  })

  it('rejected events are printed with position and reason, up to a limit', () => {
    const lines = linesOf(...Array.from({ length: 12 }, (_, i) => refused('rejected', 'stdin', i + 1)))
    expect(lines[0]).toBe('rejected stdin, line 1: because')
    expect(lines[9]).toContain('only counted')
    expect(lines.slice(10)).toEqual([null, null])
  })
})

const contents = { detections: 2, destinations: 1, invalid: [], warnings: [] }

it('starts and reloads are printed', () => {
  expect(
    linesOf(
      { kind: 'started', sources: ['stdin'], store: 'memory:', ...contents },
      { kind: 'draining', waiting: 0 },
      { kind: 'draining', waiting: 2 },
      { kind: 'reload requested', begins: 'now' },
      { kind: 'reload requested', begins: 'next' },
      { kind: 'reload requested', begins: 'joined' },
      { kind: 'reloaded', ok: true, ...contents },
      { kind: 'reloaded', ok: false, message: 'it is broken\nhint: correct it', code: 'invalid-project' },
    ),
  ).toEqual([
    '2 detections, 1 destination, memory:, from stdin',
    null,
    '2 deliveries in progress',
    'reload requested: loading the project',
    'reload requested: it starts after the current reload',
    'reload requested: joined to the reload that is already waiting',
    'reloaded: 2 detections, 1 destination',
    'reload failed; keeping the previous configuration:\nit is broken [invalid-project]\nhint: correct it',
  ])
})

it('the entry of a failed reload carries the code of the error', () => {
  const entry = createEventFormatter(plainStyle)({
    kind: 'reloaded',
    ok: false,
    message: 'it is broken',
    code: 'invalid-project',
  })
  expect(entry?.fields).toEqual({ ok: false, code: 'invalid-project', detail: 'it is broken' })
})

it('a few warnings about files are printed, unknown destinations first', () => {
  const warning = (code: Problem['code'], line: number): Problem => ({
    severity: 'warning',
    code,
    message: `${code} ${line}`,
    file: 'a.yml',
    line,
    column: 1,
    hint: null,
  })
  const warnings = [
    ...[1, 2, 3, 4, 5].map((line) => warning('dedup-period', line)),
    warning('unknown-destination', 9),
  ]
  const [started] = linesOf({ kind: 'started', sources: ['stdin'], store: 'memory:', ...contents, warnings })
  expect(started).toMatch(/^a\.yml:9:1 warning unknown-destination 9/)
  expect(started?.match(/^a\.yml/gm)).toHaveLength(5)
  expect(started).toMatch(/\n1 more warning: .*validate.*\n2 detections, 1 destination, memory:, from stdin$/)
})
