/** A followed log in a folder that cannot be listed for a while. */
import { spawn } from 'node:child_process'
import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CAPABILITIES_PROGRAM, WITHOUT_CAPABILITIES } from '../../support/capabilities.ts'
import { describeWithProgram } from '../../support/optional-program.ts'
import { until } from '../../support/until.ts'

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'src', 'sources')

/** Prints the events and warnings of a followed file. */
const FOLLOW = `
import { pathToFileURL } from 'node:url'
const [sources, path] = process.argv.slice(1)
const load = (name) => import(pathToFileURL(sources + '/' + name))
const { default: type } = await load('file.ts')
const { parseSourceSpec } = await load('_source-spec.ts')
const { nullLog, systemClock } = await load('../model/ports.ts')
await type.open(parseSourceSpec('file:' + path + '?follow=true')).run({
  cursor: null,
  commitCursor: async () => {},
  emit: async (batch) => {
    for (const { raw } of batch) console.log(raw)
    return batch.map(() => ({ status: 'accepted', matches: 0 }))
  },
  signal: new AbortController().signal,
  clock: systemClock,
  log: { ...nullLog, warn: (_fields, message) => console.log('warning: ' + message) },
  limits: { eventBytes: 1024, bodyBytes: 1024 },
})
`

describeWithProgram(CAPABILITIES_PROGRAM, 'a folder that cannot be listed', () => {
  it.skipIf(process.platform === 'win32')('gives no report that the files in it are gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-closed-folder-'))
    const path = join(folder, 'app.log')
    writeFileSync(path, '1\n')
    const node = [process.execPath, '--input-type=module', '--eval', FOLLOW, SOURCES, path]
    const [program, ...argv] = [...WITHOUT_CAPABILITIES, ...node]
    const child = spawn(program!, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.once('close', resolve))
    onTestFinished(async () => {
      child.kill()
      await ended
      chmodSync(folder, 0o755)
      rmSync(folder, { recursive: true })
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const printed = () => output.split('\n').slice(0, -1)
    await until(() => printed().includes('1'))
    chmodSync(folder, 0o311)
    renameSync(path, `${path}.1`)
    writeFileSync(path, '2\n')
    await until(() => printed().includes('2'))
    // Each line after the first one is read in a listing of its own at the earliest.
    for (const line of ['3', '4', '5', '6']) {
      if (line === '6') chmodSync(folder, 0o755)
      appendFileSync(path, `${line}\n`)
      await until(() => printed().includes(line))
    }
    expect(printed().toSorted()).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      'warning: cannot list the folder: rotated files are not found',
    ])
  })
})
