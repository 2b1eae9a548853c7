/** Python without the engine: the same bodies under bench/native.py, on native CPython and in a bare Pyodide. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { bodiesOf } from '../src/engine/protocol/bodies.ts'
import type { Engine } from '../src/model/events/evaluation.ts'
import type { Envelope } from '../src/model/events/event.ts'
import type { Project } from '../src/model/project/project.ts'
import { RUNTIME } from './bare-pyodide.ts'

export interface Run {
  readonly seconds: number
  /** The core time, which a busy machine changes least. */
  readonly coreSeconds: number
  readonly findings: number
}

export interface BarePython {
  readonly name: string
  /** The bodies that native Python could not load. */
  readonly problems: readonly string[]
  /** The time is measured without the transfer to Python and back. */
  run(logType: string, events: readonly Envelope[]): Promise<Run>
  close(): void
}

/** One text to Python, one text back. */
interface Line {
  ask(request: string): Promise<string>
  close(): void
}

/** null where there is no python3 on the PATH. */
export async function startCPython(project: Project, engine: Engine): Promise<BarePython | null> {
  const line = await openCPython()
  if (line === null) return null
  const runtime = join(import.meta.dirname, '../src/engine/python')
  return load(line, 'CPython', runtime, project, engine)
}

/** Measures the cost of WebAssembly alone: no engine, no limits, and one call per batch. */
export async function startBarePyodide(project: Project, engine: Engine): Promise<BarePython> {
  const worker = new Worker(new URL('./bare-pyodide.ts', import.meta.url), { env: {} })
  const line: Line = {
    ask: async (request) => {
      const answer = once(worker, 'message')
      worker.postMessage(request)
      return (await answer)[0] as string
    },
    close: () => void worker.terminate(),
  }
  return load(line, 'bare Pyodide', RUNTIME, project, engine)
}

async function load(
  line: Line,
  name: string,
  runtime: string,
  project: Project,
  engine: Engine,
): Promise<BarePython> {
  const bodies = bodiesOf(project, 'run')
  const broken = new Set(engine.problems.map(({ kind, id }) => `${kind} ${id}`))
  // Detections without Python run only in the engine.
  const excluded = [...bodies.keys()].filter((at) => {
    const { kind, id } = bodies[at]!
    return kind === 'simple' || broken.has(`${kind} ${id}`)
  })
  const answer = JSON.parse(await line.ask(JSON.stringify({ runtime, bodies, excluded }))) as {
    python: string
    problems: string[]
  }
  return {
    name: `${name} ${answer.python}`,
    problems: answer.problems,
    run: async (logType, events) => {
      const request = { logType, events: events.map(({ raw }) => raw) }
      return JSON.parse(await line.ask(JSON.stringify(request)))
    },
    close: () => line.close(),
  }
}

async function openCPython(): Promise<Line | null> {
  // Isolated from site packages, so that imports find the same stand-ins; and no bytecode beside the sources.
  const child = spawn('python3', ['-I', '-S', '-B', join(import.meta.dirname, 'native.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const isThere = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ])
  if (!isThere) return null
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    ask: async (request) => {
      child.stdin.write(`${request}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('the native driver ended')
      return value
    },
    close: () => child.stdin.end(),
  }
}
