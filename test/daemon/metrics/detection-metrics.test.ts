import { expect, it } from 'vitest'
import { countFindings, detectionGauges } from '../../../src/daemon/metrics/detection-metrics.ts'
import type { FunctionError, FunctionResults } from '../../../src/model/alerts/finding.ts'
import type { EvaluatedEvent } from '../../../src/model/events/evaluation.ts'
import { createMetrics } from '../../../src/server/metrics.ts'
import { openStore } from '../../../src/store/open.ts'
import { manualClock } from '../../support/clock.ts'
import { expecting, limiter, plan } from '../../support/store-rows.ts'

const error: FunctionError = { type: 'KeyError', message: "'x'", repr: "KeyError('x')", frames: [] }

function evaluated(...findings: readonly (readonly [detection: string, functions: FunctionResults])[]) {
  const outcome = {
    status: 'evaluated',
    at: 0,
    ownRowId: null,
    findings: findings.map(([detection, functions]) => ({ from: 'detection', detection, functions })),
  }
  return { outcome } as unknown as EvaluatedEvent
}

it('matches and errors are counted for each detection', async () => {
  const metrics = createMetrics()
  const rejected = { outcome: { status: 'rejected', reason: 'no JSON' } } as unknown as EvaluatedEvent
  const match = { detection: { output: true } }
  countFindings(metrics, [
    evaluated(['A', match], ['B', { detection: { error } }]),
    rejected,
    evaluated(['A', { ...match, title: { error } }]),
    evaluated(),
  ])
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('signalbox_detection_'))
  expect(lines.sort()).toEqual([
    'signalbox_detection_errors_total{detection="A"} 1',
    'signalbox_detection_errors_total{detection="B"} 1',
    'signalbox_detection_matches_total{detection="A"} 2',
  ])
})

it('detections are counted by state: those that the limiter has muted are not enabled', async () => {
  const store = await openStore('memory:', { clock: manualClock(), projectRoot: '.' })
  const limiters = [limiter('A', { mutedAt: 1 }), limiter('B'), limiter('Removed', { mutedAt: 1 })]
  await store.commit(plan({ limiters }), expecting({}, { A: 0, B: 0, Removed: 0 }))
  const detections = new Map(['A', 'B', 'C', 'D'].map((id) => [id, { enabled: id !== 'D' }]))
  const gauges = await detectionGauges(store, detections)
  expect(gauges.map(({ labels, value }) => [labels?.state, value])).toEqual([
    ['enabled', 2],
    ['muted', 1],
    ['disabled', 1],
  ])
  await store.close()
})
