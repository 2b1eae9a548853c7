/** The store of a simulation: its time is that of the events, and each plan that it commits is reported. */
import { type Clock, systemClock } from '../model/ports.ts'
import { CacheLedgers } from '../pipeline/cache-ledgers.ts'
import { openStore } from '../store/open.ts'
import type { CommitPlan, Store } from '../store/store.ts'

export interface SimulationStore {
  readonly store: Store
  readonly clock: Clock
  /** The items of the caching helpers, which start empty. */
  readonly cache: CacheLedgers
  /** Moves the time on. An earlier time changes nothing. */
  advance(to: number): void
  /** It is called with each plan that was committed. */
  onPlan(listener: (plan: CommitPlan) => void): void
  close(): Promise<void>
}

/** @param url `memory:` or `sqlite:PATH`. */
export async function openSimulationStore(url: string): Promise<SimulationStore> {
  let now = 0
  let report: (plan: CommitPlan) => void = () => {}
  const clock: Clock = { ...systemClock, now: () => now }
  const opened = await openStore(url, { clock, projectRoot: '/' })
  const store: Store = {
    ...opened,
    apply: async (plan, expected) => {
      const applied = await opened.apply(plan, expected)
      if (applied.answer === 'ok') report(plan)
      return applied
    },
  }
  return {
    store,
    clock,
    cache: new CacheLedgers(store, () => now),
    advance: (to) => {
      now = Math.max(now, to)
    },
    onPlan: (listener) => {
      report = listener
    },
    close: () => store.close(),
  }
}
