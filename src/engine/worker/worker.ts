/** Worker entry: boots Python, loads the bodies, then answers one job after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { Bug } from '../../errors.ts'
import type { FromWorker, Job, LoadRequest, WorkerSetup } from '../protocol/messages.ts'
import { Deadline } from '../runtime/imports/deadline.ts'
import { type Booted, bootPython } from '../runtime/pyodide.ts'
import { readPythonFiles } from '../runtime/python-files.ts'
import { compileInterpreter, readInterpreterSources } from '../runtime/wasm-module.ts'
import { NO_CACHE, openImageCache } from '../snapshot/snapshot-cache.ts'
import { SnapshotStore } from '../snapshot/snapshot-store.ts'
import { CacheClient } from './cache-client.ts'
import { disableEval } from './disable-eval.ts'
import { evaluateEvents, type LoadedBodies, testCalls, unitTestCalls } from './evaluate-batch.ts'
import { IntegrityViolation } from './integrity-check.ts'
import { createPrefilter } from './prefilter.ts'
import { fillInterpreter } from './project-load.ts'
import { createSelection } from './select-detections.ts'

const ANSWERS = { evaluate: evaluateEvents, test: testCalls, 'unit-tests': unitTestCalls }

const port = parentPort
if (port === null) throw new Bug('the worker entry runs only as a worker')
const send = (message: FromWorker) => port.postMessage(message)

const { mark, cache, imageFolder, programVersion, packages: early } = workerData as WorkerSetup
const installed = early?.digest
const deadline = new Deadline(new Int32Array(mark))
const cacheDesk = new CacheClient(cache, (ms) => deadline.paused(ms))
const files = readPythonFiles()
const { images, ...started } = await start(workerData as WorkerSetup)
let booted: Booted | undefined = started
disableEval()

async function start(setup: WorkerSetup): Promise<Booted & { readonly images: SnapshotStore }> {
  const sources = setup.interpreter ? null : readInterpreterSources()
  const compiling = setup.interpreter ?? compileInterpreter(setup.memoryBytes, sources!)
  const { fingerprint } = setup.interpreter ?? sources!
  const imageCache = imageFolder ? openImageCache(imageFolder) : NO_CACHE
  const images = new SnapshotStore(imageCache, { programVersion, interpreter: fingerprint, files })
  const found = setup.base ?? images.loadBase()
  // Its bytes need not stay.
  setup.base = null
  const interpreter = await compiling
  const { module } = interpreter
  const { python, base } = await bootPython({ deadline, cacheDesk, files, module, base: found })
  if (setup.packages) python.install(setup.packages)
  send({ kind: 'booted', interpreter, made: base === found ? null : { base, kept: images.packBase(base) } })
  return { images, python, base }
}

function load(order: LoadRequest, from: Booted): LoadedBodies {
  const { bodies, settings, clockMode, queries, packages } = order
  if (packages.digest !== installed) from.python.install(packages)
  from.python.limit(settings.limits.timeMs)
  const filled = fillInterpreter(order, from, images)
  send({ kind: 'ready', heapBytes: from.python.heapBytes, ...filled })
  const broken = new Map(filled.broken.map(({ body, error }) => [body, error]))
  const rules = { settings, selection: createSelection(bodies, broken, queries), clockMode }
  return { python: from.python, cacheDesk, rules, matching: createPrefilter(bodies), bodies, broken }
}

/** A worker whose bodies share something that one has changed says so, and nothing more. */
function unlessTampered(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof IntegrityViolation)) throw error
    send({ kind: 'tampered', what: error.message, culprit: error.offender })
  }
}

port.once('message', (order: LoadRequest) => unlessTampered(() => serve(load(order, booted!))))

function serve(loaded: LoadedBodies): void {
  booted = undefined
  // Whatever Python throws across the border has ended the interpreter: uncaught, it ends this worker too.
  port!.on('message', (job: Job) =>
    unlessTampered(() => {
      const answer = JSON.stringify(ANSWERS[job.work.kind](loaded, job))
      send({ kind: 'told', answer, heapBytes: loaded.python.heapBytes })
    }),
  )
}
