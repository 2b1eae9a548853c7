/** The image: what it starts exists, and it agrees with the manifests. Nothing is built here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { LONG_LIVED } from '../../bin/node-runtime.cjs'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (...path: readonly string[]) => readFileSync(join(ROOT, ...path), 'utf8')
const file = read('deploy', 'image', 'Containerfile').replaceAll('\\\n', '')
/** The last stage is the image. */
const image = file.slice(file.lastIndexOf('\nFROM '))
const jsonOf = (instruction: string): string[] =>
  JSON.parse(new RegExp(`^ *${instruction} (\\[.*\\])$`, 'm').exec(image)![1]!)
const PROGRAM = '/opt/signalbox/node_modules/signalbox/bin/signalbox.cjs'

it('starts the command of the package without a shell, with the flag of a long life', () => {
  expect(jsonOf('ENTRYPOINT')).toEqual(['node', ...LONG_LIVED, PROGRAM])
  expect(JSON.parse(read('package.json')).bin.signalbox).toBe(PROGRAM.split('/node_modules/signalbox/')[1])
})

it('has options and variables that exist', () => {
  const [command, ...options] = jsonOf('CMD')
  expect(command).toBe('run')
  const run = read('docs', 'cli.md').split('\n## run\n')[1]!.split('\n## ')[0]!
  expect(options.length).toBeGreaterThan(3)
  expect(options.filter((option) => !run.includes(`| \`${option.split('=')[0]} `))).toEqual([])
  const environment = read('docs', 'reference', 'environment.md')
  const variables = image.match(/\b(?:SIGNALBOX_\w+|XDG_CACHE_HOME)(?==)/g)!
  expect(variables).toHaveLength(3)
  expect(variables.filter((name) => !environment.includes(`\`${name}\``))).toEqual([])
})

it('asks for its health by `signalbox ready`, and is stopped by the signal that ends the daemon in order', () => {
  expect(/HEALTHCHECK .* CMD (\[.*\])$/m.exec(image)![1]).toBe(
    JSON.stringify(['node', PROGRAM, 'ready']).replaceAll(',', ', '),
  )
  expect(image).toContain('\nSTOPSIGNAL SIGTERM\n')
})

it('runs as the user of the manifests, and writes only to its volumes', () => {
  const pod = parse(read('deploy', 'kubernetes', 'pod', 'pod.yaml')).spec.template.spec
  const { runAsUser, runAsGroup } = pod.securityContext
  expect(image).toContain(`\nUSER ${runAsUser}:${runAsGroup}\n`)
  const volumes = jsonOf('VOLUME')
  const written = [
    ...image.matchAll(/\b(?:XDG_CACHE_HOME=|SIGNALBOX_STORE=sqlite:|SIGNALBOX_REJECTS=)(\S+)/g),
  ]
  expect(written).toHaveLength(3)
  for (const [, path] of written) expect(volumes.some((volume) => path!.startsWith(volume))).toBe(true)
})
