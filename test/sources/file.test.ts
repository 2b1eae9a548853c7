import { appendFile, mkdir, mkdtemp, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sourceContract } from '../contract/source.ts'
import { Follower } from '../support/follower.ts'
import { peakHeldBytes } from '../support/held-memory.ts'
import { openSource, recordingLog, Sink, sourceContext } from '../support/source.ts'
import { until } from '../support/until.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

function freshPath(ending = '.ndjson'): string {
  return join(folder, `${++count}${ending}`)
}

sourceContract('file', {
  from: 'file:x.ndjson',
  async feed(input, context) {
    const path = freshPath()
    await writeFile(path, input)
    const ended = (await openSource(`file:${path}`)).run(context)
    return { acknowledged: ended, ended }
  },
})

describe('a whole file', () => {
  async function read(path: string, { cursor = null as string | null, query = '' } = {}) {
    const sink = new Sink()
    const log = recordingLog()
    const source = await openSource(`file:${path}${query}`)
    expect(source.ends).toBe(true)
    await source.run(sourceContext(sink, { cursor, log }))
    return { sink, log, cursor: sink.emitted.at(-1)?.cursor ?? cursor }
  }

  /** They are more than the first batch holds. */
  const numbers = Array.from({ length: 14 }, (_, n) => n)

  it.each([
    ['lines', numbers.join('\n'), ''],
    ['a list over lines', `[\n${numbers.join(',\n')}\n]`, ''],
    ['a container', `{"Records":[${numbers.join(',')}]}`, '?unwrap=Records'],
    ['objects over lines', numbers.map((n) => `{\n"a":${n}}\n`).join(''), ''],
  ])(
    'reading resumes after the last committed event of %s, compressed or not',
    async (_what, text, query) => {
      for (const [ending, bytes] of [
        ['.json', Buffer.from(text)],
        ['.json.gz', gzipSync(text)],
      ] as const) {
        const path = freshPath(ending)
        await writeFile(path, bytes)
        const first = await read(path, { query })
        expect(first.sink.texts).toHaveLength(numbers.length)
        expect(first.sink.emitted.length).toBeGreaterThan(1)
        let committed = 0
        for (const { batch, cursor } of first.sink.emitted) {
          committed += batch.length
          const { sink } = await read(path, { query, cursor })
          expect(sink.texts).toEqual(first.sink.texts.slice(committed))
        }
      }
    },
  )

  it('a file that was read to its end is reported to have no new data', async () => {
    const path = freshPath()
    await writeFile(path, '1\n')
    const { cursor } = await read(path)
    const again = await read(path, { cursor })
    expect(again.sink.texts).toEqual([])
    expect(again.log.lines).toEqual([
      { level: 'info', message: 'no new data: an earlier run read the file to its end' },
    ])
    await appendFile(path, '2\n')
    expect((await read(path, { cursor })).sink.events).toMatchObject([
      { raw: '2', position: 'line 2, byte 2' },
    ])
  })

  it('a file that was rewritten, shortened or replaced is read from its beginning', async () => {
    const path = freshPath()
    await writeFile(path, '1\n2\n')
    const { cursor } = await read(path)
    await writeFile(path, '7\n8\n9\n')
    expect((await read(path, { cursor })).sink.texts).toEqual(['7', '8', '9'])
    await writeFile(path, '1\n')
    expect((await read(path, { cursor })).sink.texts).toEqual(['1'])
    await writeFile(`${path}.new`, '1\n2\n')
    await rename(`${path}.new`, path)
    expect((await read(path, { cursor })).sink.texts).toEqual(['1', '2'])
  })

  it('a stored text that is no cursor counts as none', async () => {
    const path = freshPath()
    await writeFile(path, '1\n')
    for (const cursor of ['', '{}', '[1]', 'null', '{"inode":"1","offset":-1}']) {
      expect((await read(path, { cursor })).sink.texts).toEqual(['1'])
    }
  })

  it('events before damaged gzip data are kept, and a later run reads the file again', async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `{"n":${n},"x":"${Math.sin(n)}"}`)
    const whole = gzipSync(`${lines.join('\n')}\n`)
    const path = freshPath('.gz')
    await writeFile(path, whole.subarray(0, whole.length - 9))
    const cut = await read(path)
    expect(cut.sink.accepted.length).toBeGreaterThan(19_000)
    expect(cut.sink.refused).toMatchObject([{ refused: 'the gzip data is corrupt: unexpected end of file' }])
    await writeFile(path, whole)
    const rest = await read(path, { cursor: cut.cursor })
    expect([...cut.sink.accepted, ...rest.sink.texts]).toEqual(lines)

    const corrupt = Buffer.from(whole)
    corrupt.fill(0xff, whole.length >> 1, (whole.length >> 1) + 100)
    await writeFile(path, corrupt)
    const { sink } = await read(path)
    // Damaged data may decode to text until the damage is found. Only the lines before it are guaranteed.
    expect(sink.accepted.slice(0, 5000).join('\n')).toBe(lines.slice(0, 5000).join('\n'))
    expect(sink.refused.at(-1)!.refused).toContain('the gzip data is corrupt')
  })

  it('a file that is named .gz but not compressed is refused', async () => {
    const path = freshPath('.gz')
    await writeFile(path, '1\n')
    expect((await read(path)).sink.refused).toMatchObject([
      { refused: 'the gzip data is corrupt: incorrect header check' },
    ])
  })

  it('a small archive of a huge line does not fill the memory', async () => {
    const path = freshPath('.gz')
    await writeFile(path, gzipSync(Buffer.concat([Buffer.alloc(64 << 20, 'x'), Buffer.from('\n{"a":1}\n')])))
    let sink = new Sink()
    const peak = await peakHeldBytes(async () => {
      ;({ sink } = await read(path))
    })
    // The line alone has 64 MiB. One step of the decompression holds at most 16 MiB, and two steps would hold 32.
    expect(peak).toBeLessThan(24 << 20)
    expect(sink.refused).toMatchObject([{ refused: 'event of 67108864 bytes exceeds the limit of 1000' }])
    expect(sink.accepted).toEqual(['{"a":1}'])
  })

  it.each([
    ['is not there', join('no', 'such.ndjson'), 'does not exist'],
    ['is a directory', '.', 'is a directory'],
  ])('a whole file that %s is an error of the operator', async (_what, path, message) => {
    await expect(read(join(folder, path))).rejects.toMatchObject({
      kind: 'user',
      message: expect.stringContaining(message) as unknown,
    })
  })

  it('a source spec with a missing path or an invalid query is refused', async () => {
    await expect(openSource('file:')).rejects.toThrow('requires a path')
    await expect(openSource('file:x?follow=yes')).rejects.toThrow('invalid follow "yes"')
    await expect(openSource('file:x.gz?follow=true')).rejects.toThrow('cannot follow')
  })
})

