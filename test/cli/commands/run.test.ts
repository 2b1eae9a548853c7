/** Tests `run` from standard input to the console, in this process: its output, its deliveries and its exit code. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { VERSION } from '../../../src/version.ts'
import { describeWithProgram } from '../../support/optional-program.ts'
import { until } from '../../support/until.ts'
import { type FakeIo, fakeIo, type Ran, signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const LOGIN = '{"action":"login","user":"ann"}'

let root: string
beforeAll(() => {
  root = makeProject(SOUND)
})

function run(input: string, ...argv: string[]): Promise<Ran> {
  return signalbox(['run', '--project', root, '--store', 'memory:', ...argv], input)
}

describe('sources that end', () => {
  it('run exits with 0 if everything was delivered, logs to standard error, delivers to standard output, and prints the same twice', async () => {
    const again = () => run(`${LOGIN}\n${LOGIN}\n`, '--from', 'stdin?logType=Test.Log')
    const { code, out, err } = await again()
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ destination: 'inbox', notification: { id: 'Test.Login' } })
    expect(err).toMatch(
      /HIGH {6}ann logged in\n {10}Test\.Login {2}[0-9a-f]{32}\n {10}-> inbox \(static-severity\)\n/,
    )
    expect(err).toMatch(/merged into [0-9a-f]{32}, 2 events/)
    expect(err).toMatch(/events {6}2 accepted\nalerts {6}1 created, 1 merged\ndeliveries {2}1 delivered/)
    expect((await again()).err).toBe(err)
  })

  it('run reports invalid and unclassified events with position and hint, and exits with 1', async () => {
    const { code, out, err } = await run(`{nope\n${LOGIN}\n${LOGIN}\n`, '--from', 'stdin')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/rejected stdin, line 1/)
    expect(err.match(/add \?logType=/g)).toHaveLength(1)
    expect(err).toMatch(/events {6}0 accepted, 1 rejected, 2 unclassified/)
  })

  it('run names an undelivered delivery and exits with 1', async () => {
    const refusing = createServer((_request, response) => response.writeHead(500).end())
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/`
    const registry = `version: 1\ndestinations:\n  - { name: hook, type: webhook, severities: [HIGH], options: { url: '${url}' } }\n`
    const project = makeProject({ ...SOUND, 'destinations.yaml': registry })
    const argv = ['run', '--project', project, '--store', 'memory:', '--drain-timeout', '100ms']
    const { code, err } = await signalbox([...argv, '--from', 'stdin?logType=Test.Log'], LOGIN)
    refusing.close()
    expect(code).toBe(1)
    expect(err).toMatch(/not delivered .*:\n {2}[0-9a-f]{12} {2}(waiting|pending|sending) {2}hook/)
  })

  it('an update about repeated events that is sent in an hour is no failure, and the next run keeps it', async () => {
    const provider = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"name":"spaces/A/messages/B"}'),
    )
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`
    const registry = `version: 1\ndestinations:\n  - { name: chat, type: googlechat, severities: [HIGH], updates: [repeated], options: { webhookUrl: '${url}' } }\n`
    const project = makeProject({ ...SOUND, 'destinations.yaml': registry })
    const argv = ['run', '--project', project, '--from', 'stdin?logType=Test.Log']
    const first = await signalbox(argv, `${LOGIN}\n${LOGIN}\n`)
    const second = await signalbox(argv, '')
    provider.close()
    expect([first.code, second.code]).toEqual([0, 0])
    expect(first.err).toMatch(/deliveries {2}1 delivered, 1 scheduled$/m)
    expect(second.err).toMatch(/deliveries {2}0 delivered, 1 scheduled$/m)
    expect(first.err + second.err).not.toContain('not delivered')
  })

  it('--log-format json writes nothing but JSON to standard error', async () => {
    const { code, err } = await run(LOGIN, '--from', 'stdin?logType=Test.Log', '--log-format', 'json')
    const entries = err
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string })
    expect(code).toBe(0)
    expect(entries.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['started', 'alert', 'finished']))
    expect(entries.at(-1)).toMatchObject({ msg: 'finished', undelivered: [] })
  })
})

it('a store file of 0 bytes is reported at the start, a new store is not', async () => {
  const project = makeProject({ ...SOUND, 'empty.db': '' })
  const argv = ['run', '--project', project, '--from', 'stdin?logType=Test.Log']
  const warning = 'the store file had 0 bytes'
  const { code, err } = await signalbox([...argv, '--store', 'sqlite:empty.db'])
  expect(code).toBe(0)
  expect(err).toContain(warning)
  expect(err).toContain(join(project, 'empty.db'))
  expect((await signalbox([...argv, '--store', 'sqlite:new.db'])).err).not.toContain(warning)
})

describe('what keeps it from starting: 2', () => {
  it.each<[string, string[], string]>([
    ['an unknown source', ['--from', 'stdn'], 'did you mean "stdin"?'],
    ['an unknown store', ['--from', 'stdin', '--store', 'redis:x'], 'redis:'],
  ])('%s', async (_name, argv, message) => {
    const { code, out, err } = await run('', ...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
  })

  it('run rejects an invalid file, and with --skip-invalid names it and runs without it', async () => {
    const project = makeProject({ ...SOUND, 'detections/bad.yml': 'AnalysisType: rule\nRuleID: [\n' })
    const argv = ['run', '--project', project, '--store', 'memory:', '--from', 'stdin?logType=Test.Log']
    const refused = await signalbox(argv, LOGIN)
    expect([refused.code, refused.out]).toEqual([2, ''])
    expect(refused.err).toContain('detections/bad.yml:')
    const skipped = await signalbox([...argv, '--skip-invalid'], LOGIN)
    expect(skipped.code).toBe(0)
    expect(skipped.err).toContain('running without files that have errors:')
    expect(skipped.err).toContain('detections/bad.yml:')
  })
})

describe('signals', () => {
  function start(
    project: string,
    ...more: string[]
  ): { io: FakeIo; input: PassThrough; ended: Promise<number> } {
    const input = new PassThrough()
    const io: FakeIo = { ...fakeIo(), stdin: input }
    const argv = [
      'run',
      '--project',
      project,
      '--store',
      'memory:',
      '--from',
      'stdin?logType=Test.Log',
      ...more,
    ]
    return { io, input, ended: runProgram(argv, io) }
  }

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('%s drains and ends with %i', async (signal, expected) => {
    const { io, input, ended } = start(root)
    input.write(`${LOGIN}\n`)
    await until(() => io.err().includes('ann logged in'))
    io.signal(signal)
    expect(await ended).toBe(expected)
    expect(io.out()).toContain('ann logged in')
    expect(io.err()).toContain('deliveries  1 delivered')
    expect(io.ended).toEqual([])
  })

  it('a signal during the start takes effect after the start', async () => {
    const { io, ended } = start(root)
    await until(() => io.listens())
    expect(io.err()).toBe('')
    io.signal('SIGTERM')
    expect(await ended).toBe(0)
    expect(io.err()).toContain('events      0 accepted')
  })

  describeWithProgram('promtool', 'the metrics', () => {
    it('are as Prometheus wants them, with the versions', async () => {
      const { io, ended } = start(makeProject(SOUND), '--http', '127.0.0.1:0', '--log-format', 'json')
      const address = () => /"address":"([^"]+)","msg":"listening"/.exec(io.err())?.[1]
      await until(() => address() !== undefined && io.err().includes('"started"'))
      const input = await (await fetch(`http://${address()}/metrics`)).text()
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      })
      expect([status, stdout, stderr]).toEqual([0, '', ''])
      expect(input).toContain(`signalbox_build_info{version="${VERSION}",node="${process.versions.node}"} 1`)
      io.signal('SIGTERM')
      expect(await ended).toBe(0)
    })
  })

  it('a failed reload is logged and visible in the metrics until one succeeds', async () => {
    const project = makeProject(SOUND)
    const { io, ended } = start(project, '--http', '127.0.0.1:0', '--log-format', 'json')
    const address = () => /"address":"([^"]+)","msg":"listening"/.exec(io.err())?.[1]
    await until(() => address() !== undefined && io.err().includes('"started"'))
    const isSuccessful = async () => {
      const text = await (await fetch(`http://${address()}/metrics`)).text()
      return /^signalbox_config_last_reload_successful (\d)$/m.exec(text)?.[1]
    }
    expect(await isSuccessful()).toBe('1')
    writeFileSync(join(project, 'detections/login.yml'), 'AnalysisType: rule\nRuleID: [\n')
    io.signal('SIGHUP')
    await until(() => io.err().includes('"not reloaded"'))
    expect(io.err()).toContain('"reload requested"')
    expect(await isSuccessful()).toBe('0')
    writeFileSync(join(project, 'detections/login.yml'), SOUND['detections/login.yml'])
    io.signal('SIGHUP')
    await until(() => io.err().includes('"reloaded"'))
    expect(await isSuccessful()).toBe('1')
    io.signal('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('run logs how many detections have guards and counts the events that skip Python, across reloads', async () => {
    const project = makeProject(SOUND)
    const { io, input, ended } = start(project, '--http', '127.0.0.1:0', '--log-format', 'json')
    const address = () => /"address":"([^"]+)","msg":"listening"/.exec(io.err())?.[1]
    const guardLines = () =>
      io
        .err()
        .split('\n')
        .filter((line) => line.includes('"guards: '))
    await until(() => guardLines().length === 1 && address() !== undefined)
    expect(JSON.parse(guardLines()[0]!)).toMatchObject({
      level: 'info',
      msg: 'guards: 1 of 1 detections, 1 of 1 log types complete',
      total: 1,
      guarded: 1,
      completeLogTypes: 1,
      logTypes: 1,
    })
    const skipped = async () => {
      const text = await (await fetch(`http://${address()}/metrics`)).text()
      return /^signalbox_events_without_python_total (\d+)$/m.exec(text)?.[1]
    }
    expect(await skipped()).toBe('0')
    input.write(`${LOGIN}\n{"action":"logout"}\n`)
    await until(async () => (await skipped()) === '1')
    io.signal('SIGHUP')
    await until(() => io.err().includes('"reloaded"') && guardLines().length === 2)
    expect(await skipped()).toBe('1')
    input.end('{"action":"logout"}\n{"action":"logout"}\n')
    await until(async () => (await skipped()) === '3')
    io.signal('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('run --no-guards logs that guards are off', async () => {
    const { io, ended } = start(root, '--no-guards', '--log-level', 'info')
    await until(() => io.err().includes('guards: off'))
    io.signal('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('SIGHUP loads a changed project and keeps the previous one if the new one has errors', async () => {
    const project = makeProject(SOUND)
    const { io, input, ended } = start(project)
    await until(() => io.err().includes('from stdin'))
    writeFileSync(join(project, 'detections/login.yml'), 'AnalysisType: rule\nRuleID: [\n')
    io.signal('SIGHUP')
    await until(() => io.err().includes('reload failed; keeping the previous configuration'))
    expect(io.err()).toContain('detections/login.yml:')
    writeFileSync(join(project, 'detections/login.yml'), SOUND['detections/login.yml'])
    writeFileSync(
      join(project, 'detections/login.py'),
      'def rule(event):\n    return True\n\ndef title(event):\n    return "reloaded title"\n',
    )
    io.signal('SIGHUP')
    await until(() => io.err().includes('reloaded: '))
    input.end(`${LOGIN}\n`)
    expect(await ended).toBe(0)
    expect(io.out()).toContain('reloaded title')
  })

  it('SIGHUP runs the new code of a local destination type, and keeps the old one if the new one cannot be imported', async () => {
    const sink = (version: string) =>
      `export default { type: 'x', summary: '', options: { type: 'object', properties: {}, additionalProperties: false },
        payload: () => ({}), async send(_payload, _options, { print }) { await print('sent by ${version}'); return { message: '' } } }`
    const project = makeProject({
      ...SOUND,
      'destinations.yaml':
        'version: 1\ndestinations:\n  - { name: own, type: ./sink.mjs, severities: [HIGH] }\n',
      'sink.mjs': sink('v1'),
    })
    const { io, input, ended } = start(project, '--allow-local-types')
    await until(() => io.err().includes('from stdin'))
    writeFileSync(join(project, 'sink.mjs'), 'throw new Error("boom")')
    io.signal('SIGHUP')
    await until(() => io.err().includes('reload failed; keeping the previous configuration'))
    expect(io.err()).toContain('destinations.yaml:3:24 error cannot import ./sink.mjs: boom')
    input.write(`${LOGIN}\n`)
    await until(() => io.out().includes('sent by v1'))
    writeFileSync(join(project, 'sink.mjs'), sink('v2'))
    io.signal('SIGHUP')
    await until(() => io.err().includes('reloaded: '))
    input.end(`${LOGIN.replace('ann', 'bob')}\n`)
    expect(await ended).toBe(0)
    expect(io.out()).toContain('sent by v2')
  })
})
