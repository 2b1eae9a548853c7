/** What rotation, writers and other programs do to a followed log: nothing is lost in silence, nothing is read twice. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import {
  appendFile,
  copyFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Follower } from '../../support/follower.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-rotation-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A path in a folder of its own: other logs must not lie beside it. */
async function freshPath(name = 'app.log'): Promise<string> {
  const own = join(folder, String(++count))
  await mkdir(own)
  return join(own, name)
}

async function following(lines = '', query = '', name?: string): Promise<Follower> {
  const tail = new Follower(await freshPath(name), query)
  await writeFile(tail.path, lines)
  await tail.start()
  onTestFinished(() => tail.stop())
  await tail.sees(lines.split('\n').filter((line) => line !== ''))
  return tail
}

async function writer(path: string): Promise<FileHandle> {
  const handle = await open(path, 'a')
  onTestFinished(() => handle.close())
  return handle
}

/** As `gzip` does: the plain file is removed when the compressed one is complete. */
async function compress(path: string): Promise<void> {
  await writeFile(`${path}.gz`, gzipSync(await readFile(path)))
  const { atime, mtime } = await stat(path)
  await utimes(`${path}.gz`, atime, mtime)
  await unlink(path)
}

/** As logrotate does it. */
async function copyAndTruncate(path: string, copy = `${path}.1`): Promise<void> {
  await copyFile(path, copy)
  await truncate(path, 0)
}

function lines(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, n) => `{"line":${from + n},"text":"${'x'.repeat(40)}"}`)
}

/** The common beginning is longer than what is compared at once. */
const BANNER = Array.from({ length: 30 }, (_, n) => `${n} ${'b'.repeat(50)}`)

const UNKNOWN = 'an unknown number of lines (possibly none)'

const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')

/** Reads the given lines, and checks that reading continues without a repeated line. */
async function goesOn(tail: Follower, before: readonly string[]): Promise<void> {
  const all = [...before, 'last']
  await appendFile(tail.path, 'last\n')
  await tail.sees(all)
}

describe('several rotations between two looks', () => {
  it('a file whose writer continued after a newer one was created is read', async () => {
    const tail = await following('X1\n')
    await tail.stop()
    await appendFile(tail.path, 'X2\n')
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, 'Y1\nY2\n')
    await rename(`${tail.path}.1`, `${tail.path}.2`)
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '')
    await appendFile(`${tail.path}.1`, 'Y3\n')
    await tail.start()
    await tail.sees(['X1', 'X2', 'Y1', 'Y2', 'Y3'])
    await goesOn(tail, ['X1', 'X2', 'Y1', 'Y2', 'Y3'])
    expect(tail.warnings).toEqual([])
  })

  it.each([
    ['all the same', () => 1_700_000_000],
    ['in reverse', (n: number) => 1_700_000_000 - n],
    ['in the future', (n: number) => 2_100_000_000 + n],
  ])('all rotated files are read, whatever their times are: %s', async (_what, time) => {
    const tail = await following('0\n')
    await tail.stop()
    for (let n = 1; n <= 5; n++) {
      for (let i = n - 1; i >= 1; i--) await rename(`${tail.path}.${i}`, `${tail.path}.${i + 1}`)
      await utimes(tail.path, time(n), time(n))
      await rename(tail.path, `${tail.path}.1`)
      await writeFile(tail.path, `${n}\n`)
    }
    await utimes(tail.path, 1, 1)
    await tail.start()
    await tail.passes(() => tail.seen.length >= 6)
    expect([...tail.seen].sort()).toEqual(['0', '1', '2', '3', '4', '5'])
    await goesOn(tail, tail.seen)
  })

  it('files that were compressed before they were seen are read', async () => {
    const tail = await following('1\n')
    await tail.stop()
    await appendFile(tail.path, '2\n')
    await rename(tail.path, `${tail.path}.2`)
    await compress(`${tail.path}.2`)
    await writeFile(`${tail.path}.1`, '3\n4\n')
    await compress(`${tail.path}.1`)
    await writeFile(tail.path, '5\n')
    await tail.start()
    await tail.sees(['1', '2', '3', '4', '5'])
    await goesOn(tail, tail.seen)
    await tail.passes(() => tail.warnings.length >= 2)
    expect(tail.warnings).toMatchObject([
      { file: `${tail.path}.1.gz`, from: 4, bytes: 0, message: expect.stringContaining(UNKNOWN) },
      { file: tail.path, from: 4, bytes: 0, message: expect.stringContaining(UNKNOWN) },
    ])
  })

  it('reading resumes after a kill in the middle of a compressed file', async () => {
    const all = lines(1, 2000)
    const tail = await following()
    await tail.stop()
    await writeFile(`${tail.path}.1`, text(all))
    await compress(`${tail.path}.1`)
    await tail.start(3)
    await tail.isKilled()
    expect(tail.seen.length).toBeLessThan(all.length)
    await tail.start()
    await tail.sees(all)
    await goesOn(tail, all)
  })

  it('the number of remembered files is bounded, and none of them is read again', async () => {
    const tail = new Follower(await freshPath())
    const many = 150
    for (let n = 0; n < many; n++) await writeFile(`${tail.path}.${n + 1}`, `old ${n}\n`)
    await writeFile(tail.path, '')
    await tail.start()
    await goesOn(tail, [])
    for (let n = 0; n < many; n++) await rename(`${tail.path}.${n + 1}`, `${tail.path}.${n + 1001}`)
    await rename(tail.path, `${tail.path}.1`)
    await tail.stop()
    await writeFile(tail.path, 'new\n')
    await tail.start()
    await tail.sees(['last', 'new'])
    expect(JSON.parse(tail.cursor!).files.length).toBeLessThanOrEqual(132)
    await tail.stop()
  })
})