describe('a followed file', () => {
  it('a followed file whose olddir leads below a regular file is refused', async () => {
    const path = freshPath()
    await writeFile(path, '')
    const tail = new Follower(path, `&olddir=${join(path, 'old')}`)
    await expect(tail.start()).rejects.toThrow(/cannot read .*: ENOTDIR/)
  })

  it('a followed file may appear later, and its lines are read when they are complete', async () => {
    const tail = new Follower(freshPath())
    await tail.start()
    await writeFile(tail.path, '\ufeff1\n2')
    await tail.sees(['1'])
    await appendFile(tail.path, '2\n\n3\r\n')
    await tail.sees(['1', '22', '3'])
    await tail.stop()
  })

  it('a followed file may be in a folder that does not exist yet', async () => {
    const tail = new Follower(join(freshPath(''), 'later', 'x.ndjson'))
    await tail.start()
    await mkdir(dirname(tail.path), { recursive: true })
    await writeFile(tail.path, '1\n')
    await tail.sees(['1'])
    await tail.stop()
  })

  it('a change is seen without waiting for the poll', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await until(() => tail.seen.length === 1)
    let n = 1
    // A change before the watcher is ready may be missed, and the poll finds it.
    await until(async () => {
      await appendFile(tail.path, `${++n}\n`)
      return tail.seen.length > 1
    })
    await tail.stop()
  })

  it('the rest of a renamed file is read before the new one', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await appendFile(tail.path, '2\n')
    await rename(tail.path, `${tail.path}.1`)
    // The writer has made the new file but still writes to the old one.
    await writeFile(tail.path, '')
    await appendFile(`${tail.path}.1`, '3\n')
    await tail.sees(['1', '2', '3'])
    await appendFile(`${tail.path}.1`, '4\n')
    await tail.sees(['1', '2', '3', '4'])
    await appendFile(`${tail.path}.1`, '5 without end')
    await appendFile(tail.path, '6\n')
    // Its last line is complete once the file was quiet for some seconds.
    await tail.sees(['1', '2', '3', '4', '6', '5 without end'])
    await tail.stop()
  })

  it('a file that was rotated between two runs is found under its new name', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await tail.stop()
    await appendFile(tail.path, '2\n')
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '3\n')
    await tail.start()
    await tail.sees(['1', '2', '3'])
    await tail.stop()
  })

  it('all files that were rotated between two runs are read in order', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await tail.stop()
    await appendFile(tail.path, '2\n')
    for (const line of [3, 4, 5]) {
      await rename(tail.path, `${tail.path}-2026010${line}`)
      await writeFile(tail.path, `${line}\n`)
      // The time of the last write does not decide the order.
      await utimes(tail.path, 1_800_000_000 - line, 1_800_000_000 - line)
    }
    await tail.start()
    await tail.sees(['1', '2', '3', '4', '5'])
    await tail.stop()
  })

  it.each([
    ['is empty', async (path: string) => writeFile(path, '')],
    ['is not there yet', async () => {}],
  ])('rotated files are read at once when the newest file %s', async (_what, make) => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await tail.stop()
    await utimes(tail.path, 1_600_000_000, 1_600_000_000)
    await rename(tail.path, `${tail.path}.2`)
    await writeFile(tail.path, '2\n')
    await utimes(tail.path, 1_700_000_000, 1_700_000_000)
    await rename(tail.path, `${tail.path}.1`)
    await make(tail.path)
    await tail.start()
    await tail.sees(['1', '2'])
    // The writer still uses this file, because it has not opened another one.
    await appendFile(`${tail.path}.1`, '3\n')
    await tail.sees(['1', '2', '3'])
    await tail.stop()
  })

  it('an event that is read again after a kill has the same origin and position', async () => {
    const path = freshPath()
    await writeFile(path, '1\n')
    const framedAt = async () => {
      const sink = new Sink()
      const abort = new AbortController()
      const source = await openSource(`file:${path}?follow=true`)
      const ended = source.run(sourceContext(sink, { signal: abort.signal }))
      await until(() => sink.events.length > 0)
      abort.abort()
      await ended
      const { origin, position } = sink.events[0]!
      return `${origin} ${position}`
    }
    const before = await framedAt()
    await appendFile(path, `${'2'.repeat(2000)}\n`)
    expect(await framedAt()).toBe(before)
    await rename(path, `${path}.1`)
    await writeFile(path, '1\n')
    expect(await framedAt()).not.toBe(before)
  })

  it('following begins at the start of the log, with a report, when the file of the cursor is gone after a pause', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await tail.stop()
    await rm(tail.path)
    await writeFile(tail.path, '2\n')
    await tail.start()
    await tail.sees(['1', '2'])
    await tail.passes(() => tail.log.lines.length > 0)
    await tail.stop()
    expect(tail.log.lines).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining(
          `the file read before is gone: an unknown number of lines (possibly none) is missed, namely those that were written to it after the last look, or stood in files that were made and removed since; reading goes on with ${tail.path}`,
        ) as unknown,
      },
    ])
  })

  it('the later files are read when the file of the cursor is gone after several rotations', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await tail.stop()
    await writeFile(`${tail.path}.1`, '2\n')
    await utimes(`${tail.path}.1`, 1_900_000_000, 1_900_000_000)
    await writeFile(`${tail.path}.new`, '3\n')
    await rename(`${tail.path}.new`, tail.path)
    await utimes(tail.path, 1_900_000_001, 1_900_000_001)
    await tail.start()
    await tail.sees(['1', '2', '3'])
    await tail.stop()
  })

  it('a file that was rewritten in place and rotated between two runs is read from its beginning', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start()
    await tail.sees(['1'])
    await tail.stop()
    await writeFile(tail.path, '2\n')
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '3\n')
    await utimes(tail.path, 1_900_000_000, 1_900_000_000)
    await tail.start()
    await tail.sees(['1', '2', '3'])
    await tail.stop()
    expect(tail.log.lines.map(({ level }) => level)).toEqual(['warn'])
  })

  it('a truncation in place is found, even if the file is longer again at the next look', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, 'first\nsecond\n')
    await tail.start()
    await tail.sees(['first', 'second'])
    await truncate(tail.path, 0)
    await appendFile(tail.path, 'a\n')
    await tail.sees(['first', 'second', 'a'])
    await writeFile(tail.path, 'longer than before\nand more\n')
    await tail.sees(['first', 'second', 'a', 'longer than before', 'and more'])
    await tail.stop()
  })

  it('reading resumes inside a container of which only a part was committed', async () => {
    const tail = new Follower(freshPath(), '&unwrap=r')
    const all = Array.from({ length: 450 }, (_, n) => String(n))
    await writeFile(tail.path, `{"r":[${all.join(',')}]}\n`)
    await tail.start(1)
    await tail.isKilled()
    // The first step is small, so that it is committed even if the next kill comes soon.
    expect(tail.seen).toEqual(all.slice(0, 10))
    await tail.start()
    await tail.sees(all)
    await tail.stop()
  })
})

