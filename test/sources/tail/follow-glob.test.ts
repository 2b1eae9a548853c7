import { appendFile, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownLogs } from '../../../src/sources/tail/glob-files.ts'
import { rotatedName } from '../../../src/sources/tail/rotated-names.ts'
import { manualClock } from '../../support/clock.ts'
import { Follower } from '../../support/follower.ts'
import { openSource, Sink, sourceContext } from '../../support/source.ts'
import { until } from '../../support/until.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-glob-'))
})
afterEach(() => rm(folder, { recursive: true }))

const at = (name: string) => join(folder, name)
const lines = (...numbers: number[]) => numbers.map((n) => `${n}\n`).join('')

describe('all files of a pattern, once', () => {
  async function read(pattern: string, cursor: string | null = null) {
    const sink = new Sink()
    const source = await openSource(`file:${at(pattern)}`)
    expect(source.ends).toBe(true)
    await source.run(sourceContext(sink, { cursor }))
    return { sink, cursor: sink.emitted.at(-1)?.cursor ?? cursor }
  }

  it('are read in the order of their names, compressed ones and those of folders included', async () => {
    await mkdir(at('b'))
    await writeFile(at('c.json'), lines(3))
    await writeFile(at('a.json'), lines(1))
    await writeFile(at('b/x.json.gz'), gzipSync(lines(2)))
    await writeFile(at('a.txt'), lines(9))
    const { sink } = await read('**/*.json*')
    expect(sink.texts).toEqual(['1', '2', '3'])
    expect(sink.events.map(({ position }) => position)).toEqual([
      'a.json: line 1, byte 0',
      'b/x.json.gz: line 1, byte 0',
      'c.json: line 1, byte 0',
    ])
  })

  it('a later run reads what was added, in any file, and nothing twice, wherever it stopped', async () => {
    const all = Array.from({ length: 40 }, (_, n) => n)
    await writeFile(at('a.json'), lines(...all.slice(0, 20)))
    await writeFile(at('b.json'), lines(...all.slice(20)))
    const { sink } = await read('*.json')
    expect(sink.texts).toEqual(all.map(String))
    for (const [i, { cursor }] of sink.emitted.entries()) {
      const seen = sink.emitted.slice(0, i + 1).flatMap(({ batch }) => batch)
      const rest = await read('*.json', cursor)
      expect([...seen, ...rest.sink.events].map(({ raw }) => raw)).toEqual(all.map(String))
    }
    const done = sink.emitted.at(-1)!.cursor
    await appendFile(at('a.json'), lines(40))
    await writeFile(at('c.json'), lines(41))
    await rename(at('b.json'), at('d.json'))
    expect((await read('*.json', done)).sink.texts).toEqual(['40', '41'])
  })

  it('a file whose name looks like a pattern is read, and so are files in such a folder', async () => {
    await mkdir(at('[x]'))
    await writeFile(at('[x]/[a].json'), lines(1))
    await writeFile(at('[x]/a.json'), lines(2))
    expect((await read('[x]/[a].json')).sink.texts).toEqual(['1'])
    expect((await read('[x]/a*.json')).sink.texts).toEqual(['2'])
  })

  it('a pattern without files is an error', async () => {
    await expect(read('*.json')).rejects.toMatchObject({
      code: 'unreadable-source',
      message: `no file matches ${at('*.json')}`,
    })
  })

  it('many large files are not read at the same time', async () => {
    for (const name of ['a.json', 'b.json']) await writeFile(at(name), lines(...Array(5_000).keys()))
    const sink = new Sink()
    sink.isHeld = true
    const ended = (await openSource(`file:${at('*.json')}`)).run(sourceContext(sink))
    for (let next = 0; sink.events.length < 10_000 || sink.inFlight > 0; next++) {
      await until(() => sink.emitted.length > next)
      sink.emitted[next]!.settle()
    }
    await ended
    expect(sink.mostEventsInFlight).toBeLessThanOrEqual(2_000)
  })
})

describe('the logs among files', () => {
  it('are those that are no rotated sibling of another one', () => {
    const added = ['', '.1', '.12', '-1', '-20260101', '.2026-01-01.0', '_1767225600', '20260101', '.123456']
    const names = ['app', 'a.b', 'x.log', '.log'].flatMap((log) =>
      added.flatMap((more) => [`${log}${more}`, `${log}${more}.gz`, log.replace(/(\.\w+)?$/, `${more}$1`)]),
    )
    const paths = [...new Set(names)].filter(Boolean).map((name) => `/logs/${name}`)
    const isSibling = (path: string) =>
      paths.some((log) => log !== path && rotatedName(log.slice(6), path.slice(6)) !== null)
    const logs = ownLogs(paths, [])
    expect(logs).toEqual(paths.filter((path) => !isSibling(path)))
    expect(logs.length).toBeLessThan(paths.length / 2)
  })

  it('are found among many files without a comparison of all with each other', () => {
    const paths = Array.from({ length: 50_000 }, (_, n) => `/logs/service-${n}.log`)
    expect(ownLogs(paths, [])).toEqual(paths)
  })
})

