/**
 * The truth table assumes results of Python functions. These tests run the real functions and compare their results
 * with it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { FunctionResults } from '../../src/model/alerts/finding.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, rule, warmEngine } from '../support/engine-project.ts'
import { DESTINATIONS, SEVERITY } from './truth-table.ts'

const bodies = [
  ...Object.entries(DESTINATIONS).map(([name, { python }]) =>
    body(`destinations ${name}`, 'destinations', python),
  ),
  ...Object.entries(SEVERITY).map(([name, { python }]) => body(`severity ${name}`, 'severity', python)),
]

function body(id: string, name: string, python: string | null) {
  const lines = ['def rule(event):', '    return True']
  return rule(id, [...lines, ...(python === null ? [] : [`def ${name}(event):`, `    ${python}`])].join('\n'))
}

let engine: Engine
let said: Record<string, FunctionResults>
beforeAll(async () => {
  engine = await createEngine({
    project: engineProject({ detections: bodies }),
    purpose: 'run',
    workers: 1,
    log: nullLog,
    prewarmed: warmEngine(),
  })
  const [event] = await engine.evaluate([envelope({})])
  said = findingsOf(event!)
})
afterAll(() => engine.close())

it.each(Object.keys(DESTINATIONS))('destinations() %s', (name) => {
  expect(shape(said[`destinations ${name}`]!.destinations)).toEqual(shape(DESTINATIONS[name]!.arrives))
})

it.each(Object.keys(SEVERITY))('severity() %s', (name) => {
  expect(shape(said[`severity ${name}`]!.severity)).toEqual(shape(SEVERITY[name]!.arrives))
})

function shape(result: { output?: unknown; error?: { type: string } } | undefined) {
  return result?.error ? { error: result.error.type } : result
}
