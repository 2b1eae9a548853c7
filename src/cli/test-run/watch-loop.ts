/** Tests, waits for a change or a key, tests what that touches. Ends with SIGINT, SIGTERM or q. */

import { watchProject } from '../../config/files/watch-files.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { EXIT_OK, type Io } from '../command/command.ts'
import { INTERRUPTED } from '../command/interrupts.ts'
import type { Session } from '../command/session.ts'
import type { TestRequest } from './test-run.ts'
import { KEY_HELP, listenToKeys, type WatchCommand } from './watch-keys.ts'
import { WatchReporter } from './watch-reporter.ts'
import { type ProgressListener, type TestRound, WatchState } from './watch-state.ts'

export async function watchTests(request: TestRequest, session: Session, io: Io): Promise<number> {
  const orders = createCommandQueue()
  const state = new WatchState(session, request.options)
  const teller = new WatchReporter(request, session, io)
  const stopSignals = io.onSignal(
    (signal) => signal !== 'SIGHUP' && orders.end(signal === 'SIGINT' ? INTERRUPTED : EXIT_OK),
  )
  const stopKeys = listenToKeys(io.stdin, {
    order: (order) => orders.key(order),
    tell: (line) => session.note(line),
  })
  const stopWatching = await watchProject(session.workspace.root, (paths) => orders.change(paths))
  const wait = () => session.note(`\nwaiting for changes, ${stopKeys ? KEY_HELP : 'Ctrl-C ends'}`)
  try {
    for (let order: QueuedCommand = { kind: 'start' }; ; ) {
      await teller.report((witness) => execute(order, state, witness))
      wait()
      const giveUp = new AbortController()
      const units = teller.report((witness) => state.units(witness, giveUp.signal))
      const failed = units.then((isTold) => {
        if (isTold) wait()
        return new Promise<never>(() => {})
      })
      order = await Promise.race([orders.next(), failed])
      giveUp.abort()
      if (order.kind === 'end') return order.code
      if (order.kind === 'change') session.note(`\n${counted(order.paths.length, 'file')} changed`)
    }
  } finally {
    stopSignals()
    stopKeys?.()
    await stopWatching()
    await state.close()
  }
}

function execute(order: QueuedCommand, state: WatchState, witness: ProgressListener): Promise<TestRound> {
  if (order.kind === 'change') return state.changed(order.paths, witness)
  if (order.kind === 'key') {
    if (order.key === 'failed') return state.again('failed', witness)
    if (typeof order.key === 'object') state.pattern = order.key.pattern
    return state.again('all', witness)
  }
  return state.all(witness)
}

type TestKey = Exclude<WatchCommand, 'end' | 'interrupt'>
type QueuedCommand =
  | { readonly kind: 'start' }
  | { readonly kind: 'change'; readonly paths: readonly string[] }
  | { readonly kind: 'key'; readonly key: TestKey }
  | { readonly kind: 'end'; readonly code: number }

/** Changes that come while testing are one; the end comes before all, changes before a key. */
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
      else if (pressed === 'interrupt') code = INTERRUPTED
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
      const order: QueuedCommand =
        paths.length > 0 ? { kind: 'change', paths: [...new Set(paths)] } : { kind: 'key', key: key! }
      if (order.kind === 'change') paths = []
      else key = null
      if (paths.length === 0 && key === null) waiting = Promise.withResolvers()
      return order
    },
  }
}
