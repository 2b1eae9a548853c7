/** Start to first verdict: from the start of the process to its exit, with an empty cache folder and with a filled one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { nullLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace/open-project.ts'
import type { BenchContext, Figure, Measurement, Reach } from './figure.ts'
import type { Phases } from './start-phases.ts'

const TYPES = 'rule,policy,scheduled_rule,correlation_rule'

/** Milliseconds from the start of the process. */
interface Times {
  readonly verdict: number
  readonly exit: number
}

interface Case {
  readonly name: string
  readonly args: readonly string[]
  /** The clock stops at the first verdict on standard output, or at the end of the process. */
  readonly until: keyof Times
  readonly warmReach?: Reach
  readonly coldReach?: Reach
}

async function measure(context: BenchContext): Promise<Figure[]> {
  const { checkout, corpus, quick, progress } = context
  const repetitions = quick ? 3 : 7
  const cases = [
    ...(await casesOf(checkout, 'example project', { first: { atMost: 350 } })),
    ...(corpus === null
      ? []
      : await casesOf(corpus, 'corpus', {
          first: { atMost: 650 },
          whole: { atMost: 1_500 },
          wholeCold: { atMost: 5_000 },
        })),
  ]
  const figures: Figure[] = []
  for (const each of cases) {
    progress(each.name)
    figures.push(...(await measureCase(each, checkout, repetitions)))
  }
  if (corpus !== null) {
    progress('after an edit')
    figures.push(await measureEdit(corpus, checkout, repetitions))
  }
  progress('phases')
  const largest = corpus === null ? 'example project' : 'corpus'
  return [...figures, ...(await measurePhases(corpus ?? checkout, largest, repetitions))]
}

async function casesOf(
  root: string,
  what: string,
  reach: { first: Reach; whole?: Reach; wholeCold?: Reach },
): Promise<Case[]> {
  const project = await openProject({ root, log: nullLog })
  const rules = [...project.detections.values()].filter(
    ({ enabled, type, tests }) => enabled && type === 'rule' && tests.length > 0,
  )
  const args = ['test', '--quiet', '--project', root]
  return [
    {
      name: `${what}, one rule of ${rules.length}`,
      args: [...args, '--filter', `RuleID=${rules[0]!.id}`],
      until: 'verdict',
      warmReach: reach.first,
    },
    {
      name: `${what}, all ${project.detections.size} detections`,
      // The selection leaves out unit tests of the repository's own Python, which may take any time.
      args: [...args, '--filter', `AnalysisType=${TYPES}`],
      until: 'exit',
      ...(reach.whole && { warmReach: reach.whole }),
      ...(reach.wholeCold && { coldReach: reach.wholeCold }),
    },
  ]
}

async function measureCase(each: Case, checkout: string, repetitions: number): Promise<Figure[]> {
  const cold: number[] = []
  const warm: number[] = []
  for (let i = 0; i < repetitions; i++) {
    await withCache(async (cache) => {
      cold.push((await runCommand(checkout, each.args, cache))[each.until])
      // The caches of the first run may still be incomplete, so only the third counts as warm.
      await runCommand(checkout, each.args, cache)
      warm.push((await runCommand(checkout, each.args, cache))[each.until])
    })
  }
  const figure = (name: string, samples: number[], reach: Reach | undefined): Figure => ({
    name: `${each.name}, ${name}`,
    unit: 'ms',
    samples,
    ...(reach && { reach }),
  })
  return [figure('cold', cold, each.coldReach), figure('warm', warm, each.warmReach)]
}

/** One rule, whose body has changed since the last run; everything else is known. On a copy. */
async function measureEdit(corpus: string, checkout: string, repetitions: number): Promise<Figure> {
  const project = await openProject({ root: corpus, log: nullLog })
  const rule = [...project.detections.values()].find(
    ({ enabled, type, tests, body }) => enabled && type === 'rule' && tests.length > 0 && body !== null,
  )!
  const samples = await withCache(async (folder) => {
    const copy = join(folder, 'copy')
    cpSync(corpus, copy, { recursive: true, filter: (path) => basename(path) !== '.git' })
    const run = () =>
      runCommand(checkout, ['test', '--quiet', '--project', copy, '--filter', `RuleID=${rule.id}`], folder)
    await run()
    await run()
    const all: number[] = []
    for (let i = 0; i < repetitions; i++) {
      appendFileSync(join(copy, rule.body!.path), `# edit ${i}\n`)
      all.push((await run()).verdict)
    }
    return all
  })
  return { name: 'corpus, one rule, its body edited', unit: 'ms', samples }
}

const PHASES: Readonly<Record<keyof Phases, string>> = {
  node: 'Node itself',
  modules: 'loading our modules',
  project: 'reading the project, Python booting beside it',
  python: 'then waiting for Python',
  tests: 'running every case',
}

async function measurePhases(root: string, what: string, repetitions: number): Promise<Figure[]> {
  const samples = await withCache(async (cache) => {
    const run = async () => JSON.parse((await runNode(['start-phases.ts', root], cache)).output) as Phases
    // The first fills the caches.
    await run()
    await run()
    const all: Phases[] = []
    for (let i = 0; i < repetitions; i++) all.push(await run())
    return all
  })
  return Object.entries(PHASES).map(([phase, name]) => ({
    name: `${what}, all, warm, of it: ${name}`,
    unit: 'ms',
    samples: samples.map((each) => each[phase as keyof Phases]),
  }))
}

async function withCache<T>(work: (cache: string) => Promise<T>): Promise<T> {
  const cache = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  try {
    return await work(cache)
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}

async function runCommand(checkout: string, args: readonly string[], cache: string): Promise<Times> {
  const startedAt = performance.now()
  const { output, printedAt } = await runNode([join(checkout, 'bin/signalbox.cjs'), ...args], cache)
  const exit = performance.now() - startedAt
  if (!/\d+ passed/.test(output)) throw new Error(`signalbox ${args[0]} tested nothing:\n${output}`)
  return { verdict: printedAt - startedAt, exit }
}

/** Standard output, and when its first line came. Node's own compile cache lies in the same folder, so that cold is cold for both. */
async function runNode(
  args: readonly string[],
  cache: string,
): Promise<{ output: string; printedAt: number }> {
  const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: join(cache, 'node') }
  const child = spawn(process.execPath, args, { env, cwd: import.meta.dirname })
  let printedAt = 0
  child.stdout.once('data', () => {
    printedAt = performance.now()
  })
  const [output, problems, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  // The exit code may be 1, because a corpus may have invalid files. The others were tested.
  if (code !== 0 && code !== 1) throw new Error(`exit ${code}: ${args.join(' ')}\n${problems}`)
  return { output, printedAt }
}

export default { title: 'Start', measure } satisfies Measurement
