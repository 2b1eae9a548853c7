/** Every case of a repository under `signalbox test` and under `pat test`, as whole processes, in turn. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchContext, Figure } from './figure.ts'
import { alternate, ratios } from './repeat.ts'

const MAX_OUTPUT_BYTES = 200_000_000
const MUST_SHARE = 0.06

interface Used {
  readonly seconds: number
  /** The core time of the process with all its threads and children. */
  readonly coreSeconds: number
}

/** @param pat the command; null: it is not installed. */
export async function patFigures(
  { checkout, corpus, quick, progress }: BenchContext,
  pat: string | null,
): Promise<Figure[]> {
  const name = 'every case, no unit tests'
  const skipped = (note: string): Figure[] => [{ name: `${name}: pat test`, unit: 's', samples: [], note }]
  if (corpus === null) return skipped('needs --corpus')
  if (pat === null) return skipped('not installed')
  progress(`pat test, ${pat}`)
  const cache = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  try {
    const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: join(cache, 'node') }
    const signalbox = [process.execPath, join(checkout, 'bin/signalbox.cjs')]
    const ours = [...signalbox, 'test', '--quiet', '--no-unit-tests', '--project', corpus]
    // The warm-up fills one cache, and this run the caches that the first one makes possible.
    use(ours, corpus, env)
    const core: number[][] = [[], []]
    const subject = (command: readonly string[], at: number) => ({
      run: async (round: number) => {
        const { seconds, coreSeconds } = use(command, corpus, env)
        if (round > 0) core[at]!.push(coreSeconds)
        return seconds
      },
    })
    const [wall = [], wallOfPat = []] = await alternate(
      [subject(ours, 0), subject([pat, 'test'], 1)],
      quick ? 1 : 3,
    )
    const [own, theirs] = [core[0]!, core[1]!]
    const version = spawnSync(pat, ['--version'], { encoding: 'utf8' }).stdout.trim()
    const share = (what: string, samples: number[]) => ({
      name: `${name}: signalbox / pat, ${what}`,
      unit: 'x',
      samples,
      reach: { atMost: MUST_SHARE },
    })
    return [
      { name: `${name}: signalbox test, warm, core time`, unit: 's', samples: own },
      { name: `${name}: pat test, core time`, unit: 's', samples: theirs, note: `pat ${version}` },
      share('core time', ratios(own, theirs)),
      share('by the clock', ratios(wall, wallOfPat)),
    ]
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}

/** The shell reports what its children used. */
function use(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Used {
  const startedAt = performance.now()
  const script = '"$@" >/dev/null; echo "exit $?"; times'
  const options = { cwd, env, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES } as const
  const { stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...command], options)
  const seconds = (performance.now() - startedAt) / 1_000
  const times = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2)
  // Both end with 1 where files of the repository cannot be loaded.
  if (!/exit [01]\n/.test(stdout) || times.length < 2) throw new Error(`${command[0]}: ${stdout}${stderr}`)
  const coreSeconds = times.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0)
  return { seconds, coreSeconds }
}
