/** Records outcomes in groups: what comes while one group is written makes the next one. */
import type { DeliveryOutcome } from '../store.ts'
import type { Database } from './database.ts'
import { Json } from './pool.ts'

const MAX_OUTCOMES_PER_CALL = 200

interface Entry {
  readonly id: string
  readonly leaseToken: string
  readonly outcome: DeliveryOutcome
  readonly resolve: (isRecorded: boolean) => void
  readonly reject: (error: unknown) => void
}

interface Caller {
  readonly holder: string | null
  readonly now: number | null
}

export class OutcomeWriter {
  readonly #database: Database
  readonly #caller: () => Caller
  #queue: Entry[] = []
  #running: Promise<void> | null = null

  constructor(database: Database, caller: () => Caller) {
    this.#database = database
    this.#caller = caller
  }

  record(id: string, leaseToken: string, outcome: DeliveryOutcome): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ id, leaseToken, outcome, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async drain(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // Outcomes of the same turn of the event loop go together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0) {
      const group = this.#nextGroup()
      await this.#write(group)
    }
    this.#running = null
  }

  /** A delivery is at most once in a group, so that the first of two outcomes counts. */
  #nextGroup(): Entry[] {
    const group = new Map<string, Entry>()
    const rest: Entry[] = []
    for (const entry of this.#queue) {
      if (group.size < MAX_OUTCOMES_PER_CALL && !group.has(entry.id)) group.set(entry.id, entry)
      else rest.push(entry)
    }
    this.#queue = rest
    return [...group.values()]
  }

  async #write(group: readonly Entry[]): Promise<void> {
    try {
      const recorded = await this.#call(group)
      for (const entry of group) entry.resolve(recorded.has(entry.id))
    } catch (error) {
      // One outcome that the database refuses must not keep the others from being recorded.
      if (group.length === 1) return group[0]!.reject(error)
      for (const entry of group) await this.#write([entry])
    }
  }

  async #call(group: readonly Entry[]): Promise<Set<string>> {
    const { holder, now } = this.#caller()
    const rows = await this.#database.run((connection, repeats) =>
      connection.query<{ id: string }>('SELECT record_outcomes($1, $2, $3) AS id', [
        new Json(group.map((entry) => ({ ...rowOf(entry), repeats }))),
        holder,
        now,
      ]),
    )
    return new Set(rows.map(({ id }) => id))
  }
}

function rowOf({ id, leaseToken, outcome }: Entry): object {
  const { state, attempt } = outcome
  const message = attempt?.message ?? null
  const common = {
    id,
    leaseToken,
    state,
    attempt,
    due: null,
    spent: 0,
    pausedMs: 0,
    message,
    remoteReference: null,
    fallbackDeliveries: [],
  }
  switch (state) {
    case 'delivered':
      return { ...common, spent: 1, remoteReference: outcome.remoteReference ?? null }
    case 'waiting': {
      const spent = outcome.spendsAttempt ? 1 : 0
      return { ...common, due: outcome.due, spent, pausedMs: outcome.pausedMs ?? 0 }
    }
    case 'withdrawn':
      return { ...common, message: outcome.reason }
    case 'dead': {
      const { reason, fallbackDeliveries } = outcome
      return { ...common, spent: attempt ? 1 : 0, message: reason, fallbackDeliveries }
    }
  }
}
