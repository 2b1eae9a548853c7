import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Generation } from '../../src/daemon/generation.ts'
import { createReloads, type ReloadStart } from '../../src/daemon/reloads.ts'
import { UserError } from '../../src/errors.ts'

/** Loads that end when the test says so; generations are distinguished by their number. */
function fixture() {
  const loads: PromiseWithResolvers<Generation>[] = []
  const entries: string[] = []
  const requests: ReloadStart[] = []
  const reloads = createReloads({
    onRequested: (begins) => requests.push(begins),
    load: () => {
      const load = Promise.withResolvers<Generation>()
      loads.push(load)
      return load.promise
    },
    activate: async (next) => void entries.push(`in force ${numberOf(next)}`),
    onDone: (next) => entries.push(`done ${numberOf(next)}`),
    onRefused: (reason, code) => entries.push(`refused (${code}): ${reason}`),
  })
  const load = (n: number) => loads[n - 1]!.resolve(generation(n, () => entries.push(`retired ${n}`)))
  return { loads, entries, requests, reloads, load }
}

function generation(n: number, onRetire: () => void): Generation {
  return { number: n, retire: async () => onRetire() } as unknown as Generation
}

function numberOf(generation: Generation): number {
  return (generation as unknown as { number: number }).number
}

describe('a reload', () => {
  it('begins after the running one and serves all requests that come meanwhile', async () => {
    const { loads, entries, reloads, load } = fixture()
    const first = reloads.request()
    await setImmediate()
    const [second, third] = [reloads.request(), reloads.request()]
    await setImmediate()
    expect(loads).toHaveLength(1)
    load(1)
    await first
    await setImmediate()
    load(2)
    await Promise.all([second, third])
    expect(loads).toHaveLength(2)
    expect(entries).toEqual(['in force 1', 'done 1', 'in force 2', 'done 2'])
  })

  it('is reported for every request, including joined ones', async () => {
    const { requests, reloads, load } = fixture()
    void reloads.request()
    await setImmediate()
    const last = [reloads.request(), reloads.request()]
    load(1)
    await setImmediate()
    load(2)
    await Promise.all(last)
    void reloads.request()
    expect(requests).toEqual(['now', 'next', 'joined', 'now'])
  })

  it('reports its reason if it fails, and later reloads still work', async () => {
    const { loads, entries, reloads, load } = fixture()
    const refused = reloads.request()
    await setImmediate()
    loads[0]!.reject(new UserError('it is broken', { code: 'invalid-project', hint: 'fix it' }))
    await refused
    const repaired = reloads.request()
    await setImmediate()
    load(2)
    await repaired
    expect(entries).toEqual(['refused (invalid-project): it is broken\nhint: fix it', 'in force 2', 'done 2'])
  })

  it('activates nothing and leaves no engine running if the daemon has ended before', async () => {
    const { entries, reloads, load } = fixture()
    void reloads.request()
    await setImmediate()
    const waiting = reloads.request()
    const ended = reloads.stop()
    load(1)
    await Promise.all([waiting, ended])
    expect(entries).toEqual(['retired 1'])
  })
})
