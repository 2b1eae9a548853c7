/** The cache returns exactly what was written, or null. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSnapshotCache } from '../../../src/engine/snapshot/snapshot-cache.ts'

const SNAPSHOT = new Uint8Array(100_000).map((_, at) => at % 251)
const HEAD_BYTES = 28

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'signalbox-snapshots-')), 'snapshots')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const fileOf = (name: string) => join(folder, `${name}.snapshot`)
const bytesOf = (snapshot: Uint8Array | null) => snapshot && Buffer.from(snapshot)

async function filled(...names: string[]) {
  const cache = openSnapshotCache(folder)
  for (const name of names) await cache.write(name, SNAPSHOT)
  return cache
}

it('the cache returns what was written, also to another process', async () => {
  await filled('a')
  expect(bytesOf(openSnapshotCache(folder).read('a'))).toEqual(Buffer.from(SNAPSHOT))
})

it('the cache returns null for a name that was not written', async () => {
  expect(openSnapshotCache(folder).read('a')).toBeNull()
  expect((await filled('a')).read('b')).toBeNull()
})

it('the cache is accessible to its owner only', async () => {
  await filled('a')
  const modes = [folder, join(folder, 'key'), fileOf('a')].map((path) => statSync(path).mode & 0o777)
  expect(modes).toEqual([0o700, 0o600, 0o600])
})

it('the cache leaves no partial file', async () => {
  await filled('a', 'b')
  expect(readdirSync(folder).sort()).toEqual(['a.snapshot', 'b.snapshot', 'key'])
})

describe('[SEC-4.3] [SEC-4.4] invalid snapshots', () => {
  const flip = (at: number) => (file: string) => {
    const bytes = readFileSync(file)
    bytes[at]! ^= 1
    writeFileSync(file, bytes)
  }
  const cut = (length: number) => (file: string) =>
    writeFileSync(file, readFileSync(file).subarray(0, length))
  const damages: [name: string, damage: (file: string) => unknown][] = [
    ['a bit of it is flipped', flip(HEAD_BYTES + 50_000)],
    ['the last bit is flipped', flip(HEAD_BYTES + SNAPSHOT.length - 1)],
    ['a bit of its nonce is flipped', flip(0)],
    ['a bit of its tag is flipped', flip(HEAD_BYTES - 1)],
    ['it is cut short', cut(50_000)],
    ['only its head is left', cut(HEAD_BYTES)],
    ['it is empty', cut(0)],
    [
      'something was added to it',
      (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(1)])),
    ],
    ['it belongs to another name', (file) => copyFileSync(fileOf('b'), file)],
    ['others may read the key', () => chmodSync(join(folder, 'key'), 0o644)],
    ['others may write the key', () => chmodSync(join(folder, 'key'), 0o620)],
    ['the key is cut', () => cut(31)(join(folder, 'key'))],
    ['the key is another', () => writeFileSync(join(folder, 'key'), Buffer.alloc(32, 7))],
    ['the key is gone', () => rmSync(join(folder, 'key'))],
    [
      'a folder stands in its place',
      (file) => {
        rmSync(file)
        mkdirSync(file)
      },
    ],
  ]
  it.each(damages)(
    'a snapshot is not used when %s, and the next one that is written is valid',
    async (_, damage) => {
      const cache = await filled('a', 'b')
      damage(fileOf('a'))
      expect(cache.read('a')).toBeNull()

      rmSync(fileOf('a'), { recursive: true })
      await cache.write('a', SNAPSHOT)
      expect(bytesOf(cache.read('a'))).toEqual(Buffer.from(SNAPSHOT))
      expect(statSync(join(folder, 'key')).mode & 0o077).toBe(0)
    },
  )

  it('a snapshot that was sealed with the key of another folder is not used', async () => {
    await filled('a')
    const other = join(folder, 'other')
    await openSnapshotCache(other).write('a', SNAPSHOT)
    copyFileSync(join(other, 'a.snapshot'), fileOf('a'))
    expect(openSnapshotCache(folder).read('a')).toBeNull()
  })
})

it('the cache works without its folder', async () => {
  writeFileSync(join(folder, '..', 'file'), '')
  const cache = openSnapshotCache(join(folder, '..', 'file', 'snapshots'))
  await cache.write('a', SNAPSHOT)
  expect(cache.read('a')).toBeNull()
})

it('the entries that were not used for longest are removed when the cache is too large', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `old-${at}`)
  await filled(...names)
  for (const [at, name] of names.entries()) utimesSync(fileOf(name), at + 1, at + 1)
  const cache = openSnapshotCache(folder, 11 * (SNAPSHOT.length + HEAD_BYTES))
  // An entry that is read counts as used.
  cache.read('old-0')
  await cache.write('new', SNAPSHOT.subarray(1), SNAPSHOT.subarray(0, 1))
  const kept = readdirSync(folder).filter((name) => name.endsWith('.snapshot'))
  expect(kept).toHaveLength(11)
  expect(kept).toEqual(expect.arrayContaining(['new.snapshot', 'old-0.snapshot']))
  expect(kept).not.toContain('old-1.snapshot')
  expect(kept).not.toContain('old-2.snapshot')
})

describe('the folder of earlier versions', () => {
  const old = () => join(folder, '..', 'images')
  function createOld(...names: string[]) {
    mkdirSync(old())
    for (const name of names) writeFileSync(join(old(), name), 'old')
  }

  it('is removed when the folder of today is created', async () => {
    createOld('key', 'base-0.image', 'specs-1.image', 'base-0.ab.partial')
    await filled('a')
    expect(readdirSync(join(folder, '..'))).toEqual(['snapshots'])
  })

  it('keeps what is not of the cache', async () => {
    createOld('key', 'base-0.image', 'holiday.jpg')
    await filled('a')
    expect(readdirSync(old())).toEqual(['holiday.jpg'])
  })

  it('stays where an earlier version writes it again', async () => {
    await filled('a')
    createOld('base-0.image')
    await filled('b')
    expect(readdirSync(old())).toEqual(['base-0.image'])
  })

  it('stays where the cache has another place', async () => {
    createOld('base-0.image')
    await openSnapshotCache(join(folder, '..', 'elsewhere')).write('a', SNAPSHOT)
    expect(readdirSync(old())).toEqual(['base-0.image'])
  })
})
