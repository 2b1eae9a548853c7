// An example for vitest: the detections of this repository, asked about events made by code. See docs/testing.md.
import { evaluate, type LoadedProject, loadProject } from 'signalbox/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let project: LoadedProject
beforeAll(async () => {
  project = await loadProject({ root: '.' })
})
afterAll(() => project.close())

it('every file loads', () => {
  expect(project.problems.filter(({ severity }) => severity === 'error')).toEqual([])
})

describe('who gets to know that MFA factors were reset', () => {
  const reset = (user: string) => ({
    p_log_type: 'Okta.SystemLog',
    eventType: 'user.mfa.factor.reset_all',
    actor: { type: 'User', alternateId: 'helpdesk@example.com' },
    target: [{ type: 'User', alternateId: user }],
  })

  it.each([
    ['okta-admin@example.com', ['on-call', 'identity-team']],
    ['jo@example.com', ['alert-log']],
  ])('an MFA reset of %s reaches the expected destinations', async (user, destinations) => {
    const { alerts, route } = await evaluate('Example.Okta.MFAFactorReset', reset(user))
    expect(alerts).toBe(true)
    expect(route?.destinations).toEqual(destinations)
  })
})
