/** Makes the part of the server that receives hooks, over the store and the project that is active now. */
import { HOOKS } from '../../hooks/_catalog.ts'
import type { HookReading } from '../../hooks/_hook.ts'
import type { Clock, Log, Metrics, Secrets } from '../../model/ports.ts'
import { HOOK_NAMES, type HookName } from '../../model/project/hook-settings.ts'
import type { RoutedProject } from '../../model/project/project.ts'
import type { HookAnswer, HookPost } from '../../server/hooks/hook-part.ts'
import type { ServerPart } from '../../server/server.ts'
import type { StoreAbsence } from '../../server/store-absence.ts'
import type { Store } from '../../store/store.ts'
import {
  type AnsweringHook,
  answerAlert,
  type HookOutcome,
  keepRecords,
} from '../../workspace/hooks/answer-alert.ts'
import { LAST_REQUEST_INTERVAL_MS, recordRequest } from '../../workspace/hooks/last-request.ts'

export interface HookPorts {
  readonly store: Store
  readonly project: () => Pick<RoutedProject, 'settings' | 'registry'>
  readonly secrets: () => Pick<Secrets, 'reveal'>
  readonly absence: Pick<StoreAbsence, 'orAbsence'>
  readonly metrics: Pick<Metrics, 'count'>
  readonly log: Log
  readonly clock: Pick<Clock, 'now'>
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number
  /** Wakes the delivery after an act has created updates. */
  readonly wake: () => void
}

const REFUSAL_LOG_INTERVAL_MS = 60_000

const SENTENCES: Record<HookOutcome, string> = {
  done: 'Done.',
  unchanged: 'The alert has this status already.',
  late: 'The alert was resolved already, so the acknowledgement is recorded as a comment.',
  repeated: 'This was carried out before.',
  unknown: 'There is no such alert.',
}

export function openHooks(ports: HookPorts): ServerPart {
  const receiver = new HookReceiver(ports)
  return async (scope) => {
    const { addHooks } = await import('../../server/hooks/hook-part.ts')
    await addHooks(scope, {
      log: ports.log,
      receive: (name, post) => receiver.receive(name, post),
      onFailed: (name, why) => receiver.count(name, why),
      orAbsence: (work) => ports.absence.orAbsence(work),
    })
  }
}

class HookReceiver {
  readonly #ports: HookPorts
  readonly #refusals = new Map<HookName, { loggedAt: number; since: number }>()
  readonly #recordedAt = new Map<HookName, number>()

  constructor(ports: HookPorts) {
    this.#ports = ports
  }

  /** The label is bounded: a path can name anything. */
  count(name: string, outcome: string, by = 1): void {
    const hook = this.#configured(name)
    if (hook !== null && by > 0)
      this.#ports.metrics.count('signalbox_hooks_total', { hook: hook.name, outcome }, by)
  }

  async receive(name: string, { headers, body }: HookPost): Promise<HookAnswer | null> {
    const hook = this.#configured(name)
    if (hook === null) return null
    const provider = await HOOKS[hook.name]()
    const { options } = await this.#ports.secrets().reveal({ secret: hook.settings.secret })
    const reason = provider.verify(headers, body, String(options.secret).trim(), this.#ports.clock.now())
    if (reason !== null) {
      this.#refuse(hook.name, reason)
      return { status: 401, body: { error: reason } }
    }
    await this.#recordRequest(hook.name)
    const reading = provider.read(body.toString('utf8'), hook.settings)
    if (reading === null) {
      this.count(name, 'malformed')
      return { status: 400, body: { error: 'the request has not the documented form' } }
    }
    return this.#carryOut(hook, reading, body)
  }

  async #carryOut(
    hook: AnsweringHook,
    { acts, records = [], answer, isAnswered = false }: HookReading,
    body: Buffer,
  ): Promise<HookAnswer> {
    const { store, wake } = this.#ports
    await keepRecords(store, hook, records)
    if (acts.length === 0) this.count(hook.name, answer?.challenge === undefined ? 'ignored' : 'challenge')
    const sentences: string[] = []
    for (const act of acts) {
      const outcome = await answerAlert(store, hook, act, body)
      this.count(hook.name, outcome)
      sentences.push(SENTENCES[outcome])
      if (outcome === 'done' || outcome === 'late') wake()
    }
    // A provider repeats what is not answered with 200, and may give up the hook, so an unknown alert gets it, too.
    const shown = isAnswered ? { response_type: 'ephemeral', text: sentences.join(' ') } : null
    return { status: 200, body: answer ?? shown }
  }

  #configured(name: string) {
    const known = HOOK_NAMES.find((each) => each === name)
    const { settings, registry } = this.#ports.project()
    const hook = known && settings.hooks[known]
    return hook ? { name: known, settings: hook, registry } : null
  }

  /** Everyone can send a request without a valid signature, so the log has one line a minute. */
  #refuse(hook: HookName, reason: string): void {
    this.count(hook, 'refused')
    const now = this.#ports.monotonic()
    const before = this.#refusals.get(hook) ?? { loggedAt: Number.NEGATIVE_INFINITY, since: 0 }
    const refused = before.since + 1
    if (now - before.loggedAt < REFUSAL_LOG_INTERVAL_MS) {
      this.#refusals.set(hook, { ...before, since: refused })
      return
    }
    this.#refusals.set(hook, { loggedAt: now, since: 0 })
    this.#ports.log.warn({ hook, reason, requests: refused }, 'requests of a hook are refused')
  }

  async #recordRequest(hook: HookName): Promise<void> {
    const now = this.#ports.monotonic()
    if (now - (this.#recordedAt.get(hook) ?? Number.NEGATIVE_INFINITY) < LAST_REQUEST_INTERVAL_MS) return
    this.#recordedAt.set(hook, now)
    await recordRequest(this.#ports.store, hook)
  }
}
