import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import file from '../../src/destinations/file.ts'
import { UserError } from '../../src/errors.ts'
import { destinationContract } from '../contract/destination.ts'
import { CAPABILITIES_PROGRAM, WITHOUT_CAPABILITIES } from '../support/capabilities.ts'
import { sendDirectly, testMessage } from '../support/message.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { commandEnvironment } from '../support/process.ts'

const SEND_TO_FILE = join(import.meta.dirname, '../support/send-to-file.ts')

destinationContract('file', {
  exact: ['line'],
  options: () => ({ path: 'alerts.ndjson', fsync: true }),
  secrets: [],
  direct: null,
  faults: {
    'no permission, or a file system that can only be read': ['EACCES', 'EPERM', 'EROFS'].map(withCode),
    'a folder has the name of the file, or a file that of a folder; a name that is too long': [
      'EISDIR',
      'ENOTDIR',
      'EEXIST',
      'ENAMETOOLONG',
    ].map(withCode),
    'the path leads out of the project by a link': [withCode('ELOOP'), new UserError('outside')],
  },
})

function withCode(code: string): Error {
  return Object.assign(new Error('no'), { code })
}

let projectRoot: string
beforeEach(() => {
  projectRoot = mkdtempSync(join(tmpdir(), 'signalbox-file-'))
})
afterEach(() => rmSync(projectRoot, { recursive: true, force: true }))

const send = (path: string, over = {}) => sendDirectly(file, testMessage(over), { path }, { projectRoot })
const lines = (path: string) => readFileSync(join(projectRoot, path), 'utf8').split('\n')
const LINE = `{"destination":"target","deliveredAt":"2026-01-01T00:00:00.000Z","notification":${testMessage().json}}`

it('whole lines are appended, and missing folders are created', async () => {
  await send('out/today/alerts.ndjson')
  const receipt = await send('out/today/alerts.ndjson')
  expect(lines('out/today/alerts.ndjson')).toEqual([LINE, LINE, ''])
  expect(receipt).toEqual({ message: 'appended to out/today/alerts.ndjson' })
})

it('a line that a crash cut off is ended before the next line', async () => {
  appendFileSync(join(projectRoot, 'alerts.ndjson'), '{"destination":"tar')
  await send('alerts.ndjson')
  expect(lines('alerts.ndjson')).toEqual(['{"destination":"tar', LINE, ''])
})

it('lines of concurrent deliveries are never mixed', async () => {
  const json = JSON.stringify({ text: 'x'.repeat(100_000) })
  await Promise.all(Array.from({ length: 20 }, () => send('alerts.ndjson', { json })))
  const written = lines('alerts.ndjson').filter(Boolean)
  expect(written).toHaveLength(20)
  expect(written.every((line) => JSON.parse(line).notification.text.length === 100_000)).toBe(true)
})

it('a path that is a folder or lies below a file is a permanent error of the destination', async () => {
  mkdirSync(join(projectRoot, 'folder'))
  writeFileSync(join(projectRoot, 'plain'), '')
  const broken = { kind: 'permanent', scope: 'destination' }
  await expect(send('folder')).rejects.toMatchObject({ ...broken, message: 'folder: EISDIR' })
  await expect(send('plain/alerts')).rejects.toMatchObject(broken)
})

describeWithProgram(CAPABILITIES_PROGRAM, 'the file destination', () => {
  it('missing permissions are a permanent error of the destination', () => {
    chmodSync(projectRoot, 0o500)
    const argv = [...WITHOUT_CAPABILITIES, process.execPath, SEND_TO_FILE, projectRoot, 'alerts']
    const { stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), {
      encoding: 'utf8',
      env: commandEnvironment(),
    })
    chmodSync(projectRoot, 0o700)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      kind: 'permanent',
      scope: 'destination',
      message: 'alerts: EACCES',
    })
  })
})

it.runIf(process.platform === 'linux')('a delivery is retried if the disk is full', async () => {
  await expect(send('/dev/full')).rejects.toMatchObject({ kind: 'retryable', message: '/dev/full: ENOSPC' })
})