describe('where a follower begins is kept before there is a line to commit', () => {
  const unread = 0

  it.each([
    ['is empty', async (path: string) => writeFile(path, ''), []],
    ['holds lines', async (path: string) => writeFile(path, '0\n'), ['0']],
    ['is not there yet', async () => {}, []],
    ['is not there, but one of before is', async (path: string) => writeFile(`${path}.9`, 'of before\n'), []],
  ])('the file %s: killed and rotated before the first commit, it is read all the same', async (...given) => {
    const [, make, before] = given
    const tail = new Follower(freshPath())
    await make(tail.path)
    await tail.start(unread)
    await appendFile(tail.path, '1\n')
    await tail.stop()
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '2\n')
    await utimes(tail.path, 1_900_000_000, 1_900_000_000)
    await tail.start()
    await tail.sees([...before, '1', '2'])
    await tail.stop()
  })

  it('a file that appears and is rotated before the first look is read, and so is the new one', async () => {
    const tail = new Follower(freshPath())
    await tail.start()
    await writeFile(`${tail.path}.1`, '1\n')
    await writeFile(tail.path, '2\n')
    await utimes(tail.path, 1_900_000_000, 1_900_000_000)
    await tail.sees(['1', '2'])
    await tail.stop()
  })

  it('the start of the file that a rotation created is kept before there is a line to commit', async () => {
    const tail = new Follower(freshPath())
    await writeFile(tail.path, '1\n')
    await tail.start(1)
    await tail.sees(['1'])
    const first = tail.cursor
    await rename(tail.path, `${tail.path}.1`)
    await writeFile(tail.path, '2\n')
    await tail.passes(() => tail.cursor !== first)
    await tail.stop()
    await rm(`${tail.path}.1`)
    await rename(tail.path, `${tail.path}.1`)
    await tail.start()
    await tail.sees(['1', '2'])
    await tail.passes(() => tail.warnings.length > 0)
    await tail.stop()
    expect(tail.warnings).toMatchObject([
      { from: 2, bytes: 0, message: expect.stringContaining('written to it after the last look') },
    ])
  })

  it('a beginning that can not be committed for a while does not move on with rotation', async () => {
    const path = freshPath()
    const sink = new Sink()
    const source = await openSource(`file:${path}?follow=true`)
    await writeFile(path, '1\n')
    const full = () => Promise.reject(new Error('the disk is full'))
    await expect(source.run(sourceContext(sink, { commitCursor: full }))).rejects.toThrow('the disk is full')
    await rename(path, `${path}.1`)
    await writeFile(path, '2\n')
    await utimes(path, 1_900_000_000, 1_900_000_000)
    const abort = new AbortController()
    const ended = source.run(sourceContext(sink, { signal: abort.signal }))
    await until(() => sink.events.length >= 2)
    expect(sink.texts).toEqual(['1', '2'])
    abort.abort()
    await ended
  })
})

