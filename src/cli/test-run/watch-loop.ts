/** Tests, waits for a change or a key, tests what that touches. Ends with SIGINT, SIGTERM or q. */

import { watchProject } from '../../config/files/watch-files.ts'
import { counted } from '../../reporters/parts/terminal-text.ts'
import { type Io, OK } from '../command/command.ts'
import { INTERRUPTED } from '../command/interrupts.ts'
import type { Session } from '../command/session.ts'
import type { TestRequest } from './test-run.ts'
import { KEY_HELP, type KeyOrder, listenToKeys } from './watch-keys.ts'
import { Teller } from './watch-reporter.ts'
import { type Round, WatchState, type Witness } from './watch-state.ts'

export async function watchTests(request: TestRequest, session: Session, io: Io): Promise<number> {
  const orders = createOrders()
  const state = new WatchState(session, request.options)
  const teller = new Teller(request, session, io)
  const stopSignals = io.onSignal(
    (signal) => signal !== 'SIGHUP' && orders.end(signal === 'SIGINT' ? INTERRUPTED : OK),
  )
  const stopKeys = listenToKeys(io.stdin, {
    order: (order) => orders.key(order),
    tell: (line) => session.note(line),
  })
  const stopWatching = await watchProject(session.workspace.root, (paths) => orders.change(paths))
  const wait = () => session.note(`\nwaiting for changes, ${stopKeys ? KEY_HELP : 'Ctrl-C ends'}`)
  try {
    for (let order: Order = { kind: 'start' }; ; ) {
      await teller.tell((witness) => obey(order, state, witness))
      wait()
      const giveUp = new AbortController()
      const units = teller.tell((witness) => state.units(witness, giveUp.signal))
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

function obey(order: Order, state: WatchState, witness: Witness): Promise<Round> {
  if (order.kind === 'change') return state.changed(order.paths, witness)
  if (order.kind === 'key') {
    if (order.key === 'failed') return state.again('failed', witness)
    if (typeof order.key === 'object') state.pattern = order.key.pattern
    return state.again('all', witness)
  }
  return state.all(witness)
}

type TestKey = Exclude<KeyOrder, 'end' | 'interrupt'>
type Order =
  | { readonly kind: 'start' }
  | { readonly kind: 'change'; readonly paths: readonly string[] }
  | { readonly kind: 'key'; readonly key: TestKey }
  | { readonly kind: 'end'; readonly code: number }

/** Changes that come while testing are one; the end comes before all, changes before a key. */
function createOrders() {
  let paths: string[] = []
  let key: TestKey | null = null
  let code: number | null = null
  let waiting = Promise.withResolvers<void>()
  return {
    change(changed: readonly string[]) {
      paths.push(...changed)
      waiting.resolve()
    },
    key(pressed: KeyOrder) {
      if (pressed === 'end') code = OK
      else if (pressed === 'interrupt') code = INTERRUPTED
      else key = pressed
      waiting.resolve()
    },
    end(exitCode: number) {
      code = exitCode
      waiting.resolve()
    },
    async next(): Promise<Order> {
      await waiting.promise
      if (code !== null) return { kind: 'end', code }
      const order: Order =
        paths.length > 0 ? { kind: 'change', paths: [...new Set(paths)] } : { kind: 'key', key: key! }
      if (order.kind === 'change') paths = []
      else key = null
      if (paths.length === 0 && key === null) waiting = Promise.withResolvers()
      return order
    },
  }
}
