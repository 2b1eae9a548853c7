/** The version of this package. */
import { readFileSync } from 'node:fs'
import { MANIFEST_FILE } from './installed-files.ts'

export const VERSION = (JSON.parse(readFileSync(MANIFEST_FILE, 'utf8')) as { version: string }).version