describe('a writer that keeps the old file', () => {
  it('the old file is read beside the new one, also long after it was quiet, and after a restart', async () => {
    const tail = await following('1\n')
    const old = await writer(tail.path)
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, 'NEW1\n')
    await tail.sees(['1', 'NEW1'])
    await old.appendFile('OLD1\nOLD2\n')
    await tail.sees(['1', 'NEW1', 'OLD1', 'OLD2'])
    await goesOn(tail, tail.seen)
    await tail.stop()
    await old.appendFile('OLD3\n')
    await tail.start()
    await tail.sees(['1', 'NEW1', 'OLD1', 'OLD2', 'last', 'OLD3'])
    await goesOn(tail, tail.seen)
    expect(tail.warnings).toEqual([])
  })

  it('the old file is read as long as it is open, even if it was deleted or moved elsewhere', async () => {
    const tail = await following('1\n', '&quietSeconds=3600')
    for (const [n, remove] of [
      unlink,
      (path: string) => rename(path, join(folder, `away-${count}`)),
    ].entries()) {
      const old = await writer(tail.path)
      await rename(tail.path, `${tail.path}.1`)
      await writeFile(tail.path, `NEW${n}\n`)
      await tail.passes(() => tail.seen.at(-1) === `NEW${n}`)
      await remove(`${tail.path}.1`)
      await old.appendFile(`OLD${n}\n`)
      await tail.passes(() => tail.seen.at(-1) === `OLD${n}`)
    }
    expect(tail.seen).toEqual(['1', 'NEW0', 'OLD0', 'NEW1', 'OLD1'])
  })

  it('the time in which other files were read does not count as quiet', async () => {
    const tail = await following('1\n', '&quietSeconds=10')
    const old = await writer(tail.path)
    await unlink(tail.path)
    await writeFile(tail.path, 'NEW1\n')
    await tail.sees(['1', 'NEW1'])
    // The old file was looked at before: this report comes while the others are read.
    tail.log.warn = (_fields, message) => {
      if (!message.includes('compressed')) return
      appendFileSync(old.fd, 'OLD1\n')
      tail.advance(20_000)
    }
    await writeFile(`${tail.path}.2.tmp`, gzipSync('2\n'))
    await rename(`${tail.path}.2.tmp`, `${tail.path}.2.gz`)
    await tail.sees(['1', 'NEW1', '2', 'OLD1'])
  })

  it('a line that was incomplete at the rotation is completed in the old file', async () => {
    const tail = await following('1\n', '&quietSeconds=3600')
    const old = await writer(tail.path)
    await old.appendFile('OLD')
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, 'NEW\n')
    await tail.sees(['1', 'NEW'])
    await old.appendFile(' end\n')
    await tail.sees(['1', 'NEW', 'OLD end'])
  })

  it('lines added to a file from before the first start are reported with their size, and not read', async () => {
    const tail = new Follower(await freshPath())
    await writeFile(`${tail.path}.1`, 'past\n')
    await writeFile(tail.path, '')
    await tail.start()
    onTestFinished(() => tail.stop())
    await appendFile(`${tail.path}.1`, 'late\n')
    await tail.passes(() => tail.warnings.length > 0)
    expect(tail.warnings).toMatchObject([{ file: `${tail.path}.1`, bytes: 5 }])
    await goesOn(tail, [])
  })
})

