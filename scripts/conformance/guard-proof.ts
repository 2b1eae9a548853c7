// Runs detections under native CPython on the events for which their guards decide that they do not match.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { bodiesOf } from '../../src/engine/protocol/bodies.ts'
import { loadRequest, testRequest, withDetails } from '../../src/engine/protocol/driver-request.ts'
import type { TestOutcome } from '../../src/model/events/evaluation.ts'
import { alertsOn } from '../../src/model/project/detection.ts'
import { NO_PACKAGES } from '../../src/model/project/packages.ts'
import type { Project } from '../../src/model/project/project.ts'

export interface SilentEvent {
  readonly detection: string
  readonly entry: string
}

/** The results of the detections that did match or raise. */
export async function contradictions(
  project: Project,
  events: readonly SilentEvent[],
): Promise<{ readonly event: SilentEvent; readonly text: string }[]> {
  const bodies = bodiesOf(project, 'test').filter(({ kind }) => kind !== 'simple' && kind !== 'unit-tests')
  const numbers = new Map(bodies.flatMap(({ kind, id }, at) => (kind === 'detection' ? [[id, at]] : [])))
  const calls = events.map(({ detection, entry }, item) => ({
    item,
    body: numbers.get(detection)!,
    entry,
    mocks: '[]',
    recordReads: false,
    followLines: false,
  }))
  const load = loadRequest({
    bodies,
    excluded: [],
    limits: { timeMs: 60_000, outputBytes: 65_536 },
    packages: NO_PACKAGES,
    hostCache: false,
  })
  const request = JSON.stringify({
    runtime: join(import.meta.dirname, '../../src/engine/python'),
    packages: project.settings.pythonPaths,
    load: withDetails(load, { codes: bodies.map(() => null), startDependent: null }),
    test: testRequest(calls, bodies, []),
  })
  const child = spawn('python3', ['-B', join(import.meta.dirname, 'native.py')], {
    env: { PATH: process.env.PATH, TZ: 'UTC', LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(request)
  const { outcomes } = JSON.parse(await text(child.stdout)) as { outcomes: readonly TestOutcome[] }
  return outcomes.flatMap(({ functions, output }, at) => {
    const event = events[at]!
    const silent = !alertsOn(project.detections.get(event.detection)!.type)
    const result = functions.detection
    if (result?.output === silent && !result.error && output === '') return []
    const text = `${event.detection}: ${JSON.stringify(result)} ${output} on ${event.entry.slice(0, 2_000)}`
    return [{ event, text }]
  })
}
