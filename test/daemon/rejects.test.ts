import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRejectWriter } from '../../src/daemon/rejects.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-rejects-'))
})
afterAll(() => rmSync(root, { recursive: true }))

const envelope = { source: 'stdin', seq: 0, kind: 'log', type: null, receivedAt: 0 } as const
const rejected = (raw: string) => ({
  envelope: { ...envelope, raw, position: 'line 1' },
  outcome: { status: 'rejected' as const, reason: 'not JSON' },
})

it('each rejected event is one bounded line in a file that only its owner can read', async () => {
  const file = join(root, 'made', 'rejects.ndjson')
  const keep = await openRejectWriter(file, root)
  await keep([rejected('a\n'), rejected('x'.repeat(100_000))])
  await keep([rejected('b')])
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const raws = lines.map((line) => (JSON.parse(line) as { raw: string }).raw)
  expect(raws.map((raw) => raw.length)).toEqual([2, 65_536, 1])
  expect(JSON.parse(lines[0]!)).toMatchObject({ source: 'stdin', place: 'line 1', reason: 'not JSON' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

it('a rejects file that was renamed gets no more lines, and a new one is created', async () => {
  const file = join(root, 'rotated.ndjson')
  const keep = await openRejectWriter(file, root)
  await keep([rejected('a')])
  renameSync(file, `${file}.1`)
  await keep([rejected('b')])
  const raws = [`${file}.1`, file].map(
    (each) => (JSON.parse(readFileSync(each, 'utf8')) as { raw: string }).raw,
  )
  expect(raws).toEqual(['a', 'b'])
})

it('a rejects file that cannot be appended to is an error before the first event', async () => {
  mkdirSync(join(root, 'folder'))
  await expect(openRejectWriter(join(root, 'folder'), root)).rejects.toMatchObject({
    kind: 'user',
    message: expect.stringContaining('EISDIR') as unknown,
  })
})

it('rejects are not written if no file is named', async () => {
  const keep = await openRejectWriter(null, '/nowhere')
  await keep([rejected('a')])
})