describe('files beside the log', () => {
  const foreign = ['app.log.errors', 'app.log.bak', 'app.log~', 'app.log.pos', 'app.log.1.xz', 'app.log.swp']

  it.each(foreign)('%s is not read, and is reported once', async (name) => {
    const tail = await following('A1\n')
    const path = join(tail.path, '..', name)
    await writeFile(path, 'A1\nother\n')
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, 'B1\n')
    await tail.sees(['A1', 'B1'])
    await appendFile(path, 'more\n')
    await goesOn(tail, ['A1', 'B1'])
    await tail.stop()
    expect(tail.warnings.map(({ file }) => file)).toEqual([path])
  })

  it.each(['application.log', 'app-errors.log', 'app-2.log', 'app.log2', 'other.log.1'])(
    '%s is another log and is not read',
    async (name) => {
      const tail = await following('A1\n')
      await writeFile(join(tail.path, '..', name), 'other\n')
      await rename(tail.path, `${tail.path}.1`)
      await writeFile(tail.path, 'B1\n')
      await goesOn(tail, ['A1', 'B1'])
    },
  )

  it('a copy of the log under a name of rotation is not read, not even when the log is gone', async () => {
    const tail = await following('A1\nA2\n')
    await copyFile(tail.path, `${tail.path}.20260101`)
    await goesOn(tail, ['A1', 'A2'])
    await rm(tail.path)
    await writeFile(tail.path, 'B1\n')
    await tail.sees(['A1', 'A2', 'last', 'B1'])
    await goesOn(tail, tail.seen)
  })

  it.each([
    ['running', false],
    ['down', true],
  ])('a longer copy of itself is moved over it, %s: reading continues', async (_what, isDown) => {
    const tail = await following('A1\nA2\n')
    if (isDown) await tail.stop()
    await copyFile(tail.path, `${tail.path}.new`)
    await appendFile(`${tail.path}.new`, 'A3\n')
    await rename(`${tail.path}.new`, tail.path)
    if (isDown) await tail.start()
    await tail.sees(['A1', 'A2', 'A3'])
    await goesOn(tail, ['A1', 'A2', 'A3'])
  })
})

