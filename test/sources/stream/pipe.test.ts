/** Pipes, sockets and descriptors: read as they come, and left at once when reading shall stop. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { openSource, Sink, sourceContext } from '../../support/source.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-pipe-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0

function namedPipe(): string {
  const path = join(folder, `${++count}.pipe`)
  execFileSync('mkfifo', [path])
  return path
}

async function start(path: string, query = '') {
  const sink = new Sink()
  const abort = new AbortController()
  const source = await openSource(`file:${path}${query}`)
  const ended = source.run(sourceContext(sink, { signal: abort.signal }))
  ended.catch(() => {})
  return { sink, abort, ended }
}

describe.skipIf(process.platform === 'win32')('a named pipe', () => {
  it('is read until its last writer closes it, as it comes', async () => {
    const path = namedPipe()
    const { sink, ended } = await start(path)
    const writer = await open(path, 'w')
    await writer.write('{"a":1}\n{"b"')
    await until(() => sink.texts.length === 1)
    await writer.write(':2}\n')
    await writer.close()
    await ended
    expect(sink.texts).toEqual(['{"a":1}', '{"b":2}'])
    expect(sink.emitted.map(({ cursor }) => cursor)).toEqual([null, null])
  })

  it('may hold gzip data', async () => {
    const path = namedPipe()
    const { sink, ended } = await start(path)
    const writer = await open(path, 'w')
    await writer.write(gzipSync('1\n2\n'))
    await writer.close()
    await ended
    expect(sink.texts).toEqual(['1', '2'])
  })

  it('a named pipe that is silent or has no writer does not delay the end of reading', async () => {
    const [silent, unopened] = [namedPipe(), namedPipe()]
    const runs = [await start(silent), await start(unopened)]
    const writer = await open(silent, 'w')
    for (const { abort } of runs) abort.abort()
    await Promise.all(runs.map(({ ended }) => ended))
    await writer.close()
  })

  it('takes no thread of the pool while it is silent', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => start(namedPipe())))
    expect(await readFile(import.meta.filename, 'utf8')).toContain('takes no thread')
    for (const { abort } of runs) abort.abort()
    await Promise.all(runs.map(({ ended }) => ended))
  })

  it('cannot be followed', async () => {
    const { ended } = await start(namedPipe(), '?follow=true')
    await expect(ended).rejects.toMatchObject({
      kind: 'user',
      hint: expect.stringContaining('remove follow') as unknown,
    })
  })

  it('a named pipe is not read again after a failure', async () => {
    const path = namedPipe()
    const source = await openSource(`file:${path}`)
    const emit = () => Promise.reject(new Error('the disk is full'))
    const ended = source.run(sourceContext(new Sink(), { emit }))
    ended.catch(() => {})
    const writer = await open(path, 'w')
    await writer.write('1\n')
    await writer.close()
    await expect(ended).rejects.toMatchObject({
      kind: 'user',
      message: expect.stringContaining('only in part') as unknown,
    })
  })
})

describe.skipIf(process.platform === 'win32')('a device', () => {
  it('is read to its end', async () => {
    const { sink, ended } = await start('/dev/null')
    await ended
    expect(sink.events).toEqual([])
  })
})

/** Runs a line of shell in which "$@" is the command. */
async function shell(line: string, descriptor: number): Promise<string> {
  const { PATH = '', HOME = '', XDG_CACHE_HOME = '' } = process.env
  const command = join(import.meta.dirname, '../../../bin/signalbox.cjs')
  const from = `file:/dev/fd/${descriptor}?logType=A`
  const args = [process.execPath, command, 'run', '--store', 'memory:', '--from', from]
  const child = spawn('sh', ['-c', line, 'sh', ...args], {
    cwd: folder,
    env: { PATH, HOME, XDG_CACHE_HOME },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  let err = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const input = child.stdio[3] as Writable
  // A command that ended before it read everything shows in what it prints.
  input.on('error', () => {})
  input.end('{"n":1}\n{"n":2}\n')
  await new Promise((resolve) => child.on('close', resolve))
  return err
}

describe.runIf(process.platform === 'linux')('a descriptor that the command is given', () => {
  const destination = '{ name: out, type: console, severities: [HIGH] }'
  const rule = 'AnalysisType: rule\nRuleID: R\nFilename: r.py\nEnabled: true\nLogTypes: [A]\nSeverity: High\n'
  writeFileSync(
    join(folder, 'destinations.yaml'),
    `version: 1\nfallback: [out]\ndestinations: [${destination}]\n`,
  )
  writeFileSync(join(folder, 'r.yml'), rule)
  writeFileSync(join(folder, 'r.py'), 'def rule(event):\n    return False\n')

  it.each([
    ['a socket', '"$@"', 3],
    ['a pipe', `printf '1\n2\n' | "$@" 5<&0 </dev/null 3<&-`, 5],
    ['a file', `printf '1\n2\n' > two.ndjson; "$@" 4<two.ndjson`, 4],
  ])('is read where it is %s', async (_what, line, descriptor) => {
    expect(await shell(line, descriptor)).toMatch(/^events +(?:2 accepted|0 accepted, 2 rejected)/m)
  })
})