describe('following loses nothing and repeats nothing', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('append'), lines: fc.nat({ max: 300 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('half'), lines: fc.constant(1) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('rotate'), lines: fc.integer({ min: 1, max: 5 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('die'), lines: fc.nat({ max: 3 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('restart'), lines: fc.constant(0) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('look'), lines: fc.constant(0) }) },
  )

  it('random appends, half lines, rotations and crashes lose nothing and repeat nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.nat({ max: 3 }),
        fc.array(step, { maxLength: 12 }),
        async (...given) => {
          const [isThere, firstCommits, steps] = given
          const tail = new Follower(freshPath())
          const written: string[] = []
          const next = () => {
            written.push(`line ${written.length} ${'x'.repeat(written.length % 40)}`)
            return written.at(-1)!
          }
          const restart = async () => {
            await tail.stop()
            await tail.start()
          }
          if (isThere) await writeFile(tail.path, `${next()}\n`)
          await tail.start(firstCommits)
          for (const [i, { kind, lines }] of steps.entries()) {
            if (kind === 'append') {
              await appendFile(tail.path, Array.from({ length: lines }, () => `${next()}\n`).join(''))
            } else if (kind === 'half') {
              const line = next()
              await appendFile(tail.path, line.slice(0, 3))
              await appendFile(tail.path, `${line.slice(3)}\n`)
            } else if (kind === 'rotate') {
              await appendFile(tail.path, `${next()}\n`)
              await rename(tail.path, `${tail.path}.${20_260_101 + i}`)
              await writeFile(tail.path, Array.from({ length: lines }, () => `${next()}\n`).join(''))
            } else if (kind === 'die') {
              tail.dies(lines)
            } else if (kind === 'restart') {
              await restart()
            } else {
              if (tail.isMortal) await restart()
              await tail.sees(written)
            }
          }
          await restart()
          await tail.sees(written)
          await tail.stop()
        },
      ),
      { numRuns: 25 },
    )
  })
})
