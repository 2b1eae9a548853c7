// Removes `engines` from the libraries that the package brings (docs/decisions/0022). They run on the Node that the
// launcher chooses, and npm would compare them with the Node that installs. Packages for one platform are left out:
// docs/decisions/0041. `npm ci` restores the files.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

interface LockedPackage {
  readonly inBundle?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly engines?: object
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>
}
for (const [path, { inBundle, os, cpu, engines }] of Object.entries(packages)) {
  const isForOnePlatform = os !== undefined || cpu !== undefined
  if (inBundle && isForOnePlatform) rmSync(join(root, path), { recursive: true, force: true })
  if (!inBundle || isForOnePlatform || !engines) continue
  const file = join(root, path, 'package.json')
  const { engines: _, ...manifest } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
}
