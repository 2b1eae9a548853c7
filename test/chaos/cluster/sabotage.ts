/** Removes one protection of the product, so that a run must find its absence. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The comparison of the owner and the version of a cursor in the commit. */
const COMPARISON = 'c.owner = h.owner AND c.version = h.version'

/** What can be removed: for each kind the folder of the files, the text, and what stands in its place. */
export const SABOTAGES: Readonly<
  Record<string, { readonly folder: string; readonly sound: string; readonly broken: string }>
> = {
  'blind-cursor': { folder: 'src/store/postgres/migrations', sound: COMPARISON, broken: 'true' },
}

/** Returns a copy of the checkout without the protection. */
export function sabotagedCheckout(checkout: string, kind: string): string {
  const sabotage = SABOTAGES[kind]
  if (!sabotage) throw new Error(`unknown sabotage ${kind}: use ${Object.keys(SABOTAGES).join(', ')}`)
  const { folder, sound, broken } = sabotage
  const copy = mkdtempSync(join(tmpdir(), 'signalbox-sabotaged-'))
  for (const name of ['src', 'bin', 'package.json'])
    cpSync(join(checkout, name), join(copy, name), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  let changed = 0
  for (const name of readdirSync(join(copy, folder))) {
    const file = join(copy, folder, name)
    const text = readFileSync(file, 'utf8')
    if (!text.includes(sound)) continue
    writeFileSync(file, text.replaceAll(sound, broken))
    changed++
  }
  if (changed === 0) throw new Error(`the text to remove is not in ${folder} any more: ${sound}`)
  return copy
}
