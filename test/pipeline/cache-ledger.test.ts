/** The caching helpers' items: exact under replays, failed commits and the end of the process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CacheEvent } from '../../src/model/events/detection-cache.ts'
import { CacheLedger } from '../../src/pipeline/cache-ledger.ts'
import { openStore } from '../../src/store/open.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type Store } from '../../src/store/store.ts'
import { incrementCounter } from '../support/cache-counter.ts'
import { manualClock } from '../support/clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-cache-'))
afterAll(() => rmSync(folder, { recursive: true }))
/** It stands still: nothing here depends on how long anything takes. */
const clock = manualClock()

let seq = 0
/** A new sending of the event of that name. */
const event = (name: string, comesAgain = false): CacheEvent => ({
  source: 's',
  seq: seq++,
  name,
  comesAgain,
})

async function commit(store: Store, ledger: CacheLedger, events: readonly CacheEvent[]) {
  const { kv, expected, done } = ledger.commit(events)
  expect(await store.commit({ ...EMPTY_PLAN, kv }, { ...NOTHING_EXPECTED, items: expected })).toBe('ok')
  done()
}

describe.each(['memory:', 'sqlite:'])('the cache ledger over %s', (kind) => {
  const open = (name: string) =>
    openStore(kind === 'memory:' ? kind : `sqlite:${join(folder, name)}`, {
      clock,
      projectRoot: folder,
    })
  const ledgerOf = (store: Store) => new CacheLedger(store, () => clock.now())

  it('counts exactly if many events ask concurrently', async () => {
    const store = await open('many')
    const ledger = ledgerOf(store)
    const counts = await Promise.all(
      Array.from({ length: 50 }, (_, at) => incrementCounter(ledger, event(`e${at}`))),
    )
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
    await store.close()
  })

  it('gives an event that runs again the same answers, and changes nothing twice', async () => {
    const store = await open('again')
    const ledger = ledgerOf(store)
    const first = event('first')
    expect(await incrementCounter(ledger, first)).toBe(1)
    expect(await incrementCounter(ledger, event('other'))).toBe(2)
    expect(await incrementCounter(ledger, first)).toBe(1)
    expect(await incrementCounter(ledger, event('third'))).toBe(3)
    await store.close()
  })

  it('continues an event that was interrupted between two questions', async () => {
    const store = await open('cut')
    const ledger = ledgerOf(store)
    const cut = event('cut')
    await incrementCounter(ledger, cut, {}, 1)
    expect(await incrementCounter(ledger, event('between'))).toBe(1)
    expect(await incrementCounter(ledger, cut)).toBe(2)
    await store.close()
  })

  it('keeps the answers of detections and the items of trust groups apart', async () => {
    const store = await open('apart')
    const ledger = ledgerOf(store)
    const one = event('one')
    expect(await incrementCounter(ledger, one)).toBe(1)
    expect(await incrementCounter(ledger, one, { detection: 'other' })).toBe(2)
    expect(await incrementCounter(ledger, one, { trustGroup: 'vendor' })).toBe(1)
    await store.close()
  })

  it('counts an event once if its commit failed and it came again', async () => {
    const store = await open('failed')
    const ledger = ledgerOf(store)
    await incrementCounter(ledger, event('e'))
    const again = event('e')
    expect(await incrementCounter(ledger, again)).toBe(1)
    await commit(store, ledger, [again])
    expect(await incrementCounter(ledger, event('next'))).toBe(2)
    await store.close()
  })

  it('needs no commit if nothing was changed', async () => {
    const store = await open('idle')
    const ledger = ledgerOf(store)
    const reader = event('reader')
    await incrementCounter(ledger, event('writer'))
    await incrementCounter(ledger, reader, {}, 1)
    expect(ledger.commit([reader]).kv).toEqual([])
    await store.close()
  })
})

/** Far more than any bound of what is kept. */
const VERY_MANY = 21_000

