/** The command's entry: hands the process to the program and sets the exit code. The only file that may end the process. */
import { EXIT_UNUSABLE, type Io, type Signal } from './cli/command/command.ts'
import { startWarm } from './cli/prewarm.ts'

// First: Python boots while the program is loaded.
await startWarm(process.argv.slice(2))
const { errorText, runProgram } = await import('./cli/program.ts')

const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** What a shell reports for a process that nobody reads any more. */
const EXIT_BROKEN_PIPE = 141
const EXIT_GRACE_MS = 2_000

const io: Io = {
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(listener) {
    for (const signal of SIGNALS) process.on(signal, listener)
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener)
    }
  },
  flush: (timeoutMs) => Promise.race([outputsWritten(), elapsed(timeoutMs)]),
  endNow,
}

/**
 * `process.exit` waits for the thread pool, where a read of a silent pipe or of a network file system may never end. A
 * process that becomes another one waits for nothing.
 */
function endNow(code: number): void {
  const { execPath } = process
  if (process.platform !== 'win32') process.execve?.(execPath, [execPath, '-e', `process.exit(${code})`], {})
  process.exit(code)
}

/** What was written to a pipe leaves the process only when the reader has taken what came before. */
async function outputsWritten(): Promise<true> {
  const outputs = [process.stdout, process.stderr].filter(({ writableLength }) => writableLength > 0)
  await Promise.all(outputs.map((output) => new Promise((resolve) => output.write('', resolve))))
  return true
}

async function elapsed(timeoutMs: number): Promise<false> {
  await new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())
  return false
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_BROKEN_PIPE)
    throw error
  })
}

// Node's own exit code for this is that of failed tests.
process.on('uncaughtException', (error) => {
  process.stderr.write(errorText(error), () => process.exit(EXIT_UNUSABLE))
  setTimeout(() => process.exit(EXIT_UNUSABLE), EXIT_GRACE_MS)
})

process.exitCode = await runProgram(process.argv.slice(2), io)
await outputsWritten()
// Whoever feeds the standard input may keep it open; nobody reads it now.
process.stdin.unref?.()
// Nor does what a user's own destination type has left open keep the process: unref'd, this waits for nothing else.
setTimeout(() => endNow(Number(process.exitCode)), EXIT_GRACE_MS).unref()