describe('truncated in place', () => {
  it('a file that was truncated and is longer at the next look is read from its beginning, also with the same first lines', async () => {
    const before = [...BANNER, ...lines(1, 5)]
    const tail = await following(text(before))
    await tail.stop()
    const after = [...BANNER, ...lines(11, 30)]
    await writeFile(tail.path, text(after))
    await tail.start()
    await tail.sees([...before, ...after])
    await goesOn(tail, tail.seen)
  })

  it('lines that were not read before a truncation are read in the copy', async () => {
    const tail = await following(text(lines(1, 5)))
    await tail.stop()
    await appendFile(tail.path, text(lines(6, 20)))
    await copyAndTruncate(tail.path)
    await appendFile(tail.path, text(lines(21, 60)))
    await tail.start()
    await tail.sees(lines(1, 60))
    await goesOn(tail, lines(1, 60))
    await tail.passes(() => tail.warnings.length > 0)
    expect(tail.warnings).toMatchObject([{ file: tail.path, message: expect.stringContaining('truncated') }])
  })

  it('nothing is read twice when a file is copied and truncated while it is read', async () => {
    const all = lines(1, 400)
    const tail = await following()
    for (let n = 0; n < 20; n++) {
      await appendFile(tail.path, text(all.slice(n * 20, n * 20 + 20)))
      if (n % 2 === 0) await tail.passes(() => tail.seen.length >= n * 20 + 20)
      for (let i = 4; i >= 1; i--) await rename(`${tail.path}.${i}`, `${tail.path}.${i + 1}`).catch(() => {})
      await copyAndTruncate(tail.path)
    }
    await tail.passes(() => tail.seen.length >= all.length)
    await goesOn(tail, tail.seen)
    // What was copied and truncated between two looks comes behind what was written since.
    expect(tail.seen.toSorted()).toEqual([...all, 'last'].toSorted())
    expect(tail.warnings.filter(({ bytes = 0 }) => bytes > 0)).toEqual([])
  })

  it('a copy that is renamed before each of two looks is found later, and nothing is read twice', async () => {
    const tail = new Follower(await freshPath())
    const all = lines(1, 60)
    await writeFile(`${tail.path}.5`, 'past\n')
    await writeFile(tail.path, text(all.slice(0, 20)))
    await tail.start()
    onTestFinished(() => tail.stop())
    await tail.sees(all.slice(0, 20))
    await tail.stop()
    await appendFile(tail.path, text(all.slice(20, 25)))
    await copyAndTruncate(tail.path)
    await appendFile(tail.path, text(all.slice(25, 40)))
    appendFileSync(`${tail.path}.5`, 'late\n')
    // The oldest file is examined first. When it has grown, there is a warning for each of its names.
    let renamed = 0
    tail.log.warn = (_fields, message) => {
      if (!message.includes('has grown') || renamed === 2) return
      renamed++
      for (const first of [5, 1]) {
        renameSync(`${tail.path}.${first + renamed - 1}`, `${tail.path}.${first + renamed}`)
      }
      appendFileSync(`${tail.path}.${5 + renamed}`, 'late\n')
    }
    await tail.start()
    await tail.passes(() => tail.seen.length >= 40)
    expect(renamed).toBe(2)
    await copyAndTruncate(tail.path)
    await appendFile(tail.path, text(all.slice(40)))
    await tail.passes(() => tail.seen.includes(all.at(-1)!))
    await goesOn(tail, tail.seen)
    expect(tail.seen.toSorted()).toEqual([...all, 'last'].toSorted())
    expect(tail.warnings.filter(({ bytes = 0, message }) => bytes > 0 && message.includes('missed'))).toEqual(
      [],
    )
  })

  it('every copy that was made while no daemon ran is read', async () => {
    const tail = await following(text(lines(1, 5)))
    await tail.stop()
    await appendFile(tail.path, text(lines(6, 9)))
    await copyAndTruncate(tail.path, `${tail.path}.2`)
    await appendFile(tail.path, text(lines(10, 12)))
    await copyAndTruncate(tail.path)
    await appendFile(tail.path, text(lines(13, 14)))
    await tail.start()
    await tail.sees(lines(1, 14))
    await goesOn(tail, lines(1, 14))
  })

  it('lines that were not read before a truncation are read in the compressed copy', async () => {
    const tail = await following(text(lines(1, 5)))
    await tail.stop()
    await appendFile(tail.path, text(lines(6, 20)))
    await copyAndTruncate(tail.path)
    await compress(`${tail.path}.1`)
    await appendFile(tail.path, text(lines(21, 22)))
    await tail.start()
    await tail.sees(lines(1, 22))
    await goesOn(tail, lines(1, 22))
  })

  it('a truncation without a copy is reported with the number of missed bytes', async () => {
    const tail = await following(text(lines(1, 5)))
    await tail.stop()
    await truncate(tail.path, 0)
    await appendFile(tail.path, 'new\n')
    await tail.start()
    await tail.sees([...lines(1, 5), 'new'])
    await tail.passes(() => tail.warnings.length > 0)
    await tail.stop()
    expect(tail.warnings).toMatchObject([
      { file: tail.path, bytes: 0, message: expect.stringContaining('reading starts at its beginning') },
    ])
  })
})

