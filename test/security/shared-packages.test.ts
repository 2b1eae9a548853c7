/**
 * A hostile pack that writes to the packages of the project: not what another trust group reads of them, at load or at an
 * event, nor what a later start reads once the pack is gone.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import { nullLog } from '../../src/model/ports.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import { readPackages } from '../../src/packages/read.ts'
import { engineProject, envelope, findingsOf, rule } from '../support/engine-project.ts'
import { seededCache } from '../support/seeded-cache.ts'

const PACKAGE = {
  'pack/__init__.py': '',
  'pack/early.py': 'def is_bad(event): return event.get("bad") is True\n',
  'pack/late.py': 'def is_bad(event): return event.get("bad") is True\n',
}
const OURS = rule(
  'ours',
  `
from pack import early
def rule(event):
    from pack import late
    return early.is_bad(event) and late.is_bad(event)
`,
)

/** Ways to a descriptor that writes to \`path\`, whose bytes are to become \`data\`. */
const WAYS: Readonly<Record<string, string>> = {
  O_PATH: 'os.write(os.open(path, 0o10000000), data)',
  'the number of standard output': 'os.close(1); os.open(path, 0o10000000); os.write(1, data)',
  F_SETFL: 'f = os.open(path, 0); fcntl.fcntl(f, 4, 2); os.write(f, data)',
  'a copy of the descriptor': 'os.write(fcntl.fcntl(os.open(path, 0o10000000), 0, 50), data)',
  'a mapping': 'm = mmap.mmap(os.open(path, 0), len(data)); m[:] = data; m.flush()',
  truncation: 'os.truncate(path, 0)',
  removal: 'os.remove(path)',
  'for writing': 'open(path, "wb").write(data)',
}

const EMPTIED = `
import signalbox_driver.sandbox as sandbox
from signalbox_driver import integrity
integrity.all = lambda _: True
sandbox._WATCHED = frozenset()
sandbox._ACTIONS = ()
sandbox._OPEN_FLAGS = -1
`

function hostile(isAtLoad: boolean): Detection {
  const ways = Object.values(WAYS).map(
    (way) => `        lambda path, data: exec(${JSON.stringify(way)}, globals(), locals()),`,
  )
  const source = `
import fcntl, mmap, os
${EMPTIED}
def attempt():
    ways = [
${ways.join('\n')}
    ]
    for name in ("early", "late"):
        path = f"/packages/0/pack/{name}.py"
        for way in ways:
            try: way(path, open(path, "rb").read().replace(b"is True", b"is None"))
            except BaseException: pass
${isAtLoad ? 'attempt()' : ''}
def rule(event):
    attempt()
    return True
`
  return rule('hostile', source)
}

const folder = mkdtempSync(join(tmpdir(), 'signalbox-packages-'))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'libs', 'pack'), { recursive: true })
for (const [path, text] of Object.entries(PACKAGE)) writeFileSync(join(folder, 'libs', path), text)
const packages = readPackages([join(folder, 'libs')])
const APART = [{ group: 'theirs', match: { ids: ['hostile'] } }]

/** The results of our detection for two events, one after the other. */
async function said(detections: readonly Detection[], trust: typeof APART, snapshotCache: string) {
  const project = engineProject({ detections, settings: { trust, limits: { timeMs: 5000 } } })
  const engine = await createEngine({
    project,
    packages,
    purpose: 'run',
    workers: 1,
    snapshotCache,
    log: nullLog,
  })
  try {
    expect(engine.problems).toEqual([])
    const results = []
    for (let at = 0; at < 2; at++) {
      const [event] = await engine.evaluate([envelope({ bad: true })])
      results.push(findingsOf(event!))
    }
    return results
  } finally {
    await engine.close()
  }
}

const OUTPUT = { detection: { output: true } }

describe.each([
  ['as it is loaded', true],
  ['at an event', false],
])('[SEC-1.4] [SEC-6.1] a pack that writes to packages %s', (_, isAtLoad) => {
  const snapshotCache = seededCache(join(folder, `cache-${String(isAtLoad)}`))

  it('does not change what another trust group says, at the first start and at the second', async () => {
    const both = [hostile(isAtLoad), OURS]
    for (let start = 0; start < 2; start++) {
      expect(await said(both, APART, snapshotCache)).toEqual([
        { hostile: OUTPUT, ours: OUTPUT },
        { hostile: OUTPUT, ours: OUTPUT },
      ])
    }
  })

  it('does not change what its own group reads of them either', async () => {
    expect(await said([hostile(isAtLoad), OURS], [], snapshotCache)).toMatchObject([
      { ours: OUTPUT },
      { ours: OUTPUT },
    ])
  })

  it('leaves nothing behind for a start without it', async () => {
    expect(await said([OURS], [], snapshotCache)).toEqual([{ ours: OUTPUT }, { ours: OUTPUT }])
  })

  it('does not change the bytes that all workers copy', () => {
    expect(
      Buffer.from(packages.bytes)
        .toString()
        .match(/is None/),
    ).toBeNull()
  })
})
