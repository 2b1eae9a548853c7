/** The entry of the command. It passes the process to the program and sets the exit code. Only this file may end the process. */
import { EXIT_UNUSABLE, type Io, type Signal } from './cli/command/command.ts'
import { startWarm } from './cli/prewarm.ts'

// Python boots while the program is loaded.
await startWarm(process.argv.slice(2))
const { errorText, runProgram } = await import('./cli/program.ts')

const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** The exit code of a process whose output has no reader, as shells report it. */
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
 * process that replaces itself with another program does not wait.
 */
function endNow(code: number): void {
  const { execPath } = process
  if (process.platform !== 'win32') process.execve?.(execPath, [execPath, '-e', `process.exit(${code})`], {})
  process.exit(code)
}

/** Data in a pipe leaves the process only after the reader has read the data before it. */
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

// Node's own exit code for an uncaught exception is 1, which means failed tests.
process.on('uncaughtException', (error) => {
  process.stderr.write(errorText(error), () => process.exit(EXIT_UNUSABLE))
  setTimeout(() => process.exit(EXIT_UNUSABLE), EXIT_GRACE_MS)
})

process.exitCode = await runProgram(process.argv.slice(2), io)
await outputsWritten()
// Another process may keep standard input open, which must not keep this process alive.
process.stdin.unref?.()
// Resources that a user's own destination type leaves open must not keep the process alive either.
setTimeout(() => endNow(Number(process.exitCode)), EXIT_GRACE_MS).unref()