describe('compressed without delay', () => {
  it.each([
    ['the rest of it', text(lines(6, 20))],
    ['nothing', ''],
  ])(
    'a file that was compressed while no daemon ran is read from where reading ended: %s',
    async (_what, rest) => {
      const tail = await following(text(lines(1, 5)))
      await tail.stop()
      await appendFile(tail.path, rest)
      await rename(tail.path, `${tail.path}.1`)
      await compress(`${tail.path}.1`)
      await writeFile(tail.path, 'new\n')
      await tail.start()
      const before = [...lines(1, 5), ...(rest === '' ? [] : lines(6, 20))]
      await tail.sees([...before, 'new'])
      await goesOn(tail, [...before, 'new'])
      // A writer may have kept the plain file, which is only noticed while it is open here.
      await tail.passes(() => tail.warnings.length > 0)
      expect(tail.warnings).toMatchObject([
        { file: tail.path, from: text(before).length, bytes: 0, message: expect.stringContaining(UNKNOWN) },
      ])
    },
  )

  it('a file that is compressed while it is followed is not read again, also when the plain file stays for a while', async () => {
    const tail = await following(text(lines(1, 5)))
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '')
    await writeFile(`${tail.path}.1.gz`, gzipSync(await readFile(`${tail.path}.1`)))
    await goesOn(tail, lines(1, 5))
    await unlink(`${tail.path}.1`)
    await tail.stop()
    await tail.start()
    await rename(`${tail.path}.1.gz`, `${tail.path}.2.gz`)
    await appendFile(tail.path, 'very last\n')
    await tail.sees([...lines(1, 5), 'last', 'very last'])
  })

  it('compressed files with the same first lines are distinguished by their content', async () => {
    const tail = await following(text([...BANNER, ...lines(1, 5)]))
    await tail.stop()
    await rename(tail.path, `${tail.path}.2`)
    await writeFile(`${tail.path}.1`, text([...BANNER, ...lines(11, 50)]))
    await compress(`${tail.path}.2`)
    await compress(`${tail.path}.1`)
    await writeFile(tail.path, text([...BANNER, ...lines(61, 62)]))
    await tail.start()
    const all = [...BANNER, ...lines(1, 5), ...BANNER, ...lines(11, 50), ...BANNER, ...lines(61, 62)]
    await tail.sees(all)
    await goesOn(tail, all)
  })

  it('the readable lines of a damaged compressed file are read, and the damage is rejected once', async () => {
    const tail = await following()
    await tail.stop()
    const whole = gzipSync(text(lines(1, 500)))
    await writeFile(`${tail.path}.1.gz`, whole.subarray(0, whole.length - 20))
    await tail.start()
    await appendFile(tail.path, 'last\n')
    await tail.passes(
      () => tail.seen.includes('last') && tail.log.lines.some(({ level }) => level === 'error'),
    )
    const before = tail.seen.length
    expect(before).toBeGreaterThan(480)
    await tail.stop()
    await tail.start()
    await appendFile(tail.path, 'very last\n')
    await tail.passes(() => tail.seen.at(-1) === 'very last')
    expect(tail.seen.length).toBe(before + 1)
  })
})

