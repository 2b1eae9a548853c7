/** A replay creates the same alerts, deliveries and signals as the intake of `run` at the times of the events. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { nextSlot } from '../../src/correlation/schedule-slots.ts'
import { createIntake } from '../../src/daemon/event-intake.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { RoutedProject } from '../../src/model/project/project.ts'
import { CacheLedgers } from '../../src/pipeline/cache-ledgers.ts'
import { initializeCursor, runCorrelationPass } from '../../src/pipeline/correlation-pass.ts'
import { CursorClaim } from '../../src/pipeline/cursor-claim.ts'
import { createPipeline } from '../../src/pipeline/pipeline.ts'
import { listInputs } from '../../src/replay/input-files.ts'
import { readEventFile } from '../../src/replay/recorded-file.ts'
import { replay } from '../../src/replay/replay.ts'
import { openReplayedProject } from '../../src/replay/replayed-project.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { startEngine } from '../../src/workspace/open-project.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'
import { manualClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'

const START = Date.UTC(2026, 0, 31)
const EVENTS = 600

function spec(id: string, more: string): string {
  return `AnalysisType: rule\nRuleID: Test.${id}\nFilename: ${id.toLowerCase()}.py\nEnabled: true\nSeverity: High\nLogTypes: [Test.Log]\n${more}`
}

const PROJECT = {
  ...SOUND,
  'detections/burst.yml': spec('Burst', 'Threshold: 3\nDedupPeriodMinutes: 15\n'),
  'detections/burst.py':
    'def rule(event):\n    return event.get("action") == "fail"\n\ndef dedup(event):\n    return event["user"]\n\ndef unique(event):\n    return event["ip"]\n',
  'detections/rise.yml': spec('Rise', 'DedupPeriodMinutes: 30\n'),
  'detections/rise.py':
    'def rule(event):\n    return event.get("action") == "read"\n\ndef severity(event):\n    return "CRITICAL" if event["n"] > 90 else "LOW"\n\ndef dedup(event):\n    return event["user"]\n',
  'detections/count.yml': spec('Count', 'DedupPeriodMinutes: 20\n'),
  'detections/count.py':
    'from panther_detection_helpers.caching import increment_counter\n\ndef rule(event):\n    return event.get("action") == "count" and increment_counter("n:" + event["user"]) % 5 == 0\n',
  'detections/silent.yml': spec('Silent', 'CreateAlert: false\n'),
  'detections/silent.py': 'def rule(event):\n    return event.get("action") == "login"\n',
  'detections/pair.yml': `AnalysisType: correlation_rule
RuleID: Test.Pair
Enabled: true
Severity: Medium
Detection:
  - Group:
      - ID: Fails
        RuleID: Test.Burst
      - ID: Login
        RuleID: Test.Silent
        Absence: true
    MatchCriteria:
      user:
        - GroupID: Fails
          Match: user
        - GroupID: Login
          Match: user
    LookbackWindowMinutes: 15
    Schedule:
      RateMinutes: 5
      TimeoutMinutes: 2
`,
}

function eventLines(): string {
  const random = seededRandom(5)
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
  let at = START
  return Array.from({ length: EVENTS }, () => {
    // A few pauses are longer than the windows.
    at += random() < 0.02 ? 3_600_000 : Math.floor(random() * 60_000)
    const event = {
      p_event_time: new Date(at).toISOString(),
      p_log_type: 'Test.Log',
      action: pick(['fail', 'read', 'count', 'login', 'logout']),
      user: pick(['ann', 'ben', 'cat']),
      ip: pick(['10.0.0.1', '10.0.0.2', '10.0.0.3']),
      n: Math.floor(random() * 100),
    }
    return `${JSON.stringify(event)}\n`
  }).join('')
}

async function contentOf(store: Pick<Store, 'alerts' | 'deliveries' | 'signals'>) {
  const limit = 100_000
  const alerts = await store.alerts({ limit })
  const deliveries = await store.deliveries({ limit })
  const signals = await store.signals({ limit })
  return {
    alerts: alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    deliveries: deliveries
      .map(({ id, destination, reason, createdAt }) => ({ id, destination, reason, createdAt }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    signals: signals.map(({ detection, at, happenedAt, rowId, alertId }) => [
      detection,
      at,
      happenedAt,
      rowId,
      alertId,
    ]),
  }
}

/** The parts of `run`, with one commit for each event and a pass of each rule in each slot. */
async function run(root: string, path: string) {
  const project = await openReplayedProject({ root, log: nullLog }, 'test', [])
  let now = START
  const clock = { ...manualClock(), now: () => now }
  const store = await openStore('memory:', { clock, projectRoot: root })
  const cache = new CacheLedgers(store, () => now)
  const engine = await startEngine(project, 'run', nullLog, { cache })
  const pipeline = createPipeline({ store, cache, project: () => project, onAdmitted: () => {} })
  let seq = 0
  const intake = createIntake({
    spec: { name: path, kind: 'log', type: null, timeField: null },
    queue: 'test',
    keySpace: '',
    claim: new CursorClaim(await store.take('test')),
    pipeline,
    evaluate: (events) => engine.evaluate(events),
    now: () => now,
    nextSeq: () => seq++,
    writeRejects: async () => {},
    onSettled: () => {},
    onKnown: () => {},
  })
  const { id, correlation, signalFields } = project.detections.get('Test.Pair')!
  const rule = { id, correlation: correlation!, signalFields }
  const ports = {
    store,
    admit: (...args: Parameters<typeof pipeline.admitMatches>) => pipeline.admitMatches(...args),
    log: nullLog,
  }
  const reading = {
    path,
    unwrap: null,
    keys: null,
    eventBytes: 1e6,
    onBytes() {},
    log: nullLog,
    signal: new AbortController().signal,
  }
  let slot = null
  for await (const events of readEventFile(reading)) {
    for (const { framed } of events) {
      const at = Date.parse((JSON.parse(framed.raw) as { p_event_time: string }).p_event_time)
      if (slot === null) {
        now = at
        await initializeCursor(rule, at, ports)
        slot = nextSlot(rule.correlation.schedule, at)
      }
      for (; slot.at < at; slot = nextSlot(rule.correlation.schedule, slot.at)) {
        now = slot.at
        await runCorrelationPass(rule, { now, intervalMs: slot.intervalMs }, ports)
      }
      now = at
      await intake.emit([framed], { cursor: framed.position })
    }
  }
  await runCorrelationPass(rule, { now, intervalMs: slot!.intervalMs }, ports)
  const content = await contentOf(store)
  await engine.close()
  await store.close()
  return content
}

