// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
/** `destinations add` as a person meets it: the real command in a real pseudo-terminal. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type IPty, spawn } from '@lydell/node-pty'
import { afterEach, describe, expect, it } from 'vitest'
import { COMMAND, commandEnvironment } from '../support/process.ts'
import { until } from '../support/until.ts'
import { makeProject } from './project-on-disk.ts'

const ENTER = '\r'
const DOWN = '\u001b[B'
const SPACE = ' '
const CTRL_C = '\u0003'
const FILE = '# ours\nversion: 1\ndestinations: []\n'

interface Terminal {
  /** Everything that the command has printed, without control sequences. */
  shown(): string
  /** Waits for a question, then answers it. */
  answer(question: string, ...keys: string[]): Promise<void>
  /** The exit code. */
  ended: Promise<number>
}

let running: IPty | undefined
afterEach(() => running?.kill())

function open(...argv: string[]): Terminal {
  const pty = spawn(process.execPath, [COMMAND, ...argv], {
    cols: 120,
    rows: 50,
    env: commandEnvironment({ TERM: 'xterm-256color' }),
  })
  running = pty
  let raw = ''
  let seen = 0
  pty.onData((data) => (raw += data))
  const shown = () => stripVTControlCharacters(raw)
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      running = undefined
      resolve(exitCode)
    })
  })
  return {
    shown,
    ended,
    async answer(question, ...keys) {
      const asked = () => shown().indexOf(question, seen) >= 0
      await until(asked, { what: `the question "${question}"` }).catch((cause: unknown) => {
        throw new Error(
          `it shows
${shown()}`,
          { cause },
        )
      })
      seen = shown().indexOf(question, seen) + question.length
      for (const key of keys) pty.write(key)
    },
  }
}

const ONE_DESTINATION = 'version: 1\nfallback: [out]\ndestinations:\n  - name: out\n    type: console\n'

describe('destinations add in a terminal', () => {
  it('destinations add prompts for the options of a webhook, rejects the secret itself, and writes the answers', async () => {
    const root = makeProject({ 'destinations.yaml': FILE })
    const terminal = open('destinations', 'add', '--project', root, '--type', 'webhook')
    await terminal.answer('Name that detections use', 'soc', ENTER)
    // INFO, LOW, MEDIUM, HIGH, CRITICAL
    await terminal.answer('Which severities should it receive', DOWN, DOWN, DOWN, SPACE, DOWN, SPACE, ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', 'AWS.*, Okta.*', ENTER)
    await terminal.answer('url: URL to POST to', ENTER)
    await terminal.answer('Name of the variable', 'https://hooks.test/s3cr3t', ENTER)
    await terminal.answer('not the secret', '\u0015', 'SOC_HOOK', ENTER)
    await terminal.answer('Which other options do you want to set?', ENTER)
    await terminal.answer('no other destination accepts?', ENTER)
    await terminal.answer('test alert now?', ENTER)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).toContain('added soc to destinations.yaml')
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toBe(`# ours
version: 1
fallback: [soc]
destinations:
  - name: soc
    type: webhook
    severities: [HIGH, CRITICAL]
    logTypes: [AWS.*, Okta.*]
    options:
      url: \${env:SOC_HOOK}
`)
  })

  it('destinations add searches types while the user types, rejects a name in use, and sends the test alert', async () => {
    const root = makeProject({ 'destinations.yaml': ONE_DESTINATION })
    const terminal = open('destinations', 'add', '--project', root)
    await terminal.answer('Type', 'conso', ENTER)
    await terminal.answer('Name that detections use', 'out', ENTER)
    await terminal.answer('out already exists', '\u0015', 'second', ENTER)
    await terminal.answer('Which severities should it receive', ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', ENTER)
    await terminal.answer('Which other options do you want to set?', ENTER)
    await terminal.answer('test alert now?', 'y')
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).toContain('This is a Test Alert')
    expect(terminal.shown()).toMatch(/second: delivered in \d+ ms/)
  })

  it('cancelled prompts change nothing', async () => {
    const root = makeProject({ 'destinations.yaml': FILE })
    const terminal = open('destinations', 'add', '--project', root, '--type', 'console')
    await terminal.answer('Name that detections use', CTRL_C)
    expect(await terminal.ended).toBe(1)
    expect(terminal.shown()).toContain('nothing changed')
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toBe(FILE)
  })

  it('the destination stays if only the prompt for the test alert is cancelled', async () => {
    const root = makeProject({ 'destinations.yaml': ONE_DESTINATION })
    const terminal = open('destinations', 'add', '--project', root, '--type', 'console')
    await terminal.answer('Name that detections use', 'second', ENTER)
    await terminal.answer('Which severities should it receive', ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', ENTER)
    await terminal.answer('Which other options do you want to set?', ENTER)
    await terminal.answer('test alert now?', CTRL_C)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).not.toContain('bug')
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toContain('- name: second')
  })
})