describe('other ways to rotate', () => {
  it.each([
    ['app.log', 'app.log.1'],
    ['app.log', 'app.1.log'],
    ['app.log', 'app.log-20260101'],
    ['app.log', 'app-20260101.log'],
    ['app.log', 'app.2026-01-01.log'],
    ['app.log', 'app.log.2026-01-01_13-00'],
    ['app.log', 'app.log-2026010113'],
    ['app.log', 'app.log-1767225600'],
    ['app.log', 'app-2026-01-01T13:00:00Z.log'],
    ['app.log', 'app.2026-01-01.0.log'],
    ['app', 'app.1'],
  ])('%s that was renamed to %s while no daemon ran is found', async (name, rotated) => {
    const tail = await following('1\n', '', name)
    await tail.stop()
    await appendFile(tail.path, '2\n')
    await rename(tail.path, join(tail.path, '..', rotated))
    await writeFile(tail.path, '3\n')
    await tail.start()
    await tail.sees(['1', '2', '3'])
    expect(tail.warnings).toEqual([])
  })

  it('a file that was moved to another folder while no daemon ran is found', async () => {
    const tail = await following('1\n', '&olddir=old')
    await tail.stop()
    await appendFile(tail.path, '2\n')
    await mkdir(join(tail.path, '..', 'old'))
    await rename(tail.path, join(tail.path, '..', 'old', 'app.log.1'))
    await writeFile(tail.path, '3\n')
    await tail.start()
    await tail.sees(['1', '2', '3'])
    expect(tail.warnings).toEqual([])
  })

  it.each([
    ['while nothing ran', true],
    ['while it is read', false],
  ])('a link that moves on to other files, %s', async (_what, isDown) => {
    const link = await freshPath('current.log')
    const day = (n: number) => join(link, '..', `day-${n}.log`)
    const moveTo = async (n: number) => {
      await symlink(day(n), join(link, '..', 'next'))
      await rename(join(link, '..', 'next'), link)
    }
    await writeFile(day(1), '1\n')
    await symlink(day(1), link)
    const tail = new Follower(link)
    await tail.start()
    onTestFinished(() => tail.stop())
    await tail.sees(['1'])
    if (isDown) await tail.stop()
    await appendFile(day(1), '2\n')
    await writeFile(day(2), '3\n')
    await moveTo(2)
    await writeFile(day(3), '4\n')
    await moveTo(3)
    if (isDown) await tail.start()
    await tail.sees(['1', '2', '3', '4'])
    await appendFile(day(1), 'late\n')
    await tail.sees(['1', '2', '3', '4', 'late'])
    expect(tail.warnings).toEqual([])
  })

  it('the removal of a file while no daemon ran is reported with the missed bytes and the next file', async () => {
    const tail = await following('1\n')
    await tail.stop()
    await rm(tail.path)
    await writeFile(tail.path, '2\n')
    await tail.start()
    await tail.sees(['1', '2'])
    await tail.passes(() => tail.warnings.length > 0)
    await tail.stop()
    expect(tail.warnings).toMatchObject([
      { bytes: 0, message: expect.stringContaining(`reading goes on with ${tail.path}`) },
    ])
  })

  it('the removal of a file that was not read to its end is reported with the number of missed bytes', async () => {
    const all = lines(1, 6000)
    const tail = new Follower(await freshPath())
    await writeFile(tail.path, text(all))
    await tail.start(3)
    await tail.isKilled()
    const { size } = await stat(tail.path)
    const read = text(tail.seen).length
    await rm(tail.path)
    await writeFile(tail.path, 'new\n')
    await tail.start()
    await tail.passes(() => tail.warnings.length > 0)
    await tail.sees([...all.slice(0, tail.seen.length - 1), 'new'])
    await tail.stop()
    expect(tail.warnings).toMatchObject([{ bytes: size - read }])
  })
})

