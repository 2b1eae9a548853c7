/** Rotation, late writers, copies, compression and kills in random order: every line is read once. */
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Follower } from '../../support/follower.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-rotation-chance-'))
})
afterAll(() => rm(folder, { recursive: true }))

const WRITERS = 2

/** A log with writers that keep their descriptors until they are asked to open it again. */
class Log {
  readonly path: string
  readonly written: string[] = []
  readonly #writers: number[]
  #plain: string[] = []
  #rotations = 0
  #copies = 0

  constructor(path: string) {
    this.path = path
    this.#writers = Array.from({ length: WRITERS }, () => openSync(path, 'a'))
  }

  append(writer: number, lines: number): void {
    for (let n = 0; n < lines; n++) {
      const line = `{"line":${this.written.length},"text":"${'x'.repeat(80)}"}`
      writeSync(this.#writers[writer % WRITERS]!, `${line}\n`)
      this.written.push(line)
    }
  }

  reopen(writer: number): void {
    closeSync(this.#writers[writer % WRITERS]!)
    this.#writers[writer % WRITERS] = openSync(this.path, 'a')
  }

  async rotate(isMade: boolean): Promise<void> {
    if (!statSync(this.path, { throwIfNoEntry: false })) return
    // The numbers increase, so that the test need not rename all other files. Rotation may count in either direction.
    const name = `${this.path}.${++this.#rotations}`
    await rename(this.path, name)
    this.#plain.push(name)
    if (isMade) await writeFile(this.path, '')
  }

  async compress(): Promise<void> {
    const [name] = this.#plain
    if (name === undefined || this.#isWrittenTo(name)) return
    this.#plain.shift()
    await writeFile(`${name}.gz`, gzipSync(await readFile(name)))
    await unlink(name)
  }

  async copy(): Promise<void> {
    if (!statSync(this.path, { throwIfNoEntry: false })) return
    await copyFile(this.path, `${this.path}-2026010${this.#copies++ % 10}`)
  }

  async copyAndTruncate(): Promise<void> {
    if (!statSync(this.path, { throwIfNoEntry: false })) return
    const name = `${this.path}.${++this.#rotations}`
    await copyFile(this.path, name)
    await truncate(this.path)
    this.#plain.push(name)
  }

  /** Replaces the log by a copy of itself, as editors do. */
  async replace(): Promise<void> {
    const now = statSync(this.path, { throwIfNoEntry: false })
    if (!now || !this.#writers.every((writer) => fstatSync(writer).ino === now.ino)) return
    await copyFile(this.path, `${this.path}.tmp`)
    await rename(`${this.path}.tmp`, this.path)
    for (let writer = 0; writer < WRITERS; writer++) this.reopen(writer)
  }

  close(): void {
    for (const writer of this.#writers.splice(0)) closeSync(writer)
  }

  #isWrittenTo(name: string): boolean {
    const { ino } = statSync(name)
    return this.#writers.some((writer) => fstatSync(writer).ino === ino)
  }
}

const kinds = [
  'append',
  'append',
  'append',
  'reopen',
  'rotate',
  'rotate',
  'compress',
  'copy',
  'copy and truncate',
  'replace',
  'die',
  'restart',
  'look',
  'look',
] as const

const step = fc.record({ kind: fc.constantFrom(...kinds), n: fc.nat({ max: 9 }) })

async function take(log: Log, tail: Follower, { kind, n }: { kind: (typeof kinds)[number]; n: number }) {
  const restart = async () => {
    await tail.stop()
    await tail.start()
  }
  if (kind === 'append') log.append(n, n * n)
  else if (kind === 'reopen') log.reopen(n)
  else if (kind === 'rotate') await log.rotate(n % 2 === 0)
  else if (kind === 'compress') await log.compress()
  else if (kind === 'copy') await log.copy()
  else if (kind === 'copy and truncate') await log.copyAndTruncate()
  else if (kind === 'replace') await log.replace()
  else if (kind === 'die') tail.dies(n % 4)
  else {
    if (kind === 'restart' || tail.isMortal) await restart()
    if (kind === 'look') await tail.passes(() => tail.seen.length >= log.written.length)
  }
}

it('no line is lost or repeated over random rotations, copies, compressions and kills', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      const own = join(folder, String(++count))
      await mkdir(own)
      const path = join(own, 'app.log')
      await writeFile(path, '')
      const log = new Log(path)
      const tail = new Follower(path)
      try {
        await tail.start()
        for (const each of steps) await take(log, tail, each)
        await tail.stop()
        for (let writer = 0; writer < WRITERS; writer++) log.reopen(writer)
        await tail.start()
        await tail.passes(() => tail.seen.length >= log.written.length)
        // Whatever comes twice comes before a line that is written now.
        log.append(0, 1)
        const last = log.written.at(-1)!
        await tail.passes(() => tail.seen.includes(last))
        expect(tail.seen.toSorted()).toEqual(log.written.toSorted())
      } finally {
        await tail.stop()
        log.close()
      }
    }),
    { numRuns: 40 },
  )
})