describe('all logs of a pattern, followed', () => {
  const sorted = (follower: Follower) => [...follower.seen].sort((a, b) => Number(a) - Number(b))
  const sees = async (follower: Follower, ...numbers: number[]) => {
    await follower.passes(() => follower.seen.length >= numbers.length)
    expect(sorted(follower)).toEqual(numbers.map(String))
  }

  it('new files are found, and each has its own cursor', async () => {
    await writeFile(at('a.log'), lines(1))
    const follower = new Follower(at('*.log'))
    await follower.start()
    await sees(follower, 1)
    await writeFile(at('b.log'), lines(2))
    await sees(follower, 1, 2)
    await appendFile(at('a.log'), lines(3))
    await sees(follower, 1, 2, 3)
    await follower.stop()
    await appendFile(at('a.log'), lines(4))
    await appendFile(at('b.log'), lines(5))
    await writeFile(at('c.log'), lines(6))
    await follower.start()
    await sees(follower, 1, 2, 3, 4, 5, 6)
    await follower.stop()
  })

  it('nothing is there at first', async () => {
    const follower = new Follower(at('later/*.log'))
    await follower.start()
    await mkdir(at('later'))
    await writeFile(at('later/a.log'), lines(1))
    await sees(follower, 1)
    await follower.stop()
  })

  it('a rotated sibling is no file of its own, also while its log is missing and after a restart', async () => {
    await writeFile(at('a.log'), lines(1, 2))
    const follower = new Follower(at('a*'))
    await follower.start()
    await sees(follower, 1, 2)
    await rename(at('a.log'), at('a.log.1'))
    await appendFile(at('a.log.1'), lines(3))
    await sees(follower, 1, 2, 3)
    await follower.stop()
    await follower.start()
    await writeFile(at('a.log'), lines(4))
    await sees(follower, 1, 2, 3, 4)
    await rename(at('a.log.1'), at('a.log.2'))
    await rename(at('a.log'), at('a.log.1'))
    await writeFile(at('a.log'), lines(5))
    await sees(follower, 1, 2, 3, 4, 5)
    await follower.stop()
  })

  it('a run that is killed after any commit loses nothing and repeats nothing', async () => {
    const follower = new Follower(at('*.log'))
    await writeFile(at('a.log'), lines(...Array(30).keys()))
    await writeFile(at('b.log'), lines(...Array.from({ length: 30 }, (_, n) => n + 30)))
    for (let kills = 0; kills < 4; kills++) {
      await follower.start(1)
      await follower.isKilled()
    }
    await follower.start()
    await sees(follower, ...Array(60).keys())
    await follower.stop()
  })

  it('a log that is gone with its siblings leaves the cursor', async () => {
    await writeFile(at('a-1.log'), lines(1))
    const follower = new Follower(at('*.log'))
    await follower.start()
    await sees(follower, 1)
    await rm(at('a-1.log'))
    await follower.passes(() => !follower.cursor!.includes('a-1.log'))
    await writeFile(at('a-2.log'), lines(2))
    await sees(follower, 1, 2)
    await follower.stop()
  })

  it('a file that is removed before it was read is read to its end', async () => {
    const all = Array.from({ length: 30_000 }, (_, n) => `"${n}${' '.repeat(200)}"`)
    await writeFile(at('a.log'), all.map((line) => `${line}\n`).join(''))
    const sink = new Sink()
    sink.isHeld = true
    const [clock, abort] = [manualClock(), new AbortController()]
    const source = await openSource(`file:${at('*.log')}?follow=true`)
    const ended = source.run(sourceContext(sink, { clock, signal: abort.signal }))
    await until(() => sink.inFlight > 0)
    expect(sink.events.length).toBeLessThan(all.length)
    await rm(at('a.log'))
    for (let turn = 0; turn < 50; turn++) {
      clock.advance(100)
      await stat(folder)
    }
    for (let next = 0; sink.events.length < all.length; next++) {
      await until(() => sink.emitted.length > next)
      sink.emitted[next]!.settle()
    }
    expect(sink.texts).toEqual(all)
    abort.abort()
    for (const one of sink.emitted) one.settle()
    await ended
  })

  it('a log whose files are all in the folder for old ones is not forgotten', async () => {
    await mkdir(at('old'))
    await writeFile(at('a.log'), lines(1))
    const follower = new Follower(at('*.log'), '&olddir=old')
    await follower.start()
    await sees(follower, 1)
    await rename(at('a.log'), at('old/a.log.1'))
    for (let turn = 0; turn < 100; turn++) {
      follower.advance(1000)
      await stat(folder)
    }
    await appendFile(at('old/a.log.1'), lines(2))
    await sees(follower, 1, 2)
    await writeFile(at('a.log'), lines(3))
    await sees(follower, 1, 2, 3)
    await follower.stop()
  })

  it('a file that two names lead to is read once', async () => {
    await writeFile(at('day.log'), lines(1, 2))
    await symlink(at('day.log'), at('current.log'))
    await symlink(folder, at('loop'))
    const follower = new Follower(at('**/*.log'))
    await follower.start()
    await sees(follower, 1, 2)
    await writeFile(at('z.log'), lines(3))
    await sees(follower, 1, 2, 3)
    await follower.stop()
  })
})
