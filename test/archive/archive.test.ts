/** Archives: what was written is read again, damage is found, and old files are removed. */
import { mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type ArchivedEvent, LENGTH_BYTES } from '../../src/archive/archive-format.ts'
import { type ArchiveKeys, readArchiveKeys } from '../../src/archive/archive-keys.ts'
import { type ArchivePart, readArchive } from '../../src/archive/archive-reader.ts'
import { ArchiveRecorder, type RecordingOptions } from '../../src/archive/archive-recorder.ts'
import type { EvaluatedEvent } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'

const NOW = Date.UTC(2026, 0, 31)
const BASE = { keys: null, shares: new Map(), maxPerSecond: null, mask: null, maxAgeMs: null, maxBytes: null }

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'archive-'))
}

function keyFile(...lines: readonly string[]): string {
  const path = join(newFolder(), 'keys')
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 })
  return path
}

function keyLine(id: string, byte: number): string {
  return `${id} ${Buffer.alloc(32, byte).toString('base64')}`
}

function evaluated(raw: string, type: string | null = 'Test.Log', receivedAt = NOW): EvaluatedEvent {
  return {
    envelope: { source: 'test', seq: 0, kind: 'log', type, receivedAt, raw, position: 'line 1' },
    outcome: { status: 'evaluated', at: receivedAt, ownRowId: null, findings: [] },
  }
}

/** Records each list of events in a block of its own. */
async function record(
  events: readonly EvaluatedEvent[],
  options: Partial<RecordingOptions> = {},
): Promise<string> {
  const folder = options.folder ?? newFolder()
  const recorder = new ArchiveRecorder({ ...BASE, ...options, folder }, () => NOW, nullLog)
  recorder.record(events)
  await recorder.close()
  return join(folder, readdirSync(folder).sort().at(-1)!)
}

async function partsOf(bytes: Buffer, keys: ArchiveKeys | null = null) {
  // Small chunks, so that headers and blocks are cut.
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  }
  const parts: ArchivePart[] = []
  for await (const part of readArchive('test.sbarchive', chunks(), keys)) parts.push(part)
  return parts
}

function eventsIn(parts: readonly ArchivePart[]): ArchivedEvent[] {
  return parts.flatMap((part) => (part.kind === 'events' ? part.events : []))
}

/** About 1.2 million characters each, so that each event fills a block. */
const LARGE = [1, 2, 3].map((n) => evaluated(JSON.stringify({ n, text: `${n}`.repeat(1_200_000) })))

