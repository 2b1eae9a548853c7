/** A resend whose commit conflicts is committed again, or fails. */
import { describe, expect, it } from 'vitest'
import type { Destination, Registry } from '../../../src/model/project/destination.ts'
import type { CommitAnswer, Store } from '../../../src/store/store.ts'
import { resendAlert } from '../../../src/workspace/alerts/resend-alert.ts'

const SOC = {
  id: 'soc',
  name: 'soc',
  type: 'webhook',
  enabled: true,
  severities: [],
  options: {},
} as unknown as Destination
const REGISTRY = { destinations: [SOC] } as unknown as Registry
const ALERT = { id: 'a1', route: { destinations: ['soc'] } } as unknown as Parameters<typeof resendAlert>[2]

function resendWith(answers: readonly CommitAnswer[]) {
  const given = [...answers]
  const store: Pick<Store, 'commit'> = { commit: async () => given.shift() ?? 'conflict' }
  return resendAlert(store, REGISTRY, ALERT, [], { name: 'anna', via: 'api' }, 1_000)
}

describe('a resend', () => {
  it('is committed again after a conflict', async () => {
    expect(await resendWith(['conflict', 'ok'])).toEqual({ to: ['soc'], skipped: [] })
  })

  it('fails when every commit conflicts', async () => {
    await expect(resendWith([])).rejects.toMatchObject({ code: 'changing-alert' })
  })
})
