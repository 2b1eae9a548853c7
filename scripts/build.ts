// Compiles src to dist with plain tsc and copies what tsc does not: Python, SQL and page assets.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { extname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const assets = new Set(['.py', '.sql', '.html', '.css', '.json'])

rmSync(join(root, 'dist'), { recursive: true, force: true })
execFileSync('tsc', ['-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
cpSync(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (path) => extname(path) === '' || assets.has(extname(path)),
})
