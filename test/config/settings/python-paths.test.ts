/** Where packages come from: flags, the environment, signalbox.yaml, and what `python add` fetched. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadProject } from '../../../src/config/load.ts'
import { projectWith, TYPES } from '../_project.ts'

async function paths(root: string, flags: readonly string[] = [], environment = {}) {
  const project = await loadProject({ root, pythonPaths: flags, environment, destinationTypes: TYPES })
  const reported = project.problems.map(
    ({ code, file, line, column, message }) => `${file}:${line}:${column} ${code} ${message}`,
  )
  return { paths: project.settings.pythonPaths.map((path) => path.replace(root, '.')), reported }
}

describe('[SEC-5.2] Python paths', () => {
  it('Python paths are ordered: options, environment, settings, installed packages', async () => {
    const root = projectWith({
      'signalbox.yaml': 'python: { paths: [lib, wheels/a-1-py3-none-any.whl, flag] }\n',
      'lib/a.py': '',
      'flag/a.py': '',
      'env/a.py': '',
      'wheels/a-1-py3-none-any.whl': '',
      '.signalbox/python/a.py': '',
    })
    const environment = { SIGNALBOX_PYTHON_PATH: `env${delimiter}` }
    expect(await paths(root, ['flag'], environment)).toEqual({
      paths: ['./flag', './env', './lib', './wheels/a-1-py3-none-any.whl', './.signalbox/python'],
      reported: [],
    })
  })

  it('Python paths of signalbox.yaml must be in the project, links followed', async () => {
    const root = projectWith({
      'signalbox.yaml': 'python:\n  paths: [../elsewhere, linked, gone, file.txt]\n',
      'file.txt': '',
    })
    mkdirSync(join(dirname(root), 'elsewhere'))
    symlinkSync('../elsewhere', join(root, 'linked'))
    expect(await paths(root)).toEqual({
      paths: [],
      reported: [
        'signalbox.yaml:2:11 python-path the path ../elsewhere is outside the project',
        'signalbox.yaml:2:25 python-path the path linked is outside the project',
        'signalbox.yaml:2:33 python-path the path gone does not exist',
        'signalbox.yaml:2:39 python-path the path file.txt is neither a directory nor a wheel',
      ],
    })
  })

  it('Python paths of the user can be anywhere, but must exist', async () => {
    const root = projectWith({})
    const elsewhere = join(dirname(root), 'elsewhere')
    mkdirSync(elsewhere)
    expect((await paths(root, ['../elsewhere'])).paths).toEqual([elsewhere])
    await expect(paths(root, ['gone'])).rejects.toThrow('the Python path gone does not exist')
    await expect(paths(root, [], { SIGNALBOX_PYTHON_PATH: 'gone' })).rejects.toThrow(
      'the Python path gone does not exist',
    )
  })

  it('a lock that does not match the installed packages is a warning', async () => {
    const expected = [
      'python-packages.lock:0:0 python-packages .signalbox/python does not contain the packages of this lock',
    ]
    const lock = { 'python-packages.lock': '{"version":1}' }
    expect((await paths(projectWith(lock))).reported).toEqual(expected)
    expect(
      (await paths(projectWith({ ...lock, '.signalbox/python/python-packages.lock': '{}' }))).reported,
    ).toEqual(expected)
    expect(
      (await paths(projectWith({ ...lock, '.signalbox/python/python-packages.lock': '{"version":1}' })))
        .reported,
    ).toEqual([])
  })
})
