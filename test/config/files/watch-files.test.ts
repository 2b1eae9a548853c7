/** Changes are seen, in bursts, and only where they matter. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { watchProject } from '../../../src/config/files/watch-files.ts'
import { until } from '../../support/until.ts'
import { BODY, projectWith, rule, write } from '../_project.ts'

it('the changed files of a burst are reported together, until the watcher is closed', async () => {
  const root = projectWith({ 'rules/a.yml': rule('A'), 'rules/body.py': BODY, 'node_modules/x.py': '' })
  const bursts: (readonly string[])[] = []
  const stop = await watchProject(root, (paths) => bursts.push(paths), 300)
  try {
    writeFileSync(join(root, 'rules/body.py'), `${BODY}#\n`)
    write(join(root, 'rules/deep/new.yml'), rule('B'))
    write(join(root, 'node_modules/x.py'), '#')
    write(join(root, '.git/y.yml'), '')
    write(join(root, 'rules/notes.txt'), '')
    await until(() => bursts.length > 0)
    expect(bursts[0]).toEqual(['rules/body.py', 'rules/deep/new.yml'])
    rmSync(join(root, 'rules/a.yml'))
    await until(() => bursts.length > 1)
    expect(bursts[1]).toEqual(['rules/a.yml'])
  } finally {
    await stop()
  }
})
