/** The main job through the real command: events in, alerts at their destinations. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Notification } from '../../src/model/alerts/alert.ts'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { copyExampleProject } from '../support/example-project.ts'
import { runCommand } from '../support/process.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'

const KEYS =
  'id createdAt severity type link title name alertId alertContext description runbook tags version'.split(
    ' ',
  )

const ROOT_LOGIN = JSON.stringify({
  eventVersion: '1.11',
  eventSource: 'signin.amazonaws.com',
  eventName: 'ConsoleLogin',
  sourceIPAddress: '203.0.113.7',
  userIdentity: { type: 'Root', accountId: '123456789012' },
  responseElements: { ConsoleLogin: 'Success' },
})

const RULE = {
  'detections/root_login.yml': `AnalysisType: rule
RuleID: AWS.RootLogin
Filename: root_login.py
Enabled: true
LogTypes: [AWS.CloudTrail]
Severity: High
`,
  'detections/root_login.py': `def rule(event):
    return event.deep_get("userIdentity", "type") == "Root"


def alert_context(event):
    return {"score": 53.0}
`,
}

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

const webhook = (name: string, more = '') =>
  `  - name: ${name}\n    type: webhook\n    severities: [HIGH]\n    options: { url: '\${env:RECEIVER}/${name}' }\n${more}`

function project(destinations: string, files: Record<string, string> = {}): string {
  return makeProject({ ...RULE, ...files, 'destinations.yaml': `version: 1\ndestinations:\n${destinations}` })
}

const given = (root: string, ...args: string[]) => ['run', '--project', root, '--store', 'memory:', ...args]

/** Runs the command as a process of its own, because the test is about the process, too. */
function run(root: string, input: string, ...args: string[]) {
  return runCommand(given(root, ...args), input, { RECEIVER: receiver.url })
}

function runHere(root: string, input: string, ...args: string[]) {
  return signalbox(given(root, ...args), input, { RECEIVER: receiver.url })
}

