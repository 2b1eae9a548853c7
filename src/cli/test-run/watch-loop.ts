/** Tests the project, waits for a change or a key, and tests what that affects. It ends on SIGINT, SIGTERM or the key q. */

import { watchProject } from '../../config/files/watch-files.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { EXIT_OK, type Io } from '../command/command.ts'
import { EXIT_INTERRUPTED } from '../command/interrupts.ts'
import type { Session } from '../command/session.ts'
import type { TestRequest } from './test-run.ts'
import { KEY_HELP, listenToKeys, type WatchCommand } from './watch-keys.ts'
import { WatchReporter } from './watch-reporter.ts'
import { type ProgressListener, type TestRound, WatchState } from './watch-state.ts'

export async function watchTests(request: TestRequest, session: Session, io: Io): Promise<number> {
  const queue = createCommandQueue()
  const state = new WatchState(session, request.options)
  const reporter = new WatchReporter(request, session, io)
  const stopSignals = io.onSignal(
    (signal) => signal !== 'SIGHUP' && queue.end(signal === 'SIGINT' ? EXIT_INTERRUPTED : EXIT_OK),
  )
  const stopKeys = listenToKeys(io.stdin, {
    onCommand: (command) => queue.key(command),
    showLine: (line) => session.note(line),
  })
  const stopWatching = await watchProject(session.workspace.root, (paths) => queue.change(paths))
  const wait = () => session.note(`\nWaiting for changes. ${stopKeys ? KEY_HELP : 'Ctrl-C: quit'}`)
  try {
    for (let command: QueuedCommand = { kind: 'start' }; ; ) {
      const current = command
      await reporter.report((listener) => execute(current, state, listener))
      wait()
      const abort = new AbortController()
      const units = reporter.report((listener) => state.runUnitTests(listener, abort.signal))
      const failed = units.then((hasReported) => {
        if (hasReported) wait()
        return new Promise<never>(() => {})
      })
      command = await Promise.race([queue.next(), failed])
      abort.abort()
      if (command.kind === 'end') return command.code
      if (command.kind === 'change') session.note(`\n${counted(command.paths.length, 'file')} changed`)
    }
  } finally {
    stopSignals()
    stopKeys?.()
    await stopWatching()
    await state.close()
  }
}

function execute(command: QueuedCommand, state: WatchState, listener: ProgressListener): Promise<TestRound> {
  if (command.kind === 'change') return state.runChanged(command.paths, listener)
  if (command.kind === 'key') {
    if (command.key === 'failed') return state.rerun('failed', listener)
    if (typeof command.key === 'object') state.pattern = command.key.pattern
    return state.rerun('all', listener)
  }
  return state.runAll(listener)
}

type TestKey = Exclude<WatchCommand, 'end' | 'interrupt'>
type QueuedCommand =
  | { readonly kind: 'start' }
  | { readonly kind: 'change'; readonly paths: readonly string[] }
  | { readonly kind: 'key'; readonly key: TestKey }
  | { readonly kind: 'end'; readonly code: number }

/** Joins the changes that arrive during a run into one command. The end precedes all other commands, and changes precede a key. */
function createCommandQueue() {
  let paths: string[] = []
  let key: TestKey | null = null
  let code: number | null = null
  let waiting = Promise.withResolvers<void>()
  return {
    change(changed: readonly string[]) {
      paths.push(...changed)
      waiting.resolve()
    },
    key(pressed: WatchCommand) {
      if (pressed === 'end') code = EXIT_OK
      else if (pressed === 'interrupt') code = EXIT_INTERRUPTED
      else key = pressed
      waiting.resolve()
    },
    end(exitCode: number) {
      code = exitCode
      waiting.resolve()
    },
    async next(): Promise<QueuedCommand> {
      await waiting.promise
      if (code !== null) return { kind: 'end', code }
      const command: QueuedCommand =
        paths.length > 0 ? { kind: 'change', paths: [...new Set(paths)] } : { kind: 'key', key: key! }
      if (command.kind === 'change') paths = []
      else key = null
      if (paths.length === 0 && key === null) waiting = Promise.withResolvers()
      return command
    },
  }
}
