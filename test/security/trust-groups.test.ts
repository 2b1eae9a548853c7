/**
 * A hostile pack beside one of ours. In a trust group of its own it can neither change, forge, silence, blame nor
 * quarantine what ours says; in one group with it, every attempt succeeds: that is the control.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, helper, rule } from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'

const snapshotCache = seededCache(mkdtempSync(join(tmpdir(), 'signalbox-trust-')))
afterAll(() => rmSync(snapshotCache, { recursive: true }))

const OURS = rule(
  'ours',
  `
import common
def rule(event): return event.get("bad") == "yes" and len(common.words()) == 2
def title(event): return "ours"
`,
)
const COMMON = helper('common', 'def words(): return ["a", "b"]')

/** What our detection returns for each of two events without interference. */
const SAID: FunctionResults = { detection: { output: true }, title: { output: 'ours' } }

/** The time at which its code runs: as it is loaded, or at an event. */
type Attempt = readonly [name: string, when: 'at load' | 'at an event', code: string]

const ATTEMPTS: readonly Attempt[] = [
  ['change the event class', 'at an event', 'type(event).get = lambda *given, **more: None'],
  ['change the event class before any event', 'at load', 'PantherEvent.get = lambda *given, **more: None'],
  ['change a helper', 'at an event', 'import common; common.words = lambda: []'],
  ['change a builtin', 'at an event', 'import builtins; builtins.len = lambda what: 0'],
  ['change its function', 'at an event', 'theirs().__globals__["rule"] = lambda event: False'],
  ['change its title', 'at an event', 'theirs().__globals__["title"] = lambda event: "forged"'],
  ['turn its meaning round', 'at an event', 'batch._project.detections[ours()].type = "policy"'],
  [
    'answer in its name',
    'at an event',
    'answer_with({"findings": [[0, ours(), {"detection": {"output": True}, "title": {"output": "forged"}}]], "output": []})',
  ],
  ['answer nothing', 'at an event', 'answer_with({"findings": [], "output": []})'],
  ['have it blamed and quarantined', 'at an event', 'progress.begin(ours(), 0); os._exit(0)'],
  ['have it blamed for the load', 'at load', 'progress.begin_loading(len(names) - 1); os._exit(0)'],
  ['lose the event for all', 'at an event', 'progress.begin(-1, 0); os._exit(0)'],
  ['make the answer unreadable for all', 'at an event', 'batch._answer = lambda _: "null"'],
]

const TOOLS = `
import gc, json, os
from panther_core import PantherEvent
from signalbox_driver import batch, integrity, progress, sandbox
integrity.all = lambda _: True
names = sandbox._names
def theirs():
    return [f for f in gc.get_objects() if getattr(getattr(f, "__code__", None), "co_filename", "") == "rules/ours.py" and f.__name__ == "rule"][0]
def ours():
    return max(names)
def answer_with(value):
    text = json.dumps(value)
    batch._answer = lambda _: text
`

function hostile([, when, code]: Attempt) {
  const attempt = `try:\n    ${code.replaceAll('\n', '\n    ')}\nexcept Exception: pass\n`
  const atLoad = when === 'at load' ? attempt : ''
  const atEvent = when === 'at load' ? '' : attempt.replaceAll(/^/gm, '    ')
  return rule('hostile', `${TOOLS}\n${atLoad}\ndef rule(event):\n${atEvent}\n    return False\n`)
}

/** The results of our detection for two events in two batches; null if it returned nothing. */
async function said(attempt: Attempt, trust: Parameters<typeof engineProject>[0]['settings']) {
  const engine = await createEngine({
    project: engineProject({
      detections: [hostile(attempt), OURS],
      helpers: [COMMON],
      settings: { ...trust, limits: { quarantineAfter: 1, timeMs: 2_000 } },
    }),
    purpose: 'run',
    workers: 1,
    snapshotCache,
    log: nullLog,
  })
  try {
    const results = []
    for (let at = 0; at < 2; at++) {
      const [{ outcome } = { outcome: null }] = await engine.evaluate([envelope({ bad: 'yes' })])
      const findings = outcome?.status === 'evaluated' ? outcome.findings : []
      results.push(findings.find(({ detection }) => detection === 'ours')?.functions ?? null)
    }
    return results
  } finally {
    await engine.close()
  }
}

describe.each(ATTEMPTS)('[SEC-6.1] [SEC-6.2] an attempt to %s (%s)', (...attempt) => {
  it('fails from another trust group', async () => {
    const apart = { trust: [{ group: 'theirs', match: { ids: ['hostile'] } }] }
    expect(await said(attempt, apart)).toEqual([SAID, SAID])
  })

  it('succeeds within one group', async () => {
    expect(await said(attempt, {})).not.toEqual([SAID, SAID])
  })
})

describe('[SEC-6.3] a helper of another group', () => {
  it('a helper of another group cannot be imported, because its code would run in this group', async () => {
    const engine = await createEngine({
      project: engineProject({
        detections: [
          rule('curious', 'import lent\ndef rule(event): return True'),
          rule('theirs', 'import lent\ndef rule(event): return True'),
        ],
        helpers: [helper('lent', '')],
        settings: { trust: [{ group: 'theirs', match: { ids: ['theirs', 'lent'] } }] },
      }),
      purpose: 'run',
      workers: 1,
      snapshotCache,
      log: nullLog,
    })
    expect(engine.problems).toMatchObject([{ id: 'curious', error: { type: 'ModuleNotFoundError' } }])
    await engine.close()
  })
})
