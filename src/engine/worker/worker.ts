/** WORKER THREAD. The entry of the thread: boots Python, loads the project, then runs one job after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { Bug } from '../../errors.ts'
import type { FromWorker, Job, LoadRequest, WorkerSetup } from '../protocol/messages.ts'
import { Deadline } from '../runtime/imports/deadline.ts'
import { type BootedPython, bootPython } from '../runtime/pyodide.ts'
import { readPythonFiles } from '../runtime/python-files.ts'
import { compileInterpreter, readInterpreterSources } from '../runtime/wasm-module.ts'
import { NO_CACHE, openSnapshotCache } from '../snapshot/snapshot-cache.ts'
import { SnapshotStore } from '../snapshot/snapshot-store.ts'
import { CacheClient } from './cache-client.ts'
import { disableEval } from './disable-eval.ts'
import {
  evaluateEvents,
  guardReports,
  type LoadedBodies,
  testCalls,
  unitTestCalls,
} from './evaluate-batch.ts'
import { createDetectionGuards } from './guard/detection-guards.ts'
import { GuardReporter } from './guard-report/report-guards.ts'
import { IntegrityViolation } from './integrity-check.ts'
import { createPrefilter } from './prefilter.ts'
import { loadProject } from './project-load.ts'
import { createSelection } from './select-detections.ts'

/** Python reads no longer integer, so such an event is rejected where a detection runs. */
const MAX_NUMBER_DIGITS = 4300

const JOB_HANDLERS = {
  evaluate: evaluateEvents,
  test: testCalls,
  'unit-tests': unitTestCalls,
  guards: guardReports,
}

const port = parentPort
if (port === null) throw new Bug('the worker entry runs only as a worker')
const send = (message: FromWorker) => port.postMessage(message)

const {
  marker,
  cache,
  snapshotDirectory,
  programVersion,
  packages: earlyPackages,
} = workerData as WorkerSetup
const installed = earlyPackages?.digest
const deadline = new Deadline(new Int32Array(marker))
const cacheClient = new CacheClient(cache, (ms) => deadline.addPause(ms))
const files = readPythonFiles()
const { snapshots, ...started } = await start(workerData as WorkerSetup)
let booted: BootedPython | undefined = started
disableEval()

async function start(setup: WorkerSetup): Promise<BootedPython & { readonly snapshots: SnapshotStore }> {
  const sources = setup.interpreter ? null : readInterpreterSources()
  const compiling = setup.interpreter ?? compileInterpreter(setup.memoryBytes, sources!)
  const { fingerprint } = setup.interpreter ?? sources!
  const snapshotCache = snapshotDirectory ? openSnapshotCache(snapshotDirectory) : NO_CACHE
  const snapshots = new SnapshotStore(snapshotCache, { programVersion, interpreter: fingerprint, files })
  const cachedBase = setup.base ?? snapshots.loadBase()
  // The setup must not keep the bytes of the base in memory.
  setup.base = null
  const interpreter = await compiling
  const { module } = interpreter
  const { python, base } = await bootPython({
    deadline,
    cacheRequester: cacheClient,
    files,
    module,
    base: cachedBase,
  })
  if (setup.packages) python.install(setup.packages)
  send({
    kind: 'booted',
    interpreter,
    createdBase: base === cachedBase ? null : { base, packed: snapshots.packBase(base) },
  })
  return { snapshots, python, base }
}

function load(request: LoadRequest, from: BootedPython): LoadedBodies {
  const { bodies, settings, clockMode, scheduledQueries, packages, excluded, disabled } = request
  if (packages.digest !== installed) from.python.install(packages)
  from.python.limit(settings.limits.timeMs)
  const { restored, guards } = loadProject(request, from, snapshots)
  send({ kind: 'ready', heapBytes: from.python.heapBytes, ...restored })
  const broken = new Map(restored.broken.map(({ body, error }) => [body, error]))
  const rules = { settings, selection: createSelection(bodies, broken, scheduledQueries), clockMode }
  const usesGuards = request.guards && settings.limits.numberDigits <= MAX_NUMBER_DIGITS
  const guardsWithout = (unused: readonly number[]) =>
    usesGuards ? createDetectionGuards({ bodies, guards, broken, excluded: [...excluded, ...unused] }) : null
  const detectionGuards = guardsWithout([])
  const prefilter = createPrefilter(bodies, detectionGuards)
  const ownGuards = new GuardReporter(bodies, detectionGuards)
  const runGuards = disabled.length === 0 ? ownGuards : new GuardReporter(bodies, guardsWithout(disabled))
  return { python: from.python, cacheClient, rules, prefilter, ownGuards, runGuards, bodies, broken }
}

/** Reports a body that has changed shared state. It is the last message of the worker. */
function withViolationReport(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof IntegrityViolation)) throw error
    send({ kind: 'integrity-violation', description: error.message, offender: error.offender })
  }
}

port.once('message', (request: LoadRequest) => withViolationReport(() => serve(load(request, booted!))))

function serve(loaded: LoadedBodies): void {
  booted = undefined
  // An error that Python throws into JavaScript has ended the interpreter, so it is not caught and ends the worker.
  port!.on('message', (job: Job) =>
    withViolationReport(() => {
      const response = JSON.stringify(JOB_HANDLERS[job.work.kind](loaded, job))
      send({ kind: 'done', response, heapBytes: loaded.python.heapBytes })
    }),
  )
}