describe('what is missed is reported', () => {
  it('reports the lines missed before each truncation, also between two looks', async () => {
    const tail = await following(text(lines(1, 5)))
    await tail.stop()
    await appendFile(tail.path, text(lines(6, 9)))
    await copyAndTruncate(tail.path, `${tail.path}.2`)
    await appendFile(tail.path, text(lines(10, 12)))
    await copyAndTruncate(tail.path)
    await appendFile(tail.path, text(lines(13, 14)))
    await tail.start()
    await tail.sees(lines(1, 14))
    await tail.passes(() => tail.warnings.length >= 2)
    await goesOn(tail, lines(1, 14))
    const fields = { file: tail.path, bytes: 0, message: expect.stringContaining(UNKNOWN) as unknown }
    expect(tail.warnings.toSorted((a, b) => a.from! - b.from!)).toMatchObject([
      { ...fields, copy: `${tail.path}.1`, from: text(lines(10, 12)).length },
      { ...fields, copy: `${tail.path}.2`, from: text(lines(1, 9)).length },
    ])
  })

  it('reports the number of missed bytes when a file was written to after it was compressed', async () => {
    const tail = await following(text(lines(1, 5)), '&quietSeconds=3600')
    const old = await writer(tail.path)
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '')
    await compress(`${tail.path}.1`)
    await old.appendFile(text(lines(6, 7)))
    await tail.sees(lines(1, 7))
    await tail.stop()
    await old.appendFile(text(lines(8, 8)))
    await tail.start()
    await goesOn(tail, lines(1, 7))
    await tail.passes(() => tail.warnings.length > 0)
    expect(tail.warnings).toMatchObject([
      {
        file: tail.path,
        from: text(lines(1, 7)).length,
        bytes: 0,
        message: expect.stringContaining(UNKNOWN),
      },
    ])
  })

  it('reports a possible loss when the log was rotated and removed between two looks', async () => {
    const tail = await following(text(lines(1, 5)))
    const { ino } = await stat(tail.path)
    await unlink(tail.path)
    await writeFile(tail.path, text(lines(6, 7)))
    await goesOn(tail, lines(1, 7))
    await tail.passes(() => tail.warnings.length > 0)
    expect(tail.warnings).toMatchObject([
      {
        file: tail.path,
        after: expect.stringMatching(`^${ino}/`),
        message: expect.stringContaining(`${UNKNOWN} is missed, namely those that stood in files`),
      },
    ])
  })

  it.each([
    ['compressed', (path: string) => writeFile(`${path}.1.gz`, gzipSync('')), '.1.gz'],
    ['a copy before a truncation', (path: string) => writeFile(`${path}.1`, ''), ''],
  ])('reports a possible loss for an empty file that is %s', async (_what, make, ending) => {
    const tail = await following(text(lines(1, 5)))
    await make(tail.path)
    await tail.passes(() => tail.warnings.length > 0)
    await goesOn(tail, lines(1, 5))
    await tail.stop()
    await tail.start()
    await appendFile(tail.path, 'very last\n')
    await tail.sees([...lines(1, 5), 'last', 'very last'])
    expect(tail.warnings).toMatchObject([
      { file: `${tail.path}${ending}`, from: 0, bytes: 0, message: expect.stringContaining(UNKNOWN) },
    ])
  })

  it.each([
    ['an empty copy', [], []],
    ['a copy with content', ['a1', 'a2'], ['a1', 'a2']],
  ])('reports %s that has the same time of birth as the log', async (_what, copied, seen) => {
    const tail = new Follower(await freshPath())
    const copy = join(folder, 'copy')
    const bornAt = (path: string) => statSync(path, { bigint: true }).birthtimeNs
    do {
      for (const path of [tail.path, copy]) rmSync(path, { force: true })
      writeFileSync(tail.path, 'b1\n')
      writeFileSync(copy, text(copied))
    } while (bornAt(tail.path) !== bornAt(copy))
    await tail.start()
    onTestFinished(() => tail.stop())
    await tail.sees(['b1'])
    await rename(copy, `${tail.path}.1`)
    await tail.passes(() => tail.warnings.length > 0)
    await goesOn(tail, ['b1', ...seen])
    const from = text(copied).length
    expect(tail.warnings).toMatchObject([{ file: tail.path, copy: `${tail.path}.1`, from, bytes: 0 }])
  })

  it('reports a longer copy that took the place of the log and was compressed before it was seen', async () => {
    const tail = await following(text(lines(1, 500)))
    const copied = text(lines(1, 550))
    // The follower cannot look in between.
    writeFileSync(`${tail.path}.copy`, copied)
    renameSync(`${tail.path}.copy`, tail.path)
    writeFileSync(`${tail.path}.1.gz`, gzipSync(copied))
    unlinkSync(tail.path)
    writeFileSync(tail.path, 'new\n')
    await goesOn(tail, [...lines(1, 550), 'new'])
    await tail.passes(() => tail.warnings.length > 0)
    expect(tail.warnings).toMatchObject([
      {
        file: `${tail.path}.1.gz`,
        from: copied.length,
        bytes: 0,
        message: expect.stringContaining(`compressed before it was read: ${UNKNOWN}`),
      },
    ])
  })

  it('reports nothing if all files of the log remain', async () => {
    const tail = await following(text(lines(1, 5)))
    for (let n = 2; n <= 4; n++) {
      await rename(tail.path, `${tail.path}.${n}`)
      await writeFile(tail.path, text(lines(n * 10, n * 10 + 5)))
      await tail.passes(() => tail.seen.length === 5 + (n - 1) * 6)
    }
    await tail.stop()
    await tail.start()
    await goesOn(tail, tail.seen)
    expect(tail.warnings).toEqual([])
  })

  it('repeats the report of a run that ended before it recorded the report', async () => {
    const tail = await following(text(lines(1, 5)))
    await tail.stop()
    await appendFile(tail.path, text(lines(6, 20)))
    await copyAndTruncate(tail.path)
    await appendFile(tail.path, 'new\n')
    tail.log.warn = () => tail.dies(-1)
    await tail.start()
    await tail.isKilled()
    tail.log.warn = () => {}
    await tail.start()
    await goesOn(tail, [...lines(1, 20), 'new'])
    await tail.passes(() => tail.warnings.length > 1)
    const report = {
      file: tail.path,
      from: text(lines(1, 20)).length,
      bytes: 0,
      message: expect.stringContaining('truncated') as unknown,
    }
    expect(tail.warnings).toMatchObject([report, report])
  })

  it('reports the loss of a run that ended while renames disturbed its listings', async () => {
    const tail = new Follower(await freshPath(), '&quietSeconds=1')
    await writeFile(`${tail.path}.1`, 'past\n')
    await writeFile(tail.path, text(lines(1, 5)))
    await tail.start()
    onTestFinished(() => tail.stop())
    await tail.sees(lines(1, 5))
    // The warning of a file beside the log comes between the names and the look at the files.
    let renames = 0
    const placeForeignFile = () => writeFileSync(`${tail.path}.foreign-${renames}`, '')
    tail.log.warn = (_fields, message) => {
      if (!message.startsWith('ignoring a file')) return
      renameSync(`${tail.path}.${renames + 1}`, `${tail.path}.${renames + 2}`)
      renames++
      placeForeignFile()
    }
    placeForeignFile()
    // The file and those that followed it are removed.
    unlinkSync(tail.path)
    writeFileSync(tail.path, text(lines(10, 12)))
    await tail.sees([...lines(1, 5), ...lines(10, 12)])
    const before = renames
    await tail.passes(() => renames >= before + 50)
    const reports = () => tail.warnings.filter(({ message }) => message.includes(UNKNOWN))
    expect(reports()).toEqual([])
    await tail.stop()
    tail.log.warn = () => {}
    await tail.start()
    await goesOn(tail, [...lines(1, 5), ...lines(10, 12)])
    await tail.passes(() => reports().length > 0)
    expect(reports()).toMatchObject([
      { from: text(lines(1, 5)).length, message: expect.stringContaining('the file read before is gone') },
    ])
  })
})

