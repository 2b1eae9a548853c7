/** Folders and wheels of packages, made for a test. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { zipSync } from 'fflate'
import { onTestFinished } from 'vitest'

export type Files = Readonly<Record<string, string | Uint8Array>>

/** Removed when the test has ended. */
export function folderWith(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-packages-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

export interface WheelContent {
  readonly files?: Files
  readonly requires?: readonly string[]
}

/** `name` and `version` as in its file name. */
export function wheel(
  name: string,
  version: string,
  { files = {}, requires = [] }: WheelContent = {},
): Uint8Array {
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.map((requirement) => `Requires-Dist: ${requirement}`),
    '',
    'Requires-Dist: not-a-header',
  ].join('\n')
  const info = `${name}-${version}.dist-info`
  const all: Files = { ...files, [`${info}/METADATA`]: metadata }
  const lines = Object.entries(all).map(
    ([path, content]) => `${path},sha256=${hash(content)},${content.length}`,
  )
  return archive({ ...all, [`${info}/RECORD`]: [...lines, `${info}/RECORD,,`].join('\n') })
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url')
}

export function archive(files: Files): Uint8Array {
  const bytes = Object.entries(files).map(([path, content]) => [
    path,
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  ])
  return zipSync(Object.fromEntries(bytes))
}
