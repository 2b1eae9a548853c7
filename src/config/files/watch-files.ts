/** Reports the changed files of a project, one burst of changes at a time. */
import { basename } from 'node:path'
import { projectPath } from './discover.ts'

const QUIET_MS = 50
const RELEVANT = /\.(?:y[^.]*ml|py|ts|js|env)$/

/**
 * Resolves once changes are seen, with the function that ends it. `onChange` gets paths relative to the root,
 * sorted, when nothing has changed for `quietMs`.
 */
export async function watchProject(
  root: string,
  onChange: (paths: readonly string[]) => void,
  quietMs: number = QUIET_MS,
): Promise<() => Promise<void>> {
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const report = () => {
    const paths = [...changed].sort()
    changed.clear()
    onChange(paths)
  }
  const { watch } = await import('chokidar')
  const watcher = watch(root, {
    ignoreInitial: true,
    followSymlinks: false,
    ignored: (path) => path !== root && isIgnored(basename(path)),
  })
  watcher.on('all', (_, path) => {
    if (!RELEVANT.test(path)) return
    changed.add(projectPath(root, path))
    clearTimeout(timer)
    timer = setTimeout(report, quietMs)
  })
  await new Promise<void>((resolve, reject) => {
    watcher.on('ready', resolve)
    // A later error changes nothing: files that cannot be watched are ignored.
    watcher.on('error', reject)
  })
  return () => {
    clearTimeout(timer)
    return watcher.close()
  }
}

function isIgnored(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules' || name === '__pycache__'
}
