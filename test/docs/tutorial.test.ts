/** The tutorial, step by step, in an empty folder with the real command. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { COMMAND, commandEnvironment } from '../support/process.ts'
import { until } from '../support/until.ts'
import { REPOSITORY } from './markdown-pages.ts'
import { missingLines, type PageStep, stepsOf, withFunctions } from './runnable-page.ts'

interface StartedProgram {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly output: () => string
}

const folder = mkdtempSync(join(tmpdir(), 'signalbox-tutorial-'))
const running = new Map<string, StartedProgram>()

afterAll(async () => {
  for (const { child, ended } of running.values()) {
    child.kill('SIGINT')
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
})

const PROGRAMS: Readonly<Record<string, readonly string[]>> = { signalbox: [COMMAND], node: [] }

function start([program = '', ...args]: readonly string[]): StartedProgram {
  const first = PROGRAMS[program]
  if (!first) throw new Error(`the page runs "${program}", which this test does not know`)
  const child = spawn(process.execPath, [...first, ...args], { cwd: folder, env: commandEnvironment() })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  return { child, ended: new Promise((resolve) => child.on('close', resolve)), output: () => output }
}

async function take(step: PageStep): Promise<void> {
  switch (step.kind) {
    case 'file':
      mkdirSync(dirname(join(folder, step.path)), { recursive: true })
      return writeFileSync(join(folder, step.path), step.text)
    case 'replace': {
      const path = join(folder, step.path)
      return writeFileSync(path, withFunctions(readFileSync(path, 'utf8'), step.text))
    }
    case 'output': {
      const { output } = running.get(step.name)!
      return until(() => missingLines(step.lines, output()).length === 0, { what: step.lines.join('\n') })
    }
    case 'command':
      return step.name === null ? runToEnd(step) : runOn(step.name, step)
  }
}

type CommandStep = Extract<PageStep, { kind: 'command' }>

async function runToEnd({ words, lines, exitCode }: CommandStep): Promise<void> {
  const { ended, output } = start(words)
  expect({ code: await ended, missing: missingLines(lines, output()), output: output() }).toEqual({
    code: exitCode,
    missing: [],
    output: expect.any(String),
  })
}

async function runOn(name: string, { words, lines }: CommandStep): Promise<void> {
  const started = start(words)
  running.set(name, started)
  await until(() => missingLines(lines, started.output()).length === 0, { what: lines.join('\n') })
}

function titleOf(step: PageStep): string {
  if (step.kind === 'command') return step.words.join(' ')
  return `${step.kind} ${'path' in step ? step.path : step.name}`
}

describe('the tutorial', () => {
  const steps = stepsOf(readFileSync(join(REPOSITORY, 'docs/tutorial.md'), 'utf8'))
  const named = steps.map((step, at) => ({ title: `step ${at + 1}: ${titleOf(step)}`, step }))

  it('the tutorial has more than fifteen steps', () => expect(steps.length).toBeGreaterThan(15))

  it.each(named)('$title', async ({ step }) => {
    await take(step)
  })
})
