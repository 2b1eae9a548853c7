/** Facts from the engine: they are found with the bodies, by id, and project code cannot change them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import { helpersOf, literalsOf, type ProjectFacts } from '../../src/model/events/facts.ts'
import { nullLog } from '../../src/model/ports.ts'
import {
  dataModel,
  type EngineProject,
  engineProject,
  helper,
  policy,
  rule,
  warmEngine,
} from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-facts-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function factsOf(project: EngineProject, snapshotCache?: string): Promise<ProjectFacts> {
  const engine = await createEngine({
    project: engineProject(project),
    purpose: 'test',
    workers: 1,
    ...(snapshotCache === undefined ? { prewarmed: warmEngine() } : { snapshotCache }),
    log: nullLog,
  })
  await engine.close()
  return engine.facts
}

const PROJECT: EngineProject = {
  helpers: [
    helper('teams', 'from places import SOC\ndef team(event):\n    return [SOC]\n'),
    helper('places', 'SOC = "soc"\n'),
  ],
  dataModels: [dataModel({ id: 'Model', source: 'import teams\ndef actor(event):\n    return None\n' })],
  detections: [
    rule(
      'Own.Rule',
      `
      from teams import team
      def rule(event):
          return True
      def severity(event):
          return "HIGH" if event.get("root") else "DEFAULT"
      def destinations(event):
          return team(event)`,
    ),
    policy('Own.Policy', 'def policy(resource):\n    return True\n'),
    rule('Broken.Rule', 'def rule(event:'),
  ],
}

describe('facts', () => {
  it('facts have functions, imports and possible results, with source locations', async () => {
    const facts = await factsOf(PROJECT)
    const own = facts.detections.get('Own.Rule')!
    expect(own.functions.map(({ name }) => name)).toEqual(['rule', 'severity', 'destinations'])
    expect(literalsOf(own.returns.severity!).map(({ value }) => value)).toEqual(['HIGH', 'DEFAULT'])
    expect(literalsOf(own.returns.destinations!)).toEqual([
      { value: 'soc', location: { file: 'global_helpers/places.py', line: 1, column: 7 } },
    ])
    expect(own.followed).toEqual(['global_helpers/places.py', 'global_helpers/teams.py'])
    expect([...helpersOf(own, facts)]).toEqual(['teams', 'places'])
    expect([...facts.detections.keys()]).toEqual(['Own.Rule', 'Own.Policy'])
    expect([...helpersOf(facts.dataModels.get('Model')!, facts)]).toEqual(['teams', 'places'])
  })

  it('facts are loaded with the snapshot at the next start', async () => {
    seededCache(folder)
    const first = await factsOf(PROJECT, folder)
    expect(await factsOf(PROJECT, folder)).toEqual(first)
  })

  it('facts are found before any code of the project runs', async () => {
    const facts = await factsOf({
      helpers: [
        helper(
          'poison',
          `
          import ast, signalbox_driver.analysis
          ast.parse = lambda *_: None
          signalbox_driver.analysis.analyze = lambda _: "forged"`,
        ),
      ],
      detections: [rule('Later', 'def rule(event): return True\ndef severity(event): return "LOW"\n')],
    })
    expect(literalsOf(facts.detections.get('Later')!.returns.severity!)[0]!.value).toBe('LOW')
  })
})
