/** Standard output is a pipe whose reader is slow or stops: no line is missing that was reported as written. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { makeProject } from './project-on-disk.ts'

const COMMAND = join(import.meta.dirname, '../../bin/signalbox.cjs')

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [COMMAND, ...args])
}

/** A process that exits waits for a shorter time for its open writes. */
const LONGER_THAN_AN_EXIT_MS = 3_500

async function readAll({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  let text = ''
  for await (const chunk of stdout) text += String(chunk)
  return text
}

/** Every event is an alert of its own. Several rules, because one alone would be muted after 1,000. */
function projectOfMany(rules: number): string {
  const files = Array.from({ length: rules }, (_, i) => [
    [
      `detections/r${i}.yml`,
      `AnalysisType: rule\nRuleID: R${i}\nFilename: r${i}.py\nEnabled: true\nSeverity: High\nLogTypes: [L${i}]\n`,
    ],
    [
      `detections/r${i}.py`,
      'def rule(event):\n    return True\n\ndef dedup(event):\n    return event["id"]\n',
    ],
  ])
  return makeProject({
    ...(Object.fromEntries(files.flat()) as Record<string, string>),
    'signalbox.yaml': 'workers: 1\n',
    'destinations.yaml': 'version: 1\ndestinations: [{ name: out, type: console, severities: [HIGH] }]\n',
  })
}

function writeEvents(root: string, count: number, rules: number): string {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ p_log_type: `L${i % rules}`, id: `X${i}` }),
  )
  const file = join(root, 'in.ndjson')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

// Both wait most of the time.
it.concurrent('a document that is larger than the pipe is written to its end', async () => {
  const child = start(['schema', 'destinations'])
  const exited = once(child, 'exit')
  await once(child.stdout, 'readable')
  await pause(LONGER_THAN_AN_EXIT_MS)
  const text = await readAll(child)
  expect(JSON.parse(text)).toMatchObject({ type: 'object' })
  expect(await exited).toEqual([0, null])
})

it.concurrent('[DEL-1.7] lines that a stopped reader has not read are not delivered, and do not delay the end', async () => {
  const root = projectOfMany(1)
  const file = writeEvents(root, 900, 1)
  const pipe = join(root, 'pipe')
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(pipe, 'w')
  const argv = ['--project', root, '--from', `file:${file}?follow=true`, '--drain-timeout', '500ms']
  const child = spawn(process.execPath, [COMMAND, 'run', ...argv], { stdio: ['ignore', writer, 'pipe'] })
  closeSync(writer)
  let complaints = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const exited = once(child, 'exit')
  await until(() => (complaints.match(/-> out/g)?.length ?? 0) >= 900)
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
  const read = readFileSync(reader, 'utf8')
  closeSync(reader)
  const lines = read.split('\n').slice(0, -1).length
  const counts = deliveryCounts(join(root, '.signalbox', 'signalbox.db'))
  expect(counts.delivered).toBeLessThanOrEqual(lines)
  expect(counts.delivered).toBeGreaterThan(0)
  expect(counts.delivered! + (counts.pending ?? 0) + (counts.waiting ?? 0)).toBe(900)
})

function deliveryCounts(store: string): Record<string, number> {
  const database = new DatabaseSync(store, { readOnly: true })
  const rows = database.prepare('SELECT state, count(*) AS n FROM delivery GROUP BY state').all()
  database.close()
  return Object.fromEntries(rows.map(({ state, n }) => [state, Number(n)]))
}
