/**
 * npm run bench -- [--corpus DIR] [--quick] [--only start,throughput] [--soak MINUTES] [--pat COMMAND] [--alertmanager COMMAND]
 * Runs the measurements one after the other; table to standard output, JSON to bench/results/.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { nullLog } from '../src/model/ports.ts'
import { openProject } from '../src/workspace/open-project.ts'
import type { BenchContext, Measurement } from './figure.ts'
import { machineFacts } from './machine.ts'
import { json, type Section, table } from './report.ts'

const MEASUREMENTS: Readonly<Record<string, () => Promise<{ default: Measurement }>>> = {
  start: () => import('./start.ts'),
  watch: () => import('./watch.ts'),
  throughput: () => import('./throughput.ts'),
  realistic: () => import('./realistic.ts'),
  growth: () => import('./growth.ts'),
  workers: () => import('./workers.ts'),
  memory: () => import('./memory.ts'),
  routing: () => import('./routing.ts'),
  delivery: () => import('./delivery.ts'),
  stores: () => import('./stores.ts'),
  cluster: () => import('./cluster.ts'),
  failover: () => import('./failover.ts'),
  http: () => import('./http.ts'),
  console: () => import('./console.ts'),
  'end-to-end': () => import('./end-to-end.ts'),
  peers: () => import('./peers.ts'),
}

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    soak: { type: 'string' },
    pat: { type: 'string' },
    alertmanager: { type: 'string' },
  },
})

const names = values.only?.split(',') ?? Object.keys(MEASUREMENTS)
const unknown = names.filter((name) => !MEASUREMENTS[name])
if (unknown.length > 0) {
  console.error(`no measurement ${unknown.join(', ')}; there are ${Object.keys(MEASUREMENTS).join(', ')}`)
  process.exit(2)
}

const checkout = join(import.meta.dirname, '..')
const corpus = values.corpus === undefined ? null : resolve(values.corpus)
const machine = machineFacts(checkout)
const corpusDetections =
  corpus === null ? null : (await openProject({ root: corpus, log: nullLog })).detections.size

const snapshotCache = mkdtempSync(join(tmpdir(), 'signalbox-bench-images-'))
process.on('exit', () => rmSync(snapshotCache, { recursive: true, force: true }))
const sections: Section[] = []
for (const name of names) {
  const { default: measurement } = await MEASUREMENTS[name]!()
  const context: BenchContext = {
    checkout,
    corpus,
    snapshotCache,
    quick: values.quick,
    soakMinutes: values.soak === undefined ? null : Number(values.soak),
    peers: { pat: values.pat ?? null, alertmanager: values.alertmanager ?? null },
    progress: (text) => console.error(`${name}: ${text}`),
  }
  sections.push({ title: measurement.title, figures: await measurement.measure(context) })
}

const { cores, cpu, node, pyodide, python, load } = machine
console.log(
  `${cores} cores (${cpu}), load ${load}; Node ${node}, Pyodide ${pyodide}, CPython ${python ?? '-'}`,
)
console.log('Medians, then min - max.')
console.log(table(sections))

const date = new Date().toISOString().slice(0, 10)
const what = [values.only?.replaceAll(',', '-') ?? 'all', values.quick ? 'quick' : '']
  .filter(Boolean)
  .join('-')
const folder = join(import.meta.dirname, 'results')
mkdirSync(folder, { recursive: true })
writeFileSync(
  join(folder, `${date}-${what}.json`),
  json({ date, quick: values.quick, corpusDetections, machine, sections }),
)
console.error(`bench/results/${date}-${what}.json`)
