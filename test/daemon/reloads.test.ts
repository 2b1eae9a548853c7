import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Generation } from '../../src/daemon/generation.ts'
import { createReloads, type ReloadStart } from '../../src/daemon/reloads.ts'
import { UserError } from '../../src/errors.ts'

/** Loads that end when the test says so; generations are told apart by their number. */
function fixture() {
  const loads: PromiseWithResolvers<Generation>[] = []
  const told: string[] = []
  const requests: ReloadStart[] = []
  const reloads = createReloads({
    onRequested: (begins) => requests.push(begins),
    load: () => {
      const load = Promise.withResolvers<Generation>()
      loads.push(load)
      return load.promise
    },
    handOver: async (next) => void told.push(`in force ${numberOf(next)}`),
    onDone: (next) => told.push(`done ${numberOf(next)}`),
    onRefused: (reason) => told.push(`refused: ${reason}`),
  })
  const load = (n: number) => loads[n - 1]!.resolve(generation(n, () => told.push(`retired ${n}`)))
  return { loads, told, requests, reloads, load }
}

function generation(n: number, onRetire: () => void): Generation {
  return { number: n, retire: async () => onRetire() } as unknown as Generation
}

function numberOf(generation: Generation): number {
  return (generation as unknown as { number: number }).number
}

describe('a reload', () => {
  it('begins after the one under way; who asks meanwhile is served by the same one', async () => {
    const { loads, told, reloads, load } = fixture()
    const first = reloads.ask()
    await setImmediate()
    const [second, third] = [reloads.ask(), reloads.ask()]
    await setImmediate()
    expect(loads).toHaveLength(1)
    load(1)
    await first
    await setImmediate()
    load(2)
    await Promise.all([second, third])
    expect(loads).toHaveLength(2)
    expect(told).toEqual(['in force 1', 'done 1', 'in force 2', 'done 2'])
  })

  it('reports every request, and those that are joined', async () => {
    const { requests, reloads, load } = fixture()
    void reloads.ask()
    await setImmediate()
    const last = [reloads.ask(), reloads.ask()]
    load(1)
    await setImmediate()
    load(2)
    await Promise.all(last)
    void reloads.ask()
    expect(requests).toEqual(['now', 'next', 'joined', 'now'])
  })

  it('that is refused says why, and does not end the reloading', async () => {
    const { loads, told, reloads, load } = fixture()
    const refused = reloads.ask()
    await setImmediate()
    loads[0]!.reject(new UserError('it is broken', { hint: 'mend it' }))
    await refused
    const mended = reloads.ask()
    await setImmediate()
    load(2)
    await mended
    expect(told).toEqual(['refused: it is broken\nhint: mend it', 'in force 2', 'done 2'])
  })

  it('that ends after the daemon takes nothing over and leaves no engine running', async () => {
    const { told, reloads, load } = fixture()
    void reloads.ask()
    await setImmediate()
    const waiting = reloads.ask()
    const ended = reloads.end()
    load(1)
    await Promise.all([waiting, ended])
    expect(told).toEqual(['retired 1'])
  })
})