describe('what a person does in a hurry', () => {
  it('Enter without a match keeps the prompt open', async () => {
    const root = makeProject({ 'destinations.yaml': ONE_DESTINATION })
    const terminal = open('destinations', 'add', '--project', root)
    await terminal.answer('Type', 'pagr', ENTER)
    await terminal.answer('No match', '\u007f', '\u007f', '\u007f', '\u007f', 'conso', ENTER)
    await terminal.answer('Name that detections use', ENTER)
    await terminal.answer('Which severities should it receive', ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', ENTER)
    await terminal.answer('Which other options do you want to set?', ENTER)
    await terminal.answer('test alert now?', ENTER)
    expect(await terminal.ended).toBe(0)
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toContain(
      '- name: soc-console\n    type: console\n',
    )
    expect(terminal.shown()).not.toContain('undefined')
  })

  it('Enter accepts the suggested name, which has a number if it is in use', async () => {
    const declared = ONE_DESTINATION.replace('name: out', 'name: soc-console').replace(
      '[out]',
      '[soc-console]',
    )
    const root = makeProject({ 'destinations.yaml': declared })
    const terminal = open('destinations', 'add', '--project', root, '--type', 'console')
    await terminal.answer('Name that detections use', ENTER)
    await terminal.answer('Which severities should it receive', ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', ENTER)
    await terminal.answer('Which other options do you want to set?', ENTER)
    await terminal.answer('test alert now?', ENTER)
    expect(await terminal.ended).toBe(0)
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toContain('- name: soc-console-2')
  })

  it('the most common types come first, and the name of a variable is visible', async () => {
    const root = makeProject({ 'destinations.yaml': ONE_DESTINATION })
    const terminal = open('destinations', 'add', '--project', root)
    await terminal.answer('Type', 'webhook', ENTER)
    for (const type of [
      'slack',
      'pagerduty',
      'msteams',
      'jsm',
      'jira',
      'email',
      'webhook',
      'splunk',
      'console',
    ])
      expect(terminal.shown()).toContain(type)
    await terminal.answer('Name that detections use', ENTER)
    await terminal.answer('Which severities should it receive', ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', ENTER)
    await terminal.answer('url: URL to POST to', ENTER)
    await terminal.answer('Name of the variable', 'SOC_HOOK_TYPED')
    await until(() => terminal.shown().includes('SOC_HOOK_TYPED'), { what: 'the name as it is typed' })
    await terminal.answer('SOC_HOOK_TYPED', ENTER)
    await terminal.answer('Which other options do you want to set?', CTRL_C)
    expect(await terminal.ended).toBe(1)
  })
})

describe('a type that takes one of several options', () => {
  it('destinations add asks for one of several alternatives, and then only for that one', async () => {
    const root = makeProject({ 'destinations.yaml': ONE_DESTINATION })
    const terminal = open('destinations', 'add', '--project', root, '--type', 'slack')
    await terminal.answer('Name that detections use', 'soc', ENTER)
    await terminal.answer('Which severities should it receive', ENTER)
    await terminal.answer('Which alert types should it receive', ENTER)
    await terminal.answer('Which log types should it receive', ENTER)
    await terminal.answer('Choose one', ENTER)
    await terminal.answer('Where is it stored?', DOWN, ENTER)
    await terminal.answer('Path of the file', 'secrets/slack', ENTER)
    await terminal.answer('Which other options do you want to set?', ENTER)
    const offered = terminal.shown().split('Which other options do you want to set?')[1]
    expect(offered).toContain('context')
    expect(offered).not.toMatch(/channel|threadTs|botToken/)
    await terminal.answer('test alert now?', ENTER)
    expect(await terminal.ended).toBe(0)
    const written = readFileSync(join(root, 'destinations.yaml'), 'utf8')
    expect(written).toContain('    type: slack\n    options:\n      webhookUrl: ${file:secrets/slack}\n')
  })
})

describe('destinations edit in a terminal', () => {
  it("destinations edit offers the options of the destination's own alternative", async () => {
    const registry =
      'version: 1\ndestinations:\n  - name: out\n    type: slack\n    options: { webhookUrl: "${env:HOOK}" }\n'
    const root = makeProject({ 'destinations.yaml': registry })
    const terminal = open('destinations', 'edit', 'out', '--project', root)
    await terminal.answer('What do you want to change in out?', DOWN, DOWN, DOWN, DOWN, SPACE, ENTER)
    await terminal.answer('Which other options do you want to set?', CTRL_C)
    expect(await terminal.ended).toBe(1)
    const offered = terminal.shown().split('Which other options do you want to set?')[1]
    expect(offered).toContain('webhookUrl')
    expect(offered).not.toMatch(/channel|threadTs|botToken/)
  })

  it('destinations edit asks what to change and changes only that', async () => {
    const before =
      'version: 1\ndestinations:\n  - name: out # first\n    type: console\n    severities: [LOW]\n'
    const root = makeProject({ 'destinations.yaml': before })
    const terminal = open('destinations', 'edit', 'out', '--project', root)
    await terminal.answer('What do you want to change in out?', DOWN, SPACE, ENTER)
    await terminal.answer('Which severities should it receive', SPACE, ENTER)
    expect(await terminal.ended).toBe(0)
    expect(readFileSync(join(root, 'destinations.yaml'), 'utf8')).toBe(before.replace('[LOW]', '[INFO]'))
  })
})