describe('one raw CloudTrail root login', () => {
  it('reaches a receiver as exactly one POST with the 13 keys in order, none null', async () => {
    receiver.expect(1)
    const { code } = await run(project(webhook('soc')), ROOT_LOGIN, '--from', 'stdin?logType=AWS.CloudTrail')
    expect(code).toBe(0)
    expect(receiver.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /soc'])
    const body = receiver.requests[0]!.body
    const notification = JSON.parse(body) as Notification
    expect(Object.keys(notification)).toEqual(KEYS)
    expect(Object.values(notification)).not.toContain(null)
    expect(notification).toMatchObject({
      id: 'AWS.RootLogin',
      severity: 'HIGH',
      type: 'RULE',
      link: '',
      name: '',
      title: 'New Alert: AWS.RootLogin',
    })
    expect(body).toMatch(/"alertContext":\{"score": ?53\.0\}/)
    expect(notification.version).toMatch(/^[0-9A-Za-z]{32}$/)
  })

  it('a CloudTrail login without a log type is unclassified: the exit code is 1, and the message names the fix', async () => {
    const { code, err } = await runHere(project(webhook('soc')), ROOT_LOGIN, '--from', 'stdin')
    expect(code).toBe(1)
    expect(err).toMatch(/unclassified.*[\s\S]*\?logType=/)
    expect(receiver.requests).toEqual([])
  })
})

it('an alert reaches each of three destinations exactly once, although one answers 500 twice', async () => {
  const attempts: string[] = []
  const [steady, flaky, third] = [await startReceiver(), await startReceiver(), await startReceiver()]
  flaky.script({ status: 500 }, { status: 500 })
  const at = (name: string, url: string) =>
    `  - { name: ${name}, type: webhook, severities: [HIGH], options: { url: '${url}/x' } }\n`
  const root = project(at('a', steady.url) + at('b', flaky.url) + at('c', third.url))
  const { code, err } = await runHere(root, ROOT_LOGIN, '--from', 'stdin?logType=AWS.CloudTrail')
  for (const { headers } of flaky.requests) attempts.push(String(headers['idempotency-key']))
  expect([code, err.match(/deliveries {2}.*/)?.[0]]).toEqual([0, 'deliveries  3 delivered'])
  expect([steady.requests.length, flaky.requests.length, third.requests.length]).toEqual([1, 3, 1])
  expect(new Set(attempts).size).toBe(1)
  for (const each of [steady, flaky, third]) {
    each.expect(3)
    await each.close()
  }
})

it('bad lines are rejected with their position and reason, and later lines are read', async () => {
  receiver.expect(1)
  const bad = [
    '{"not": json',
    '[1, 2]',
    '"text"',
    `{"n": ${'9'.repeat(5000)}}`,
    '{"n": NaN}',
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    `{"big":"${'x'.repeat(5 * 1024 * 1024)}"}`,
  ]
  const input = [...bad, ROOT_LOGIN].join('\n')
  const { code, err } = await run(project(webhook('soc')), input, '--from', 'stdin?logType=AWS.CloudTrail')
  expect(code).toBe(1)
  expect(err).toMatch(/events {6}1 accepted, 8 rejected/)
  expect(err).toMatch(/rejected stdin, line 1, byte 0/)
  await receiver.until(1)
})

describe("a user's own destination type", () => {
  const sink = {
    'my-sink.ts': `import { appendFileSync } from 'node:fs'
export default {
  type: './my-sink.ts',
  summary: 'appends titles to a file',
  options: { type: 'object', properties: { path: { type: 'string', description: 'file' } }, additionalProperties: false },
  payload: (message: { notification: { title: string } }) => ({ line: message.notification.title }),
  async send({ line }: { line: string }, options: { path: string }) {
    appendFileSync(options.path, line + '\\n')
    return { message: 'appended' }
  },
}
`,
  }
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-sink-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const root = () =>
    project(
      `  - { name: own, type: ./my-sink.ts, severities: [HIGH], options: { path: '${join(folder, 'out')}' } }\n`,
      sink,
    )

  it('is refused unless it is allowed', async () => {
    const { code, err } = await runHere(root(), ROOT_LOGIN, '--from', 'stdin?logType=AWS.CloudTrail')
    expect([code, err]).toEqual([2, expect.stringContaining('--allow-local-types')])
  })

  it('delivers where it is allowed', async () => {
    const { code } = await run(
      root(),
      ROOT_LOGIN,
      '--from',
      'stdin?logType=AWS.CloudTrail',
      '--allow-local-types',
    )
    expect(code).toBe(0)
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('New Alert: AWS.RootLogin\n')
  })

  it.each([
    ['leaves a timer running: the process ends all the same', 'setInterval(() => {}, 1000)', 0],
    [
      'throws an error that is not caught: 2, not the code of failed tests',
      'setImmediate(() => { throw new Error("astray") })',
      2,
    ],
  ])('a local destination type that %s', async (_name, statement, expected) => {
    const files = {
      'my-sink.ts': `export default {
        type: 'own', summary: '', options: { type: 'object', properties: {} }, payload: () => ({}),
        async send() { ${statement}; await new Promise((r) => setTimeout(r, 50)); return { message: 'sent' } },
      }`,
    }
    const entry = '  - { name: own, type: ./my-sink.ts, severities: [HIGH] }\n'
    const from = ['--from', 'stdin?logType=AWS.CloudTrail', '--allow-local-types']
    const { code, err } = await run(project(entry, files), ROOT_LOGIN, ...from)
    expect(code).toBe(expected)
    expect(err).toContain(expected === 0 ? '1 delivered' : 'Error: astray')
  })
})

it('policies run over resources of a source', async () => {
  const root = copyExampleProject()
  const resources = join(root, 'examples', 'resources.ndjson')
  const from = `file:${resources}?kind=resource&type=AWS.S3.Bucket`
  const { code, err } = await signalbox(given(root, '--from', from))
  expect(code).toBe(0)
  expect(err).toMatch(/alerts {6}1 created/)
  expect(err).toContain('Example.AWS.S3.BucketEncryption')
})

it('the example project prints the same twice', async () => {
  const root = copyExampleProject()
  const example = () => signalbox(given(root, '--from', `file:${join(root, 'examples', 'events.ndjson')}`))
  const first = await example()
  expect(first.code).toBe(0)
  expect(first.err).toContain('alerts      10 created, 1 merged')
  expect(await example()).toEqual(first)
})

it('the daemon starts although a destination is down, and the delivery waits for the next run', async () => {
  const root = project(webhook('soc'))
  writeFileSync(join(root, 'events.ndjson'), `${ROOT_LOGIN}\n`)
  const from = `file:${join(root, 'events.ndjson')}?logType=AWS.CloudTrail`
  const args = ['run', '--project', root, '--from', from]
  const down = 'http://127.0.0.1:9'
  const first = await signalbox([...args, '--drain-timeout', '200ms'], '', { RECEIVER: down })
  expect([first.code, first.err]).toEqual([1, expect.stringMatching(/0 delivered, 1 (waiting|pending)/)])
  const second = await signalbox(args, '', { RECEIVER: receiver.url })
  expect([second.code, second.err]).toEqual([0, expect.stringContaining('1 delivered')])
  receiver.expect(1)
})
