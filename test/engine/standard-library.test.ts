/** Functions that the standard library of this interpreter lacks and the runtime adds, as detections use them. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, rule, SNAPSHOT_DIRECTORY } from '../support/engine-project.ts'

const MOMENT = 'datetime(2024, 3, 5, 7, 8, 9, tzinfo=timezone.utc)'

/** An expression, and its value under CPython on Linux. */
const VALUES: readonly [expression: string, value: string][] = [
  [`${MOMENT}.strftime("at %E %O %+ %: %Q")`, 'at %E %O %+ %: %Q'],
  [`f"{${MOMENT}:%-I:%M %P}"`, '7:08 am'],
  [`${MOMENT}.date().strftime("%k %Q")`, ' 0 %Q'],
  [`${MOMENT}.time().strftime("%l %Q")`, ' 7 %Q'],
  ['time.strftime("%Q %d", time.gmtime(0))', '%Q 01'],
  ['strftime("%Q %d", time.gmtime(0))', '%Q 01'],
  ['socket.inet_pton(socket.AF_INET6, "::1").hex()', '00000000000000000000000000000001'],
  ['socket.inet_ntop(socket.AF_INET6, bytes(12) + bytes([1, 2, 3, 4]))', '::1.2.3.4'],
  ['inet_pton(AF_INET6, "::").hex()', '00000000000000000000000000000000'],
  ['str(socket.has_ipv6)', 'True'],
  [`datetime(2024, 7, 1, tzinfo=ZoneInfo("UTC")).isoformat()`, '2024-07-01T00:00:00+00:00'],
  [`${MOMENT}.astimezone(ZoneInfo("UTC")).strftime("%H:%M %Z %z")`, '07:08 UTC +0000'],
]

const SOURCE = `
import socket, time
from datetime import datetime, timezone
from socket import AF_INET6, inet_pton
from time import strftime
from zoneinfo import ZoneInfo
def rule(event): return True
def title(event): return eval(event["expression"])
`

let engine: Engine
beforeAll(async () => {
  const project = engineProject({ detections: [rule('Rule', SOURCE)] })
  engine = await createEngine({
    project,
    purpose: 'test',
    workers: 1,
    snapshotCache: SNAPSHOT_DIRECTORY,
    log: nullLog,
  })
})
afterAll(() => engine.close())

it.each(VALUES)('%s is %s', async (expression, value) => {
  const entry = JSON.stringify({ expression })
  const [outcome] = await engine.test([{ detection: 'Rule', entry, mocks: '[]' }])
  expect(outcome!.functions.title).toEqual({ output: value })
})
