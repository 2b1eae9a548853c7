/** The manifests for Kubernetes name options, variables, paths and objects that exist, and kustomize renders what Kubernetes accepts. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readStoreUrl } from '../../src/store/postgres/store-url.ts'
import { describeUnless, describeWithProgram, isInstalled } from '../support/optional-program.ts'

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
  // The image has the command.
  expect(containers.flatMap(({ command = [] }) => command)).toEqual([])
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

const OVERLAYS = ['sqlite', 'postgres']
const VALIDATOR = 'kubernetes-validate-1.37.0'
/** The oldest release that gets fixes, and the newest whose schemas the validator has. */
const VERSIONS = ['1.34', '1.37']

function run(program: string, args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** `kubectl` contains kustomize. */
const RENDER = ['kubectl kustomize', 'kustomize build'].find((command) => isInstalled(command.split(' ')[0]!))

function render(overlay: string): string {
  const [program, verb] = RENDER!.split(' ') as [string, string]
  const { status, stdout, stderr } = run(program, [verb, join(FOLDER, 'overlays', overlay)])
  expect({ status, stderr }).toMatchObject({ status: 0 })
  return stdout
}

/** The validator reports each object on a line of its standard error. */
function validate(manifests: string, version: string) {
  const { status, stdout, stderr } = run(
    VALIDATOR,
    ['--kubernetes-version', version, '--strict', '-'],
    manifests,
  )
  return { status, report: stdout + stderr }
}

describeUnless(
  RENDER === undefined ? 'neither kubectl nor kustomize is installed' : null,
  'kustomize',
  'rendered',
  () => {
    it.each(OVERLAYS)('the overlay %s has one workload, which has all of the shared pod', (overlay) => {
      const objects = parseAllDocuments(render(overlay)).map((each) => each.toJS())
      const workloads = objects.filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment')
      expect(workloads).toHaveLength(1)
      const { spec } = workloads[0].spec.template
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 })
      expect(spec.containers).toMatchObject([
        { securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } },
      ])
      expect(spec.containers[0].args[0]).toBe('run')
      const volumes = [...spec.volumes, ...(workloads[0].spec.volumeClaimTemplates ?? []).map(nameOfObject)]
      const declared = new Set(volumes.map(({ name }: { name: string }) => name))
      const mounted: string[] = spec.containers[0].volumeMounts.map(({ name }: { name: string }) => name)
      expect(mounted.filter((name) => !declared.has(name))).toEqual([])
      expect(objects.every(({ metadata }) => metadata.namespace === 'signalbox')).toBe(true)
    })

    describeWithProgram(VALIDATOR, 'and compared with the schemas of Kubernetes', () => {
      it.each(OVERLAYS.flatMap((overlay) => VERSIONS.map((version) => [overlay, version] as const)))(
        'the overlay %s has only objects and keys of Kubernetes %s',
        (overlay, version) => {
          const manifests = render(overlay)
          const { status, report } = validate(manifests, version)
          expect({ status, report }).toMatchObject({ status: 0 })
          expect(report.match(/passed for resource/g)).toHaveLength(parseAllDocuments(manifests).length)
        },
      )

      it('a key that does not exist is found', () => {
        const { status, report } = validate(render('sqlite').replace('replicas:', 'replicaz:'), VERSIONS[1]!)
        expect(report).toContain("'replicaz' was unexpected")
        expect(status).not.toBe(0)
      })
    })
  },
)

function nameOfObject({ metadata }: { metadata: { name: string } }): { name: string } {
  return { name: metadata.name }
}
