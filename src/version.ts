/** The folder of this package, and its version. */
import { readFileSync } from 'node:fs'
import { MANIFEST_FILE } from './installed-files.ts'

export const PACKAGE_FOLDER = join(import.meta.dirname, '..')

const manifest = readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')

export const VERSION = (JSON.parse(manifest) as { version: string }).version
