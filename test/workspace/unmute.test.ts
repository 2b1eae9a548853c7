import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { unmute } from '../../src/workspace/alerts/unmute.ts'
import { manualClock } from '../support/clock.ts'
import { expecting, plan } from '../support/store-rows.ts'

const ann = { name: 'ann@host', via: 'cli' }

it('prevails over a daemon that writes the limiter meanwhile', async () => {
  const store = await openStore('memory:', { clock: manualClock(), projectRoot: '.' })
  const muted = { detection: 'Loud', hourStartedAt: 0, created: 1000, mutedAt: 1 }
  await store.commit(plan({ limiters: [muted] }), expecting({}, { Loud: 0 }))
  let isRaced = false
  const raced: Pick<typeof store, 'read' | 'commit'> = {
    commit: (...args) => store.commit(...args),
    async read(keys) {
      const state = await store.read(keys)
      if (!isRaced) await store.commit(plan({ limiters: [muted] }), expecting({}, { Loud: 1 }))
      isRaced = true
      return state
    },
  }
  expect(await unmute(raced, 'Loud', ann, 7)).toBe(true)
  const { limiters } = await store.read({ groups: [], limiters: ['Loud'], seen: [] })
  expect(limiters.get('Loud')?.value).toEqual({ ...muted, hourStartedAt: 7, created: 0, mutedAt: null })
  expect(await unmute(store, 'Loud', ann, 8)).toBe(false)
  const audits = await store.audit({ subject: { kind: 'detection', id: 'Loud' }, limit: 5 })
  expect(audits).toMatchObject([{ actor: 'ann@host', via: 'cli', verb: 'unmuted', at: 7 }])
  await store.close()
})
