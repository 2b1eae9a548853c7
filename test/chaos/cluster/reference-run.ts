/** The matches of the correlation rules that one daemon on SQLite finds in the same events. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storedAlerts } from '../stored-alerts.ts'
import { writeClusterProject } from './cluster-project.ts'
import { ABSENCE_RULE, type AlertCounts, alertName, SEQUENCE_RULE } from './ledger.ts'

const DESTINATIONS = `version: 1
destinations:
  - name: file
    type: file
    severities: [HIGH]
    options: { path: alerts.ndjson }
`

/** @param texts the events in an order that keeps that of each partition. */
export async function referenceMatches(
  checkout: string,
  texts: readonly string[],
  events: number,
): Promise<AlertCounts> {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-reference-'))
  try {
    mkdirSync(root, { recursive: true })
    writeClusterProject(root, { events, receiver: 'http://127.0.0.1:9', settings: '' })
    writeFileSync(join(root, 'destinations.yaml'), DESTINATIONS)
    writeFileSync(join(root, 'events.ndjson'), texts.map((text) => `${text}\n`).join(''))
    // The first run makes the cursors of the rules, which evaluate what comes from then on.
    await run(checkout, root, ['--from', `file:${devNull(root)}`])
    await run(checkout, root, ['--from', `file:${join(root, 'events.ndjson')}`])
    const alerts = await storedAlerts(root)
    return new Map(
      alerts
        .filter(({ detection }) => detection === SEQUENCE_RULE || detection === ABSENCE_RULE)
        .map(({ detection, dedup, events: count }) => [alertName(detection, dedup), count]),
    )
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function devNull(root: string): string {
  const path = join(root, 'nothing.ndjson')
  writeFileSync(path, '')
  return path
}

function run(checkout: string, root: string, args: readonly string[]): Promise<void> {
  const command = [
    join(checkout, 'bin', 'signalbox.cjs'),
    'run',
    '--project',
    root,
    '--env-file',
    join(root, '.env'),
  ]
  const child = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = `${errors}${text}`.slice(-5_000)
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`the reference run ended with exit code ${code}: ${errors}`)),
    )
  })
}
