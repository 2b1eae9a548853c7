/** Gives a project this checkout as its package `signalbox`: the modules that the manifest exports, as their sources. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const CHECKOUT = join(import.meta.dirname, '..', '..')

export function linkPackage(root: string): void {
  const folder = join(root, 'node_modules', 'signalbox')
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(CHECKOUT, 'src'), join(folder, 'src'))
  const { exports } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
    exports: Record<string, { default?: string }>
  }
  const sources = Object.entries(exports).flatMap(([name, { default: built }]) =>
    built === undefined ? [] : [[name, built.replace('./dist/', './src/').replace(/\.js$/, '.ts')]],
  )
  const manifest = { name: 'signalbox', type: 'module', exports: Object.fromEntries(sources) }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
}
