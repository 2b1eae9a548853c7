import { describe, expect, it } from 'vitest'
import { decideDueStep } from '../../../src/delivery/escalation/due-step.ts'
import { withdrawalReason } from '../../../src/delivery/updates.ts'
import { deliveryId } from '../../../src/model/alerts/alert.ts'
import type { AlertStatus } from '../../../src/model/alerts/alert-status.ts'
import type { Registry } from '../../../src/model/project/destination.ts'
import { type EscalationStep, NO_HANDLING } from '../../../src/model/project/destination-handling.ts'
import type { ClaimedDelivery, ClaimedEscalation, EscalationRow } from '../../../src/store/store.ts'
import { destination, registry } from '../../support/model.ts'
import { alert, T0 } from '../../support/store-rows.ts'

const MINUTE_MS = 60_000
const STEP: EscalationStep = {
  afterMs: 15 * MINUTE_MS,
  unless: 'acknowledged',
  to: ['second'],
  severities: null,
}

function registryWith(steps: readonly EscalationStep[], over: Partial<Registry> = {}): Registry {
  const soc = destination('soc', {
    handling: { ...NO_HANDLING, escalate: steps, ackTimeoutMs: 60 * MINUTE_MS },
  })
  return registry([soc, destination('second'), destination('third'), destination('inbox')], {
    fallback: ['inbox'],
    ...over,
  })
}

function claimed(row: Partial<EscalationRow> = {}, status: Partial<AlertStatus> = {}): ClaimedEscalation {
  const before = alert('a1')
  return {
    escalation: {
      alertId: 'a1',
      destinationKey: 'soc',
      kind: 'step',
      step: 0,
      unless: 'acknowledged',
      afterMs: 15 * MINUTE_MS,
      due: T0,
      state: 'waiting',
      round: 0,
      reason: '',
      ...row,
    },
    leaseToken: 'lease',
    alert: { ...before, status: { ...before.status, ...status } },
  }
}

const ACKNOWLEDGED = { status: 'acknowledged', version: 2, changedBy: 'ann@host' } as const
const RESOLVED = { status: 'resolved', reason: 'fixed', version: 3, changedBy: 'bob@host' } as const

describe('a step of an escalation that is due', () => {
  const decide = (each: ClaimedEscalation, known = registryWith([STEP]), now = T0) =>
    decideDueStep(each, known, now)

  it('sends the alert, with its outcome and its row of the audit in one plan', () => {
    const { result, plan } = decide(claimed())
    expect(result).toBe('sent')
    expect(plan.escalationOutcomes).toMatchObject([
      { state: 'sent', reason: 'sent to second', statusVersion: 1 },
    ])
    expect(plan.deliveries).toEqual([
      {
        id: deliveryId('a1', 'second'),
        alertId: 'a1',
        destinationKey: 'second',
        destination: 'second',
        due: T0,
        createdAt: T0,
        reason: 'escalation of soc: 15 min without an acknowledge',
      },
    ])
    expect(plan.audits).toMatchObject([{ verb: 'escalated', after: 'second', actor: 'system' }])
  })

  it('sends it under another id when the steps were started again, so that a destination gets it again', () => {
    const ids = [0, 1, 2].map((round) => decide(claimed({ round })).plan.deliveries[0]!.id)
    expect(new Set(ids).size).toBe(3)
  })

  it.each([
    ['acknowledged', 'acknowledged', ACKNOWLEDGED, 'ended'],
    ['resolved', 'acknowledged', RESOLVED, 'ended'],
    ['acknowledged', 'resolved', ACKNOWLEDGED, 'sent'],
    ['resolved', 'resolved', RESOLVED, 'ended'],
  ] as const)('with an alert that is %s, unless %s', (_, unless, status, result) => {
    const decision = decide(claimed({ unless }, status), registryWith([{ ...STEP, unless }]))
    expect(decision.result).toBe(result)
    expect(decision.plan.deliveries).toHaveLength(result === 'sent' ? 1 : 0)
  })

  it.each([
    ['its destination is gone', registry([destination('second')])],
    ['its destination has no such step', registryWith([])],
    ['another step is in its place', registryWith([{ ...STEP, afterMs: 1 }])],
  ])('ends when %s', (_, known) => {
    const { result, plan } = decide(claimed(), known)
    expect(result).toBe('ended')
    expect(plan.escalationOutcomes[0]!.reason).toBe('its step was removed')
  })

  it('follows a destination to its new name', () => {
    const renamed = destination('blue', {
      previousNames: ['soc'],
      handling: { ...NO_HANDLING, escalate: [STEP] },
    })
    const { result } = decide(claimed(), registry([renamed, destination('second')]))
    expect(result).toBe('sent')
  })

  it('goes to the fallback when no destination of the step is enabled', () => {
    const known = registryWith([STEP])
    const disabled = known.destinations.map((each) => ({ ...each, enabled: each.name !== 'second' }))
    const { plan } = decide(claimed(), { ...known, destinations: disabled })
    expect(plan.deliveries.map((each) => each.destination)).toEqual(['inbox'])
  })

  it.each([
    [15, 60, 'sent'],
    [15, 61, 'missed'],
    [30, 120, 'sent'],
    [30, 121, 'missed'],
  ])('after %i minutes, %i minutes late: %3$s', (after, late, result) => {
    const afterMs = after * MINUTE_MS
    const decision = decide(claimed({ afterMs }), registryWith([{ ...STEP, afterMs }]), T0 + late * MINUTE_MS)
    expect(decision.result).toBe(result)
  })

  it('releases an alert that was not resolved in time: it is open again', () => {
    const { result, plan } = decide(claimed({ kind: 'release', afterMs: 60 * MINUTE_MS }, ACKNOWLEDGED))
    expect(result).toBe('released')
    expect(plan.statuses).toMatchObject([{ status: { status: 'open', version: 3, changedBy: 'system' } }])
    expect(plan.audits).toMatchObject([
      {
        verb: 'reopened',
        before: 'acknowledged',
        after: 'open',
        note: 'not resolved within 1 h of the acknowledge',
      },
    ])
  })

  it('leaves an alert acknowledged whose destination has no timeout any more', () => {
    const { plan } = decide(claimed({ kind: 'release' }, ACKNOWLEDGED), registry([destination('soc')]))
    expect(plan.statuses).toEqual([])
    expect(plan.escalationOutcomes).toMatchObject([{ state: 'waiting' }])
  })
})

describe('a delivery of an escalation that waits', () => {
  const waiting = (status: Partial<AlertStatus>, unless: EscalationStep['unless'] = 'acknowledged') => {
    const { plan } = decideDueStep(claimed({ unless }), registryWith([{ ...STEP, unless }]), T0)
    const { reason } = plan.deliveries[0]!
    const { alert: withStatus } = claimed({}, status)
    const delivery = { reason, update: null } as ClaimedDelivery['delivery']
    return withdrawalReason(
      { delivery, alerts: [withStatus], repeated: true } as unknown as ClaimedDelivery,
      destination('second'),
      {},
    )
  }

  it('is withdrawn when its alert was answered, even if it may have been sent before', () => {
    expect(waiting(ACKNOWLEDGED)).toBe('acknowledged, by ann@host, before it was sent')
    expect(waiting(RESOLVED)).toBe('resolved: fixed, by bob@host, before it was sent')
    expect(waiting(ACKNOWLEDGED, 'resolved')).toBeNull()
    expect(waiting({})).toBeNull()
  })
})
