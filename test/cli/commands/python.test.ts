/** `python add` and `python sync`, and a detection that imports what they brought, without any flag. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageIndex } from '../../packages/_index.ts'
import { wheel } from '../../packages/_wheels.ts'
import { signalbox } from '../fake-io.ts'
import { makeProject, SOUND } from '../project-on-disk.ts'

const BODY =
  'from greet import NAME\ndef rule(event): return event.get("action") == "login"\ndef title(_): return f"{NAME} logged in"\n'
const OFFERS = {
  'greet-1.0-py3-none-any.whl': { bytes: wheel('greet', '1.0', { files: { 'greet.py': 'NAME = "ann"\n' } }) },
  'fast-1.0-cp314-cp314-linux_x86_64.whl': {},
}

describe('python', () => {
  it('python add installs packages, python sync restores them, and detections import them', async () => {
    const root = makeProject({ ...SOUND, 'detections/login.py': BODY })
    const { url } = await packageIndex(OFFERS)
    const python = (...args: string[]) =>
      signalbox(['python', ...args, '--project', root, '--index-url', url])

    const before = await signalbox(['validate', '--project', root])
    expect(before.code).toBe(1)
    expect(before.err + before.out).toContain(
      'hint: if this is a package on PyPI: signalbox python add greet (pure Python only)',
    )

    expect(await python('add', 'greet')).toMatchObject({ code: 0, out: 'greet 1.0\n' })
    expect((await signalbox(['test', '--project', root])).code).toBe(0)

    rmSync(join(root, '.signalbox/python'), { recursive: true })
    expect((await signalbox(['validate', '--project', root])).out).toContain('run: signalbox python sync')
    expect(await python('sync')).toEqual({
      code: 0,
      out: 'greet 1.0\n',
      err: 'installed in .signalbox/python\n',
    })
    expect((await python('sync')).err).toBe('everything is installed and unchanged\n')
  })

  it('python add explains in one line why a package is not available', async () => {
    const root = makeProject({})
    const { url } = await packageIndex(OFFERS)
    const ran = await signalbox(['python', 'add', 'fast', '--project', root, '--index-url', url])
    expect(ran.code).toBe(2)
    expect(ran.err).toContain('fast requires a compiled extension')
    writeFileSync(join(root, '.env'), `SIGNALBOX_PYTHON_INDEX=${url}\n`)
    const fromEnvironment = ['python', 'add', 'absent', '--project', root, '--env-file', join(root, '.env')]
    expect((await signalbox(fromEnvironment)).err).toContain('package "absent" not found')
  })
})