describe('the memory of the cache ledger', () => {
  /** The harness counts the reads of the store. */
  const counted = async () => {
    const store = await openStore('memory:', { clock, projectRoot: folder })
    const asked: string[] = []
    const kv: Store['kv'] = (keys) => {
      asked.push(...keys)
      return store.kv(keys)
    }
    return { store, asked, ledger: new CacheLedger({ ...store, kv }, () => clock.now()) }
  }
  const read = (ledger: CacheLedger, at: CacheEvent, key: string) =>
    ledger.request({
      event: at,
      trustGroup: 'default',
      detection: 'd',
      operationId: '0/1',
      operation: { kind: 'read', key },
    })

  it('is bounded for items that were only read', async () => {
    const { store, asked, ledger } = await counted()
    for (let n = 0; n < VERY_MANY; n++) {
      const reader = event(`reader ${n}`)
      await read(ledger, reader, `key ${n}`)
      ledger.commit([reader]).done()
    }
    asked.length = 0
    await read(ledger, event('recent'), `key ${VERY_MANY - 1}`)
    await read(ledger, event('old'), 'key 0')
    expect(asked.filter((key) => key.includes('cache-item'))).toEqual([expect.stringContaining('key 0')])
    await store.close()
  })

  it('is bounded for a few large items', async () => {
    const { store, asked, ledger } = await counted()
    const kv = Array.from({ length: 200 }, (_, n) => ({
      key: `cache-item:${JSON.stringify(['default', `large ${n}`])}`,
      value: JSON.stringify({ dictionary: 'x'.repeat(250_000) }),
      expiresAt: null,
    }))
    await store.commit({ ...EMPTY_PLAN, kv }, NOTHING_EXPECTED)
    for (let n = 0; n < kv.length; n++) {
      const reader = event(`reader of large ${n}`)
      await read(ledger, reader, `large ${n}`)
      ledger.commit([reader]).done()
    }
    asked.length = 0
    await read(ledger, event('recent'), 'large 199')
    await read(ledger, event('old'), 'large 0')
    expect(asked.filter((key) => key.includes('cache-item'))).toEqual([expect.stringContaining('large 0')])
    await store.close()
  })

  it('holds the log of an event under way, which is stored once and not with every other commit', async () => {
    const { store, ledger } = await counted()
    await incrementCounter(ledger, event('slow'))
    const [first, second] = [event('first'), event('second')]
    await incrementCounter(ledger, first)
    await commit(store, ledger, [first])
    await incrementCounter(ledger, second)
    expect(ledger.commit([second]).kv.map(({ key }) => key)).toEqual([expect.stringContaining('cache-item')])
    await store.close()
  })

  it('is bounded for logs of events whose commit failed and that never came again', async () => {
    const { store, ledger } = await counted()
    for (let n = 0; n < VERY_MANY; n++) await incrementCounter(ledger, event(`lost ${n}`))
    const settled = event('settled')
    await incrementCounter(ledger, settled)
    ledger.commit([settled]).done()
    expect(await incrementCounter(ledger, event(`lost ${VERY_MANY - 1}`))).toBe(VERY_MANY)
    expect(await incrementCounter(ledger, event('lost 0'))).toBe(VERY_MANY + 2)
    await store.close()
  })
})

describe('the cache ledger after the end of the process', () => {
  const reopened = async (name: string, before: (store: Store, ledger: CacheLedger) => Promise<void>) => {
    const url = `sqlite:${join(folder, name)}`
    const options = { clock, projectRoot: folder }
    const first = await openStore(url, options)
    await before(first, new CacheLedger(first, () => clock.now()))
    await first.close()
    const store = await openStore(url, options)
    return { store, ledger: new CacheLedger(store, () => clock.now()) }
  }

  it('has what was committed', async () => {
    const { store, ledger } = await reopened('committed', async (first, ledger) => {
      const e = event('e')
      await incrementCounter(ledger, e)
      await commit(first, ledger, [e])
    })
    expect(await incrementCounter(ledger, event('next'))).toBe(2)
    await store.close()
  })

  it('has nothing that was not committed, and its event counts when it comes again', async () => {
    const { store, ledger } = await reopened('lost', async (_, ledger) => {
      await incrementCounter(ledger, event('e'))
    })
    expect(await incrementCounter(ledger, event('e'))).toBe(1)
    await store.close()
  })

  it('counts an event once if its change was committed with another event and it comes again', async () => {
    const { store, ledger } = await reopened('carried', async (first, ledger) => {
      const slow = event('slow')
      const quick = event('quick')
      await incrementCounter(ledger, slow)
      await incrementCounter(ledger, quick)
      await commit(first, ledger, [quick])
    })
    const again = event('slow')
    expect(await incrementCounter(ledger, again)).toBe(1)
    await commit(store, ledger, [again])
    expect(await incrementCounter(ledger, event('next'))).toBe(3)
    await store.close()
  })

  it('counts an event once that its source sends again after it was settled', async () => {
    const { store, ledger } = await reopened('resent', async (first, ledger) => {
      const e = event('keyed', true)
      await incrementCounter(ledger, e)
      await commit(first, ledger, [e])
    })
    expect(await incrementCounter(ledger, event('keyed', true))).toBe(1)
    expect(await incrementCounter(ledger, event('next'))).toBe(2)
    await store.close()
  })
})
