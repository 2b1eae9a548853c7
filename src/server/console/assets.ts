/** The stylesheet and the script of the console, under names that change with their content. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONSOLE_FOLDER } from '../../installed-files.ts'

export interface Asset {
  /** The path at the server. */
  readonly path: string
  readonly type: string
  readonly body: Buffer
}

export interface Assets {
  readonly style: Asset
  readonly script: Asset
}

export function readAssets(): Assets {
  return {
    style: asset('console.css', 'text/css; charset=utf-8'),
    script: asset('console.js', 'text/javascript; charset=utf-8'),
  }
}

function asset(name: string, type: string): Asset {
  const body = readFileSync(join(CONSOLE_FOLDER, name))
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16)
  return { path: `/assets/${name.replace('.', `.${hash}.`)}`, type, body }
}
