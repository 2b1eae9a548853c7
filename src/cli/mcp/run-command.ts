/** Runs a command of the program in this process, and collects what it writes. One command runs at a time. */
import { Readable, Writable } from 'node:stream'
import type { Io, Signal } from '../command/command.ts'
import type { ToolCommand } from './tools.ts'

export interface CommandResult {
  readonly code: number
  readonly output: string
  readonly errors: string
  /** The output was longer than the limit, and is not complete. */
  readonly isCut: boolean
}

/** A client keeps a result in the memory of a model, which is small. */
export const MAX_OUTPUT_CHARS = 4 * 1024 * 1024
const MAX_ERROR_CHARS = 64 * 1024

export class CommandRunner {
  readonly #run: (argv: readonly string[], io: Io) => Promise<number>
  #last: Promise<unknown> = Promise.resolve()

  /** @param run is the program. */
  constructor(run: (argv: readonly string[], io: Io) => Promise<number>) {
    this.#run = run
  }

  /** An abort interrupts a command that is under way as a signal does, and one that waits does not begin. */
  run({ argv, input = '' }: ToolCommand, signal: AbortSignal): Promise<CommandResult> {
    const result = this.#last.then(async () => {
      signal.throwIfAborted()
      const output = collector(MAX_OUTPUT_CHARS)
      const errors = collector(MAX_ERROR_CHARS)
      const io = ioOf(input, output.stream, errors.stream, signal)
      const code = await this.#run(argv, io)
      return { code, output: output.text(), errors: errors.text(), isCut: output.isCut() }
    })
    this.#last = result.catch(() => {})
    return result
  }
}

function ioOf(input: string, stdout: Writable, stderr: Writable, signal: AbortSignal): Io {
  const listeners = new Set<(signal: Signal) => void>()
  signal.addEventListener('abort', () => {
    for (const listener of listeners) listener('SIGINT')
  })
  return {
    stdin: Readable.from([input]),
    stdout,
    stderr,
    onSignal(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    flush: async () => true,
    // The command ends by itself a moment later. The server goes on.
    endNow: () => {},
  }
}

function collector(maxChars: number) {
  let text = ''
  let isCut = false
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      text += chunk.toString()
      if (text.length > maxChars) {
        text = text.slice(0, maxChars)
        isCut = true
      }
      done()
    },
  })
  return { stream, text: () => text, isCut: () => isCut }
}
