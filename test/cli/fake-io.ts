/** A process for commands under test: collects what they write, gives them signals on demand. */
import { Readable, Writable } from 'node:stream'
import type { Io, Signal } from '../../src/cli/command/command.ts'
import { runProgram } from '../../src/cli/program.ts'

export interface FakeIo extends Io {
  out(): string
  err(): string
  signal(signal: Signal): void
  /** True if the command listens to signals. Before that, they would end the process. */
  listens(): boolean
  readonly ended: number[]
}

export function fakeIo(input = ''): FakeIo {
  const out: string[] = []
  const err: string[] = []
  const listeners = new Set<(signal: Signal) => void>()
  const ended: number[] = []
  return {
    stdin: Readable.from([input]),
    stdout: collector(out),
    stderr: collector(err),
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    flush: async () => true,
    endNow: (code) => void ended.push(code),
    out: () => out.join(''),
    err: () => err.join(''),
    listens: () => listeners.size > 0,
    signal: (signal) => {
      for (const listener of listeners) listener(signal)
    },
    ended,
  }
}

function collector(into: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      into.push(chunk.toString('utf8'))
      done()
    },
  })
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * `signalbox ...argv`, in this process.
 * @param environment variables that the process has until the command ends: no other command runs meanwhile.
 */
export async function signalbox(
  argv: readonly string[],
  input = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const io = fakeIo(input)
  const before = Object.keys(environment).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, environment)
  try {
    const code = await runProgram(argv, io)
    return { code, out: io.out(), err: io.err() }
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
