/** Runs the steps of a page in one folder, with the real command. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { COMMAND, commandEnvironment } from '../support/process.ts'
import { until } from '../support/until.ts'
import { missingLines, type PageStep, stepsOf, withFunctions } from './runnable-page.ts'

interface StartedProgram {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  readonly output: () => string
}

type CommandStep = Extract<PageStep, { kind: 'command' }>

/** What Node runs for the first word of a command. */
const CHECKOUT_PROGRAMS: Readonly<Record<string, readonly string[]>> = { signalbox: [COMMAND], node: [] }

export class PageRunner {
  readonly #folder: string
  readonly #programs: Readonly<Record<string, readonly string[]>>
  readonly #running = new Map<string, StartedProgram>()

  /** @param programs what Node runs instead of this checkout. */
  constructor(folder: string, programs: Readonly<Record<string, readonly string[]>> = {}) {
    this.#folder = folder
    this.#programs = { ...CHECKOUT_PROGRAMS, ...programs }
  }

  /** Ends what goes on running. */
  async close(): Promise<void> {
    for (const { child, ended } of this.#running.values()) {
      child.kill('SIGINT')
      await ended
    }
  }

  async take(step: PageStep): Promise<void> {
    switch (step.kind) {
      case 'file': {
        const path = join(this.#folder, step.path)
        mkdirSync(dirname(path), { recursive: true })
        return writeFileSync(path, step.text)
      }
      case 'replace': {
        const path = join(this.#folder, step.path)
        return writeFileSync(path, withFunctions(readFileSync(path, 'utf8'), step.text))
      }
      case 'output':
        return untilPrinted(step.lines, this.#running.get(step.name)!)
      case 'command':
        return step.name === null ? this.#runToEnd(step) : this.#runOn(step.name, step)
    }
  }

  #start([program = '', ...args]: readonly string[]): StartedProgram {
    const first = this.#programs[program]
    if (!first) throw new Error(`the page runs "${program}", which this test does not know`)
    const options = { cwd: this.#folder, env: commandEnvironment() }
    const child = spawn(process.execPath, [...first, ...args], options)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    return { child, ended: new Promise((resolve) => child.on('close', resolve)), output: () => output }
  }

  async #runToEnd({ words, lines, exitCode }: CommandStep): Promise<void> {
    const { ended, output } = this.#start(words)
    expect({ code: await ended, missing: missingLines(lines, output()), output: output() }).toEqual({
      code: exitCode,
      missing: [],
      output: expect.any(String),
    })
  }

  #runOn(name: string, { words, lines }: CommandStep): Promise<void> {
    const started = this.#start(words)
    this.#running.set(name, started)
    return untilPrinted(lines, started)
  }
}

function untilPrinted(lines: readonly string[], { output }: StartedProgram): Promise<void> {
  return until(() => missingLines(lines, output()).length === 0, { what: lines.join('\n') })
}

/** The steps of the page with a title for each. */
export function namedSteps(page: string): { readonly title: string; readonly step: PageStep }[] {
  return stepsOf(page).map((step, at) => ({ title: `step ${at + 1}: ${titleOf(step)}`, step }))
}

function titleOf(step: PageStep): string {
  if (step.kind === 'command') return step.words.join(' ')
  return `${step.kind} ${'path' in step ? step.path : step.name}`
}