describe('a cursor of the first version', () => {
  const first = async (path: string, offset: number, bytes: number) => {
    const { ino, mtimeNs, birthtimeNs } = await stat(path, { bigint: true })
    const file = { inode: String(ino), modifiedAt: String(mtimeNs), bornAt: String(birthtimeNs) }
    const command = `head -c ${bytes} '${path}' | sha256sum | head -c 16`
    const hash = execFileSync('sh', ['-c', command], { encoding: 'utf8' })
    return JSON.stringify({ file, at: { offset, line: 3, skip: 0, form: 'lines', head: { bytes, hash } } })
  }

  it('a cursor of the first version resumes at its position, and skips files that were last written to before', async () => {
    const tail = new Follower(await freshPath())
    await writeFile(`${tail.path}.2`, 'past\n')
    await writeFile(tail.path, '1\n2\n')
    await utimes(`${tail.path}.2`, 1_600_000_000, 1_600_000_000)
    tail.cursor = await first(tail.path, 4, 4)
    await appendFile(tail.path, '3\n')
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '4\n')
    await tail.start()
    await tail.sees(['3', '4'])
    await tail.stop()
    await tail.start()
    await goesOn(tail, ['3', '4'])
    expect(tail.warnings).toEqual([])
    await tail.stop()
  })

  it('a cursor of the first version finds its file when it was compressed', async () => {
    const tail = new Follower(await freshPath())
    await writeFile(tail.path, text(lines(1, 30)))
    tail.cursor = await first(tail.path, text(lines(1, 20)).length, 1024)
    await rename(tail.path, `${tail.path}.1`)
    await compress(`${tail.path}.1`)
    await writeFile(tail.path, 'new\n')
    await tail.start()
    await tail.sees([...lines(21, 30), 'new'])
    await tail.stop()
  })

  it('a cursor of the first version at the end of a file skips all files that were not written to later', async () => {
    const tail = new Follower(await freshPath())
    await writeFile(`${tail.path}.1`, 'past\n')
    tail.cursor = JSON.stringify({ ...JSON.parse(await first(`${tail.path}.1`, 5, 5)), at: null })
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await goesOn(tail, ['1'])
    await tail.stop()
  })
})
