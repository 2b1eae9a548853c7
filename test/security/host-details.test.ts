/** Small things that a detection could learn of the host, or that would make its results depend on it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, rule, SNAPSHOT_DIRECTORY } from '../support/engine-project.ts'

/** Python expression -> what it is on every host. */
const DETAILS: readonly [expression: string, value: unknown][] = [
  ['[time.timezone, time.altzone, time.daylight, *time.tzname]', [0, 0, 0, 'UTC', 'UTC']],
  ['str(datetime.datetime.fromtimestamp(1_750_000_000))', '2025-06-15 15:06:40'],
  ['list(time.localtime(1_750_000_000))', [2025, 6, 15, 15, 6, 40, 6, 166, 0]],
  ['[time.localtime(0).tm_gmtoff, time.localtime(0).tm_zone]', [0, 'UTC']],
  ['time.mktime((2025, 6, 15, 15, 6, 40, 0, 0, -1))', 1_750_000_000],
  ['time.mktime((2025, 5, 46, 15, 6, 40, 0, 0, 1))', 1_750_000_000],
  ['datetime.datetime(2025, 6, 15).astimezone().utcoffset().total_seconds()', 0],
  ['time.strftime("%Z %z", time.localtime(0))', 'UTC +0000'],
  ['[sys.executable, sys.argv]', ['', ['']]],
  ['[os.getpid(), os.getcwd()]', [42, '/home']],
  ['[os.uname().sysname, os.uname().nodename]', ['Emscripten', 'emscripten']],
  ['sorted(os.listdir("/dev"))', ['null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom']],
  ['os.environ.get("_")', ''],
]

const timeZone = process.env.TZ
let engine: Engine
beforeAll(async () => {
  process.env.TZ = 'America/New_York'
  const list = DETAILS.map(([expression]) => `lambda: ${expression}`).join(',\n    ')
  const source = `
import datetime, os, sys, time
DETAILS = [
    ${list},
]
def rule(event): return True
def alert_context(event): return {"got": DETAILS[event["at"]]()}
`
  engine = await createEngine({
    project: engineProject({ detections: [rule('details', source)] }),
    purpose: 'run',
    workers: 1,
    snapshotCache: SNAPSHOT_DIRECTORY,
    log: nullLog,
  })
})
afterAll(async () => {
  if (timeZone === undefined) delete process.env.TZ
  else process.env.TZ = timeZone
  await engine.close()
})

describe('[SEC-1.8] on a host in New York', () => {
  it('the host itself keeps its time', () => {
    expect(new Date(1_750_000_000_000).getHours()).toBe(11)
  })

  it.each(DETAILS)('%s is the same as anywhere', async (expression, value) => {
    const at = DETAILS.findIndex(([each]) => each === expression)
    const [event] = await engine.evaluate([envelope({ at })])
    const { output, error } = findingsOf(event!).details!.alert_context!
    expect(error).toBeUndefined()
    expect(JSON.parse(output!)).toEqual({ got: value })
  })
})
