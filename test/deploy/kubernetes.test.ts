/** The manifests for Kubernetes name options, variables, paths and objects that exist. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, 'deploy', 'kubernetes')
const files = globSync('**/*.yaml', { cwd: FOLDER }).map((path) => ({
  path,
  content: parse(readFileSync(join(FOLDER, path), 'utf8')),
}))
const contentOf = (path: string) => files.find((file) => file.path === path)!.content
const WORKLOADS = ['overlays/sqlite/stateful-set.yaml', 'overlays/postgres/deployment.yaml']
const containers = [...WORKLOADS, 'pod/pod.yaml'].map(
  (path) => contentOf(path).spec.template.spec.containers[0],
)

it('each kustomization names files that exist, and no file is left out', () => {
  const named = files.flatMap(({ path, content }) =>
    [
      ...(content.resources ?? []),
      ...(content.components ?? []),
      ...(content.patches ?? []).flatMap((patch: { path?: string }) => patch.path ?? []),
    ].map((name: string) => join(dirname(path), name)),
  )
  expect(named.filter((path) => !existsSync(join(FOLDER, path)))).toEqual([])
  const objects = files.map(({ path }) => path).filter((path) => !path.endsWith('kustomization.yaml'))
  expect(objects.filter((path) => !named.includes(path))).toEqual([])
})

it('the pods run a command that exists', () => {
  const run = readFileSync(join(ROOT, 'docs', 'cli.md'), 'utf8')
    .split('\n## run\n')[1]!
    .split('\n## ')[0]!
  const args: string[] = containers.flatMap(({ args = [] }) => args.filter((arg: string) => arg !== 'run'))
  expect(args.length).toBeGreaterThan(6)
  expect(args.filter((arg) => !run.includes(`| \`${arg.split('=')[0]} `))).toEqual([])
  const environment = readFileSync(join(ROOT, 'docs', 'reference', 'environment.md'), 'utf8')
  const variables: string[] = containers.flatMap(({ env }) => env.map(({ name }: { name: string }) => name))
  expect(variables.filter((name) => !environment.includes(`\`${name}\``))).toEqual([])
  const command = containers.find(({ command }) => command).command[1]
  expect(existsSync(join(ROOT, command.replace('node_modules/signalbox/', '')))).toBe(true)
})

it('a store in SQLite has one daemon, and that in PostgreSQL has an address that Signalbox reads', () => {
  expect(contentOf(WORKLOADS[0]!).spec.replicas).toBe(1)
  const store = containers[1].env.find(({ name }: { name: string }) => name === 'SIGNALBOX_STORE').value
  expect(readStoreUrl(store.replace(/&sslrootcert=[^&]+/, ''), {}, ROOT)).toMatchObject({ host: 'postgres' })
})

it('every selector is the label of the pods', () => {
  const label = { 'app.kubernetes.io/name': 'signalbox' }
  for (const path of WORKLOADS) {
    const { spec } = contentOf(path)
    expect([spec.selector.matchLabels, spec.template.metadata.labels]).toEqual([label, label])
  }
  expect(contentOf('base/service.yaml').spec.selector).toEqual(label)
  expect(contentOf('base/network-policy.yaml').spec.podSelector.matchLabels).toEqual(label)
  expect(contentOf('base/pod-disruption-budget.yaml').spec.selector.matchLabels).toEqual(label)
})
