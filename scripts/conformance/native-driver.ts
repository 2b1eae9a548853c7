// The engine's own driver under native CPython: loads all bodies of a project and runs test calls.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { bodiesOf } from '../../src/engine/protocol/bodies.ts'
import { loadRequest, testRequest, withDetails } from '../../src/engine/protocol/driver-request.ts'
import type { TestCall, TestOutcome } from '../../src/model/events/evaluation.ts'
import { NO_PACKAGES } from '../../src/model/project/packages.ts'
import type { Project } from '../../src/model/project/project.ts'

export interface NativeAnswer {
  readonly python: string
  /** In the order of the calls. */
  readonly outcomes: readonly TestOutcome[]
}

/** Returns the text that `runNative` sends. It can be sent several times. */
export function nativeRequest(
  project: Project,
  calls: readonly Pick<TestCall, 'detection' | 'entry' | 'mocks'>[],
): string {
  const bodies = bodiesOf(project, 'test').filter(({ kind }) => kind !== 'simple' && kind !== 'unit-tests')
  const numbers = new Map(bodies.flatMap(({ kind, id }, at) => (kind === 'detection' ? [[id, at]] : [])))
  const bodyCalls = calls.map(({ detection, entry, mocks }, item) => {
    const body = numbers.get(detection)!
    return { item, body, entry, mocks, recordReads: false, followLines: false, timeFunctions: false }
  })
  const load = loadRequest({
    bodies,
    excluded: [],
    limits: { timeMs: 60_000, outputBytes: 65_536 },
    packages: NO_PACKAGES,
    hostCache: false,
  })
  return JSON.stringify({
    runtime: join(import.meta.dirname, '../../src/engine/python'),
    // The packages are on the import path of the native Python.
    packages: project.settings.pythonPaths,
    load: withDetails(load, { codes: bodies.map(() => null), startDependent: null }),
    test: testRequest(bodyCalls, bodies, []),
  })
}

/** @param hashSeed decides the order of sets. Returns null if there is no python3. */
export async function runNative(request: string, hashSeed: string): Promise<NativeAnswer | null> {
  const env = { PATH: process.env.PATH, PYTHONHASHSEED: hashSeed, TZ: 'UTC', LANG: 'C.UTF-8' }
  const child = spawn('python3', ['-B', join(import.meta.dirname, 'native.py')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const isMissing = once(child, 'spawn').then(
    () => false,
    () => true,
  )
  child.stdin.on('error', () => {})
  child.stdin.end(request)
  const answer = await text(child.stdout)
  if (await isMissing) return null
  if (answer === '') throw new Error('native Python ended without an answer')
  return JSON.parse(answer) as NativeAnswer
}
