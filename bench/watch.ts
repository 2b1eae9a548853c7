/** `watch`: from the write of a file to the end of the round that it leads to, for each kind of file. On a copy. */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { importedNames } from '../src/config/detections/content-version.ts'
import { nullLog } from '../src/model/ports.ts'
import type { Project } from '../src/model/project/project.ts'
import { openProject } from '../src/workspace/open-project.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'

const REGISTRY =
  'version: 1\nfallback: [soc]\ndestinations:\n  - { name: soc, type: console, severities: [HIGH] }\n'
/** An author's pause, in which the next interpreter boots. */
const PAUSE_MS = 3_000

async function measure({ checkout, corpus, quick, progress }: BenchContext): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const root = join(folder, 'project')
  cpSync(corpus ?? checkout, root, {
    recursive: true,
    filter: (path) => !['.git', 'node_modules'].includes(basename(path)),
  })
  if (!existsSync(join(root, 'destinations.yaml'))) writeFileSync(join(root, 'destinations.yaml'), REGISTRY)
  const files = filesOf(await openProject({ root, log: nullLog }))
  const watching = watch(checkout, root, folder)
  try {
    await watching.round()
    const figures: Figure[] = []
    for (const [kind, file] of files) {
      progress(kind)
      const samples: number[] = []
      for (let i = 0; i < (quick ? 3 : 9); i++) {
        await setTimeout(PAUSE_MS)
        const round = watching.round()
        const startedAt = performance.now()
        appendFileSync(join(root, file), `# ${i}\n`)
        await round
        samples.push(performance.now() - startedAt)
      }
      figures.push({ name: `a change of ${kind}`, unit: 'ms', samples, reach: { atMost: 300 } })
    }
    return figures
  } finally {
    await watching.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One of each kind. */
function filesOf({ detections, helpers, dataModels }: Project): [string, string][] {
  const all = [...detections.values()]
  const rule = all.find(({ type, body, tests }) => type === 'rule' && body && tests.length > 0)!
  const importers = helpers
    .map(({ id, body }) => {
      const own = all.filter((each) => each.body && importedNames(each.body.source).includes(id))
      return { path: body.path, count: own.length }
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => a.count - b.count)
  const [fewest, most] = [importers[0], importers.at(-1)]
  const model = dataModels.find(({ body }) => body !== null)
  return [
    ['a body', rule.body!.path],
    ['a spec', rule.location.file],
    ['expectations', rule.location.file.replace(/\.[^.]+$/, '.expect.yml')],
    ['destinations.yaml', 'destinations.yaml'],
    ...(fewest ? [[`a helper that ${fewest.count} import`, fewest.path] as [string, string]] : []),
    ...(most ? [[`the helper that most import, ${most.count}`, most.path] as [string, string]] : []),
    ...(model ? [['a data model', model.body!.path] as [string, string]] : []),
  ]
}

function watch(checkout: string, root: string, cache: string) {
  const args = [join(checkout, 'bin/signalbox.cjs'), 'watch', '--show-failures-only', '--project', root]
  const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: join(cache, 'node') }
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    /** Resolves when it waits for changes again. */
    round: () =>
      new Promise<void>((resolve) => {
        const look = (data: Buffer) => {
          if (!data.includes('Waiting for changes')) return
          child.stderr!.off('data', look)
          resolve()
        }
        child.stderr!.on('data', look)
      }),
    end: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export default { title: 'Watch', measure } satisfies Measurement
