/** What the file system refuses is described to the user and is not called a bug. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { errorText } from '../../src/cli/program.ts'
import { CAPABILITIES_PROGRAM, WITHOUT_CAPABILITIES } from '../support/capabilities.ts'
import { describeWithProgram } from '../support/optional-program.ts'
import { COMMAND, commandEnvironment } from '../support/process.ts'
import { signalbox } from './fake-io.ts'
import { makeProject, SOUND } from './project-on-disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-refused-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const isWindows = process.platform === 'win32'
const plainFile = join(folder, 'plain')
writeFileSync(plainFile, '')

/** The error of the real file system. */
function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('an error of the file system', () => {
  it.each([
    ['is listed', () => readdirSync(join(plainFile, 'x')), `cannot list ${join(plainFile, 'x')}`],
    ['is created', () => mkdirSync(join(plainFile, 'x')), `cannot create ${join(plainFile, 'x')}`],
    ['is written', () => writeFileSync(join(plainFile, 'x'), ''), `cannot open ${join(plainFile, 'x')}`],
  ])('the error names the path that %s', (_title, work, beginning) => {
    const text = errorText(thrownBy(work))
    expect(text).toBe(
      `signalbox: ${beginning}: a part of the path is not a folder (ENOTDIR) [file-system-error]\nhint: check this path and the folders above it\n`,
    )
  })

  it('a missing path without an explanation is a bug', () => {
    const text = errorText(thrownBy(() => readdirSync(join(folder, 'absent'))))
    expect(text).toContain('This is a bug in Signalbox')
    expect(text).toContain('file-system-errors.test.ts')
  })

  it('an error of the file system ends a command with exit code 2', async () => {
    const { code, err } = await signalbox(['init', '--project', join(plainFile, 'project')])
    expect(code).toBe(2)
    expect(err).toMatch(
      /^signalbox: cannot create .*: a part of the path is not a folder \(ENOTDIR\) \[file-system-error\]$/m,
    )
    expect(err).not.toContain('bug')
  })
})

describeWithProgram(CAPABILITIES_PROGRAM, 'a folder of the project', () => {
  function validateWithClosed(path: string, settings = '') {
    const root = makeProject({
      ...SOUND,
      'signalbox.yaml': `workers: 1\n${settings}`,
      [`${path}/inner/module.py`]: '',
    })
    const closed = join(root, path, 'inner')
    chmodSync(closed, 0o000)
    const argv = [...WITHOUT_CAPABILITIES, process.execPath, COMMAND, 'validate', '--project', root]
    const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), {
      encoding: 'utf8',
      env: commandEnvironment(),
    })
    chmodSync(closed, 0o755)
    return { closed, result: { status, stdout, stderr } }
  }

  it.skipIf(isWindows).each([
    ['of packages', 'lib', 'python: { paths: [lib] }\n'],
    ['of detections', 'detections', ''],
    ['below a folder of rules', 'content/aws_rules/deep', ''],
    ['below the helpers', 'global_helpers', ''],
  ])('%s that may not be listed is named', (_kind, path, settings) => {
    const { closed, result } = validateWithClosed(path, settings)
    expect(result).toEqual({
      status: 2,
      stdout: '',
      stderr: `signalbox: cannot list ${closed}: permission denied (EACCES) [file-system-error]\nhint: check the owner and the permissions of this path and of the folders above it\n`,
    })
  })

  it.skipIf(isWindows)('a folder that is not searched for detections may be closed', () => {
    expect(validateWithClosed('lost+found').result).toMatchObject({ status: 0 })
  })
})

it.skipIf(isWindows)('a current folder that was removed is reported', () => {
  const gone = join(folder, 'gone')
  mkdirSync(gone)
  const script = 'cd "$1" && rmdir "$1" && exec "$2" "$3" validate'
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', gone, process.execPath, COMMAND], {
    encoding: 'utf8',
    env: commandEnvironment(),
  })
  expect([status, stderr]).toEqual([
    2,
    'signalbox: the current folder cannot be found\nhint: change to a folder that exists\n',
  ])
})
