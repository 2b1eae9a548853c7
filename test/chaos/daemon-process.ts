/** The daemon as a separate process that can be killed at any moment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { until } from '../support/until.ts'

export interface DaemonProcess {
  /** Returns the address on which it listens; throws before it has logged it. */
  readonly url: string
  readonly pid: number
  /** Null while it runs, and where a signal ended it. */
  exitCode(): number | null
  /** Everything it printed on standard error. */
  output(): string
  /** The complete lines of it, and when each arrived. */
  lines(): readonly { readonly at: number; readonly text: string }[]
  running(): boolean
  kill(signal: NodeJS.Signals): Promise<void>
  /** Kills the process without waiting for its end. */
  signal(signal: NodeJS.Signals): void
  /** True if a signal ended the process, and the process did not end by itself. */
  endedBySignal(): boolean
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<void>
}

/** The system chooses the port: one that was free a moment ago may be in use by now. */
const LISTENING = /listening\s+address=(\S+)/

/** Resolves when it says that it is ready: what comes from then on must not be lost. */
export async function untilReady(daemon: DaemonProcess): Promise<void> {
  const ready = async () => {
    if (!daemon.running()) throw new Error(`the daemon ended by itself:\n${daemon.output()}`)
    if (!LISTENING.test(daemon.output())) return false
    const response = await fetch(`${daemon.url}/readyz`).catch(() => null)
    await response?.arrayBuffer()
    return response?.status === 200
  }
  await until(ready, { timeoutMs: 300_000, what: 'the daemon is ready' }).catch((error: unknown) => {
    throw new Error(`the daemon never became ready:\n${daemon.output()}`, { cause: error })
  })
}

/** The file of a project that a daemon follows where its test names no sources. */
export function followedEvents(project: string, query = ''): string {
  return `file:${join(project, 'events.ndjson')}?follow=true${query}`
}

/** @param checkout the Signalbox to run: this one, or a sabotaged copy. */
export function startDaemonProcess(
  checkout: string,
  project: string,
  environment: Readonly<Record<string, string>> = {},
  sources: readonly string[] = [followedEvents(project)],
): DaemonProcess {
  const args = ['run', '--log-level', 'info', '--project', project, '--env-file', join(project, '.env')]
  const from = sources.flatMap((source) => ['--from', source])
  const child: ChildProcess = spawn(
    process.execPath,
    [join(checkout, 'bin', 'signalbox.cjs'), ...args, ...from, '--http', '127.0.0.1:0'],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...environment } },
  )
  let output = ''
  const lines: { at: number; text: string }[] = []
  let unfinished = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString()
    output += text
    // Parts of the whole output would each keep a copy of it in memory.
    const parts = (unfinished + text).split('\n')
    unfinished = parts.pop() ?? ''
    for (const part of parts) lines.push({ at: performance.now(), text: part })
  })
  // The last lines of the process can arrive after its exit.
  const exited = new Promise<void>((resolve) => child.on('close', () => resolve()))
  return {
    get url() {
      const address = LISTENING.exec(output)?.[1]
      if (address === undefined) throw new Error(`the daemon does not listen yet:\n${output}`)
      return `http://${address}`
    },
    pid: child.pid!,
    exitCode: () => child.exitCode,
    output: () => output,
    lines: () => lines,
    running: () => child.exitCode === null && child.signalCode === null,
    kill: (signal) => {
      child.kill(signal)
      return exited
    },
    signal: (signal) => void child.kill(signal),
    endedBySignal: () => child.signalCode !== null,
    ended: exited,
  }
}
