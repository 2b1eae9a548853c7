/** The conditions of a project before it can run; they are checked without Python. */
import { describe, expect, it } from 'vitest'
import { prepareGeneration } from '../../src/daemon/generation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'

function prepare(files: Readonly<Record<string, string>>, skipInvalid = false) {
  const workspace = { root: makeProject(files), log: nullLog }
  return prepareGeneration({
    workspace,
    skipInvalid,
    guards: true,
    from: [],
    secretsDirs: [],
    log: nullLog,
  })
}

const BROKEN = { 'detections/bad.yml': 'AnalysisType: rule\nRuleID: [\n' }

describe('a project that can run', () => {
  it('may name an unknown destination, which is reported as a warning', async () => {
    const login = `${SOUND['detections/login.yml']}OutputIds: [unknown, inbox]\n`
    const { project } = await prepare({ ...SOUND, 'detections/login.yml': login })
    expect(project.problems).toMatchObject([{ severity: 'warning', code: 'unknown-destination' }])
    expect(project.detections.has('Test.Login')).toBe(true)
  })

  it('keeps no test cases in memory', async () => {
    const { project } = await prepare(SOUND)
    expect(project.detections.get('Test.Login')!.tests).toEqual([])
  })

  it('may have a broken detection only with skipInvalid', async () => {
    await expect(prepare({ ...SOUND, ...BROKEN })).rejects.toThrow('detections/bad.yml:')
    expect((await prepare({ ...SOUND, ...BROKEN }, true)).project.detections.size).toBe(2)
  })

  it.each<[string, Record<string, string>, string]>([
    ['a broken registry', { 'destinations.yaml': 'version: 1\nbogus: 1\n' }, 'destinations.yaml:2:1'],
    ['broken settings', { 'signalbox.yaml': 'bogus: 1\n' }, 'signalbox.yaml:1:1'],
  ])('has not %s, whatever may be skipped', async (_name, files, message) => {
    await expect(prepare({ ...SOUND, ...files }, true)).rejects.toThrow(message)
  })

  it('needs a registry and a detection', async () => {
    const { 'destinations.yaml': registry, 'signalbox.yaml': settings } = SOUND
    await expect(prepare({ 'destinations.yaml': registry })).rejects.toThrow('no detections found in')
    const { 'destinations.yaml': _, ...without } = SOUND
    await expect(prepare({ ...without, 'signalbox.yaml': settings })).rejects.toThrow(
      'destinations.yaml not found',
    )
  })

  it('needs the secrets of its enabled destinations, and lists those that are missing', async () => {
    const hook = (name: string, more: string) =>
      `  - { name: ${name}, type: webhook, options: { url: '\${env:SIGNALBOX_TEST_ABSENT}' }${more} }\n`
    const registry = `version: 1\ndestinations:\n${hook('on', '')}${hook('off', ', enabled: false')}`
    const prepared = prepare({ ...SOUND, 'destinations.yaml': registry })
    await expect(prepared).rejects.toThrow(`missing secrets:\n  on: \${env:SIGNALBOX_TEST_ABSENT} is not set`)
    await expect(prepared).rejects.not.toThrow('off:')
  })
})
