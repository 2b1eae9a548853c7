/** `python add` and `python sync` against an index on loopback. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addPackages, type PackageFolder, syncPackages } from '../../src/packages/add-packages.ts'
import { openIndex } from '../../src/packages/index-client.ts'
import { type Offers, packageIndex } from './_index.ts'
import { folderWith, wheel } from './_wheels.ts'

function place(): PackageFolder & { readonly root: string } {
  const root = folderWith({ 'readme.txt': '' })
  const lockName = 'python-packages.lock'
  return { root, folder: join(root, '.signalbox/python'), lockName, lockFile: join(root, lockName) }
}

const pure = (name: string, version: string, requires: readonly string[] = []): Offers => ({
  [`${name}-${version}-py3-none-any.whl`]: {
    bytes: wheel(name, version, { files: { [`${name}/__init__.py`]: `VERSION = "${version}"\n` }, requires }),
  },
})

const OFFERS: Offers = {
  ...pure('app', '1.0'),
  ...pure('app', '2.0', ['lib>=1,<3', 'windows; sys_platform == "win32"', 'fast; extra == "speed"']),
  ...pure('app', '3.0rc1'),
  ...pure('lib', '1.5'),
  ...pure('lib', '2.5', ['base']),
  ...pure('lib', '3.0'),
  ...pure('base', '0.1'),
  ...pure('needs_old', '1.0', ['lib<2']),
  ...pure('needs_new', '1.0', ['lib>=3']),
  ...pure('fast', '1.0'),
}

async function add(requirements: readonly string[], offers: Offers = OFFERS, at = place()) {
  const index = await packageIndex(offers)
  const packages = await addPackages(at, requirements, openIndex(index.url))
  return { at, index, packages: packages.map(({ name, version }) => `${name} ${version}`) }
}

describe('[SEC-5.3] python add', () => {
  it('python add installs the newest matching version and its requirements', async () => {
    const { at, packages } = await add(['app'])
    expect(packages).toEqual(['app 2.0', 'base 0.1', 'lib 2.5'])
    expect(readFileSync(join(at.folder, 'lib/__init__.py'), 'utf8')).toBe('VERSION = "2.5"\n')
    expect(readdirSync(join(at.root, '.signalbox'))).toEqual(['python'])
  })

  it.each([
    [['app==1.0'], ['app 1.0']],
    [['app>=3.0rc0'], ['app 3.0rc1']],
    [['app[speed]'], ['app 2.0', 'base 0.1', 'fast 1.0', 'lib 2.5']],
    [
      ['app', 'needs_old'],
      ['app 2.0', 'lib 1.5', 'needs-old 1.0'],
    ],
  ])('%j', async (requirements, expected) => {
    expect((await add(requirements)).packages).toEqual(expected)
  })

  it('python add keeps the versions of installed packages', async () => {
    const { at } = await add(['lib==1.5'])
    expect((await add(['base'], OFFERS, at)).packages).toEqual(['base 0.1', 'lib 1.5'])
    const locked = await add(['lib'], OFFERS, at)
    expect(locked.packages).toEqual(['base 0.1', 'lib 3.0'])
    expect(readFileSync(at.lockFile, 'utf8')).toContain('"requested": [\n    "base",\n    "lib"\n  ]')
  })

  it('python add reads an index that answers with HTML', async () => {
    const index = await packageIndex({ ...OFFERS, ...pure('app', '9.0') }, 'html')
    const packages = await addPackages(place(), ['app'], openIndex(index.url))
    expect(packages.map(({ version }) => version)).toEqual(['9.0'])
  })

  it('yanked versions and versions for another Python are skipped unless they are named', async () => {
    const offers: Offers = { ...pure('app', '1.0'), ...pure('app', '2.0'), ...pure('app', '3.0') }
    Object.assign(offers['app-2.0-py3-none-any.whl']!, { yanked: true })
    Object.assign(offers['app-3.0-py3-none-any.whl']!, { requiresPython: '<3.9' })
    expect((await add(['app'], offers)).packages).toEqual(['app 1.0'])
    expect((await add(['app==2.0'], offers)).packages).toEqual(['app 2.0'])
  })

  it('python add tries no older version of a package, and says which one to name', async () => {
    const offers = {
      ...pure('app', '2', ['lib<2']),
      ...pure('app', '1', ['lib']),
      ...pure('lib', '1'),
      ...pure('lib', '2'),
    }
    await expect(add(['app', 'lib>=2'], offers)).rejects.toMatchObject({
      message: 'no version matches lib >=2, <2 (by app)',
      hint: 'require another version, or an older version of app: the resolver tries only the newest',
    })
    const { at } = await add(['app==1', 'lib>=2'], offers)
    expect(readFileSync(at.lockFile, 'utf8')).toContain('app-1-py3-none-any.whl')
  })

  it('the lock names no index, and the credentials of its URL appear nowhere', async () => {
    const index = await packageIndex(OFFERS)
    const at = place()
    await addPackages(at, ['lib==1.5'], openIndex(index.url.replace('//', '//ann:s3cret@')))
    expect(index.authorizations).toEqual(
      Array(2).fill(`Basic ${Buffer.from('ann:s3cret').toString('base64')}`),
    )
    expect(readFileSync(at.lockFile, 'utf8')).not.toMatch(/127\.0\.0\.1|s3cret/)
    const closed = openIndex('http://ann:s3cret@127.0.0.1:1/')
    await expect(addPackages(at, ['lib'], closed)).rejects.toThrow(
      /^cannot reach the package index 127.0.0.1:1/,
    )
  })
})

describe('[SEC-5.3] refused packages', () => {
  const compiled = { 'fast-1.0-cp314-cp314-manylinux_x86_64.whl': {}, 'fast-1.0.tar.gz': {} }
  it.each<[string, readonly string[], Offers, RegExp]>([
    ['a compiled extension', ['fast'], compiled, /^fast requires a compiled extension/],
    [
      'one that something needs',
      ['app'],
      { ...pure('app', '1', ['fast>=1']), ...compiled },
      /^fast >=1 \(by app\) requires/,
    ],
    ['a source alone', ['src'], { 'src-1.0.tar.gz': {} }, /^src has no wheel/],
    ['what is not there', ['absent'], {}, /^package "absent" not found/],
    ['a version that is not there', ['app==7'], OFFERS, /^no version matches app ==7$/],
    [
      'versions at odds',
      ['needs_old', 'needs_new'],
      OFFERS,
      /^no version matches lib >=3 \(by needs-new\), <2 \(by needs-old\)/,
    ],
    [
      'requirements that change with each choice',
      ['app'],
      { ...pure('app', '2', ['lib']), ...pure('app', '1'), ...pure('lib', '1', ['app<2']) },
      /^could not resolve dependency versions \(no backtracking after 50 rounds\): (?:app|lib)/,
    ],
    ['nonsense', ['https://example.com/x.whl'], {}, /invalid requirement/],
    ['a file without a hash', ['app'], { 'app-1-py3-none-any.whl': { sha256: null } }, /provides no sha256/],
    [
      'a file that is another',
      ['app'],
      { 'app-1-py3-none-any.whl': { bytes: wheel('app', '1'), sha256: '0'.repeat(64) } },
      /^sha256 mismatch for app-1-py3-none-any.whl: expected 0{64}, got [0-9a-f]{64}$/,
    ],
    [
      'what is no wheel',
      ['app'],
      { 'app-1-py3-none-any.whl': { bytes: Buffer.from('x') } },
      /^cannot unpack app-1/,
    ],
    [
      'two that bring one file',
      ['one', 'two'],
      {
        'one-1-py3-none-any.whl': { bytes: wheel('one', '1', { files: { 'same.py': '' } }) },
        'two-1-py3-none-any.whl': { bytes: wheel('two', '1', { files: { 'same.py': '' } }) },
      },
      /both contain same.py/,
    ],
  ])('python add refuses %s and changes nothing', async (_, requirements, offers, message) => {
    const at = place()
    await expect(add(requirements, offers, at)).rejects.toThrow(message)
    expect(existsSync(at.lockFile)).toBe(false)
    expect(existsSync(at.folder)).toBe(false)
  })
})

describe('[SEC-5.3] python sync', () => {
  it('does not use the index when everything is installed unchanged', async () => {
    const { at } = await add(['app'])
    const synced = await syncPackages(at, () => expect.unreachable('the index was asked'))
    expect(synced).toMatchObject({
      fetched: false,
      packages: [{ name: 'app' }, { name: 'base' }, { name: 'lib' }],
    })
  })

  it.each([
    ['nothing is there', (folder: string) => rmSync(folder, { recursive: true })],
    ['a file was changed', (folder: string) => writeFileSync(join(folder, 'lib/__init__.py'), 'changed')],
    ['a file is gone', (folder: string) => rmSync(join(folder, 'lib/__init__.py'))],
    [
      'what says so was changed too',
      (folder: string) => writeFileSync(join(folder, 'lib-2.5.dist-info/RECORD'), ''),
    ],
  ])('fetches exactly what is locked where %s', async (_, spoil) => {
    const { at } = await add(['app'])
    spoil(at.folder)
    const newer = await packageIndex({ ...OFFERS, ...pure('lib', '2.9') })
    expect((await syncPackages(at, () => openIndex(newer.url))).fetched).toBe(true)
    expect(readFileSync(join(at.folder, 'lib/__init__.py'), 'utf8')).toBe('VERSION = "2.5"\n')
    expect((await syncPackages(at, () => expect.unreachable())).fetched).toBe(false)
  })

  it('python sync accepts only the locked file, whatever the index says', async () => {
    const { at } = await add(['base'])
    rmSync(at.folder, { recursive: true })
    const forged = {
      'base-0.1-py3-none-any.whl': { bytes: wheel('base', '0.1', { files: { 'evil.py': '' } }) },
    }
    const index = await packageIndex(forged)
    await expect(syncPackages(at, () => openIndex(index.url))).rejects.toThrow('sha256 mismatch for')
    const gone = await packageIndex(pure('base', '0.2'))
    await expect(syncPackages(at, () => openIndex(gone.url))).rejects.toThrow(
      /^base-0.1.* not found in the package index/,
    )
    expect(existsSync(at.folder)).toBe(false)
  })

  it.each(['{}', 'not JSON', '{"version":2}', '{"version":1,"requested":[],"packages":[{"name":"../x"}]}'])(
    'refuses the lock %s',
    async (text) => {
      const at = place()
      writeFileSync(at.lockFile, text)
      await expect(syncPackages(at, () => expect.unreachable())).rejects.toThrow(
        /is not a lock|is not valid JSON/,
      )
    },
  )
})
