/** Tests, waits for a change or a key, tests what that touches. Ends with SIGINT, SIGTERM or q. */
import { isError, messageOf } from '../errors.ts'
import type { Problem } from '../model/problem.ts'
import { counted } from '../reporters/_style.ts'
import { summarise } from '../testing/run-tests.ts'
import { watchProject } from '../workspace/project.ts'
import { type Io, OK } from './_command.ts'
import { INTERRUPTED } from './_interrupts.ts'
import { problemsText } from './_problems.ts'
import { openReport } from './_report.ts'
import type { Session } from './_session.ts'
import type { TestRequest } from './_test-run.ts'
import { KEY_HELP, type KeyOrder, listenToKeys } from './_watch-keys.ts'
import { type Round, WatchState } from './_watch-state.ts'

export async function watchTests(request: TestRequest, session: Session, io: Io): Promise<number> {
  const orders = createOrders()
  const state = new WatchState(session, request.options)
  const stopSignals = io.onSignal(
    (signal) => signal !== 'SIGHUP' && orders.end(signal === 'SIGINT' ? INTERRUPTED : OK),
  )
  const stopKeys = listenToKeys(io.stdin, {
    order: (order) => orders.key(order),
    tell: (line) => session.note(line),
  })
  const stopWatching = await watchProject(session.workspace.root, (paths) => orders.change(paths))
  let told: readonly Problem[] = []
  try {
    for (let order: Order = { kind: 'start' }; ; ) {
      const startedAt = performance.now()
      const round = await attempt(() => obey(order, state), session)
      if (round) await tell(round, told, request, session, performance.now() - startedAt)
      told = round?.problems ?? []
      session.note(`\nwaiting for changes, ${stopKeys ? KEY_HELP : 'Ctrl-C ends'}`)
      order = await orders.next()
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

function obey(order: Order, state: WatchState): Promise<Round> {
  if (order.kind === 'change') return state.changed(order.paths)
  if (order.kind === 'key') {
    if (order.key === 'failed') return state.again('failed')
    if (typeof order.key === 'object') state.pattern = order.key.pattern
    return state.again('all')
  }
  return state.all()
}

/** A project that is broken for the moment must not end the watch. */
async function attempt(run: () => Promise<Round>, session: Session): Promise<Round | null> {
  try {
    return await run()
  } catch (error) {
    if (!isError(error, 'user')) throw error
    session.complain(`signalbox: ${messageOf(error)}`)
    return null
  }
}

/** What was tested now, then the sums of everything. Problems that were told already are not told again. */
async function tell(
  { fresh, all, problems }: Round,
  told: readonly Problem[],
  { options, reporters }: TestRequest,
  session: Session,
  elapsedMs: number,
): Promise<void> {
  const known = new Set(told.map((problem) => JSON.stringify(problem)))
  const newer = problems.filter((problem) => !known.has(JSON.stringify(problem)))
  if (newer.length > 0) session.complain(`${problemsText(newer, session.errorStyle)}\n`)
  if (all.length === 0) session.complain('signalbox: nothing could be loaded')
  const report = await openReport(reporters, options.showFailuresOnly, session)
  for (const result of fresh) report.result(result)
  report.end({ results: all, problems, summary: summarise(all, Math.round(elapsedMs)) })
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