it.each([null, 'key-2'])('events are read as they were recorded, with the key %s', async (key) => {
  const keys = key === null ? null : readArchiveKeys(keyFile(keyLine(key, 2), keyLine('key-1', 1)))
  const path = await record([evaluated('{"a": 1.0, "ip":"8.8.4.4"}'), evaluated('{}', null)], { keys })
  const bytes = readFileSync(path)
  expect(eventsIn(await partsOf(bytes, keys))).toEqual([
    {
      receivedAt: NOW,
      source: 'test',
      kind: 'log',
      type: 'Test.Log',
      timeField: null,
      raw: '{"a": 1.0, "ip":"8.8.4.4"}',
    },
    { receivedAt: NOW, source: 'test', kind: 'log', type: null, timeField: null, raw: '{}' },
  ])
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

it('an older key of the file reads, and without the key the reader names its id', async () => {
  const path = await record([evaluated('{}')], { keys: readArchiveKeys(keyFile(keyLine('old', 1))) })
  const bytes = readFileSync(path)
  const rotated = readArchiveKeys(keyFile(keyLine('new', 2), keyLine('old', 1)))
  expect(eventsIn(await partsOf(bytes, rotated))).toHaveLength(1)
  await expect(partsOf(bytes)).rejects.toThrow('is encrypted with the key "old"')
  const wrong = readArchiveKeys(keyFile(keyLine('old', 3)))
  expect(await partsOf(bytes, wrong)).toMatchObject([
    { kind: 'damage', reason: expect.stringContaining('the key') },
  ])
})

it.each([false, true])(
  'a changed block is reported with its offset and the others are read, encrypted: %s',
  async (isEncrypted) => {
    const keys = isEncrypted ? readArchiveKeys(keyFile(keyLine('a', 1))) : null
    const bytes = readFileSync(await record(LARGE, { keys }))
    const [, second] = await partsOf(bytes, keys)
    const at = second!.offset
    bytes[at + LENGTH_BYTES + 200]! ^= 0xff
    const parts = await partsOf(bytes, keys)
    expect(parts.map(({ kind }) => kind)).toEqual(['events', 'damage', 'events'])
    expect(parts[1]!.offset).toBe(at)
  },
)

it('blocks that were exchanged are not read', async () => {
  const keys = readArchiveKeys(keyFile(keyLine('a', 1)))
  const bytes = readFileSync(await record(LARGE, { keys }))
  const [first, second, third] = (await partsOf(bytes, keys)).map(({ offset }) => offset) as [
    number,
    number,
    number,
  ]
  const moved = Buffer.concat([
    bytes.subarray(0, first),
    bytes.subarray(second, third),
    bytes.subarray(first, second),
    bytes.subarray(third),
  ])
  expect((await partsOf(moved, keys)).map(({ kind }) => kind)).toEqual(['damage', 'damage', 'events'])
})

it('a file that was cut at any byte gives its complete blocks and says where the rest begins', async () => {
  const bytes = readFileSync(await record(LARGE))
  const offsets = (await partsOf(bytes)).map(({ offset }) => offset)
  for (const cut of [offsets[1]! + 2, offsets[1]! + 500, bytes.length - 1]) {
    const parts = await partsOf(bytes.subarray(0, cut))
    const complete = offsets.filter((_, i) => (offsets[i + 1] ?? bytes.length) <= cut).length
    expect(eventsIn(parts)).toHaveLength(complete)
    expect(parts.at(-1)).toMatchObject({ kind: 'damage', offset: offsets[complete] })
  }
  expect(await partsOf(bytes.subarray(0, 20))).toMatchObject([{ kind: 'damage', offset: 0 }])
})

it('samples hold for a log type, the rate for each second, and masking for the text', async () => {
  const shares = new Map([
    ['Test.Log', 0.1],
    ['*', 0],
  ])
  const events = Array.from({ length: 40 }, () => evaluated('{"password":"hunter22"}'))
  const path = await record([...events, evaluated('{}', 'Other.Log')], {
    shares,
    mask: { secrets: true, personal: false, fields: [] },
  })
  const found = eventsIn(await partsOf(readFileSync(path)))
  expect(found).toHaveLength(4)
  expect(found[0]!.raw).not.toContain('hunter22')

  const seconds = [0, 0, 0, 1_000, 1_500].map((ms) => evaluated('{}', 'Test.Log', NOW + ms))
  const limited = await record(seconds, { maxPerSecond: 2 })
  expect(eventsIn(await partsOf(readFileSync(limited)))).toHaveLength(4)
})

it('archives beyond the age and the size are removed, and other files stay', async () => {
  const folder = newFolder()
  const name = (n: number) => `events-2026010${n}T000000000Z-0000000${n}.sbarchive`
  for (const n of [1, 2, 3]) {
    writeFileSync(join(folder, name(n)), Buffer.alloc(40 * 1024 * 1024))
    utimesSync(join(folder, name(n)), NOW / 1000, n === 1 ? NOW / 1000 - 90_000 : NOW / 1000)
  }
  writeFileSync(join(folder, 'notes.sbarchive'), '')
  await record([evaluated('{}')], { folder, maxAgeMs: 86_400_000 })
  expect(readdirSync(folder).sort()).not.toContain(name(1))
  expect(readdirSync(folder)).toHaveLength(4)
  await record([evaluated('{}')], { folder, maxBytes: 128 * 1024 * 1024 })
  expect(readdirSync(folder)).toContain(name(3))
  expect(readdirSync(folder)).not.toContain(name(2))
  expect(readdirSync(folder)).toContain('notes.sbarchive')
})

it.each([
  ['key-1 c2hvcnQ=', 'line 1'],
  [`${keyLine('a', 1)}\n${keyLine('a', 2)}`, 'line 2'],
  ['# none', 'contains no key'],
])('the key file %j is rejected without its content', (text, message) => {
  const path = keyFile(text)
  expect(() => readArchiveKeys(path)).toThrow(message)
  expect(() => readArchiveKeys(path)).not.toThrow('c2hvcnQ')
})