function replayed(project: RoutedProject, file: string, path: string) {
  return replay({
    after: { name: 'test', commit: null, project },
    before: null,
    inputs: listInputs([path], { type: null, timeField: null, unwrap: null }),
    state: { storeUrl: () => `sqlite:${file}`, remove: () => {} },
    budgets: { maxNew: null, maxPerDay: new Map(), mustKeep: [] },
    since: null,
    until: null,
    sample: 1,
    onProgress: () => {},
    start: {},
    log: nullLog,
    signal: new AbortController().signal,
  })
}

/** The commits after this number of them fail, as if the process had ended. */
function failingAfter(commits: number, project: RoutedProject): RoutedProject {
  let count = 0
  const { handling } = project
  return Object.defineProperty({ ...project }, 'handling', {
    enumerable: true,
    get() {
      // The copies that are made of the project read it, too.
      if (count++ > commits) throw new Error('the process has ended')
      return handling
    },
  })
}

it('a replay that is resumed reports and stores what one without an interruption does', async () => {
  const root = makeProject(PROJECT)
  const path = join(root, 'events.ndjson')
  writeFileSync(path, eventLines())
  const project = await openReplayedProject({ root, log: nullLog }, 'test', [])
  const expected = await replayed(project, join(root, 'whole.db'), path)
  const file = join(root, 'state.db')
  // Some of these commits are in the middle of the events that were read together.
  for (const commits of [3, 20]) {
    await expect(replayed(failingAfter(commits, project), file, path)).rejects.toThrow('has ended')
  }
  const resumed = await replayed(project, file, path)
  expect(resumed).toEqual(expected)
})

it('a replay creates the alerts, deliveries and signals of run at the times of the events', async () => {
  const root = makeProject(PROJECT)
  const path = join(root, 'events.ndjson')
  writeFileSync(path, eventLines())
  const expected = await run(root, path)
  const kinds = new Set(expected.alerts.map(({ detection }) => detection))
  expect([...kinds].sort()).toEqual(['Test.Burst', 'Test.Count', 'Test.Login', 'Test.Pair', 'Test.Rise'])

  const project = await openReplayedProject({ root, log: nullLog }, 'test', [])
  const file = join(root, 'state.db')
  const report = await replayed(project, file, path)
  const store = await openStore(`sqlite:${file}`, { clock: manualClock(), projectRoot: root, readOnly: true })
  const actual = await contentOf(store)
  await store.close()
  expect(actual).toEqual(expected)
  const byId = report!.after.alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect(byId.map(({ id, events, severity }) => [id, events, severity])).toEqual(
    expected.alerts.map(({ id, events, severity }) => [id, events, severity]),
  )
})
