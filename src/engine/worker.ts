/** Worker entry: boots Python, loads the bodies, then answers one job after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { Bug } from '../errors.ts'
import { readBroken } from './answer.ts'
import { evaluateEvents, type LoadedBodies, testCalls, unitTestCalls } from './batch.ts'
import { WorkerCacheDesk } from './cache-desk.ts'
import { Deadline } from './deadline.ts'
import { NO_CACHE, openImageCache } from './image-cache.ts'
import { Images } from './images.ts'
import { createMatching } from './matching.ts'
import {
  type Filled,
  type FromWorker,
  type Job,
  LOADING,
  type LoadOrder,
  type NamedBody,
  type WorkerSetup,
} from './protocol.ts'
import { type Booted, bootPython } from './pyodide.ts'
import { readPythonFiles } from './python-files.ts'
import { forbidCodeFromText } from './realm.ts'
import { withCodes } from './requests.ts'
import { createSelection } from './selection.ts'
import { Tampering } from './tampering.ts'
import { compileInterpreter } from './wasm-module.ts'

const ANSWERS = { evaluate: evaluateEvents, test: testCalls, 'unit-tests': unitTestCalls }

const port = parentPort
if (port === null) throw new Bug('the worker entry runs only as a worker')
const send = (message: FromWorker) => port.postMessage(message)

const { mark, cache, imageFolder, packages: early } = workerData as WorkerSetup
const installed = early?.digest
const deadline = new Deadline(new Int32Array(mark))
const cacheDesk = new WorkerCacheDesk(cache, (ms) => deadline.paused(ms))
const files = readPythonFiles()
const images = new Images(imageFolder ? openImageCache(imageFolder) : NO_CACHE, files)
let booted: Booted | undefined = await start(workerData as WorkerSetup)
forbidCodeFromText()

async function start(setup: WorkerSetup): Promise<Booted> {
  const compiling = setup.module ? Promise.resolve(setup.module) : compileInterpreter(setup.memoryBytes)
  const found = setup.base ?? images.base()
  // Its bytes need not stay.
  setup.base = null
  const module = await compiling
  const { python, base } = await bootPython({ deadline, cacheDesk, files, module, base: found })
  if (setup.packages) python.install(setup.packages)
  send({ kind: 'booted', module, made: base === found ? null : { base, kept: images.keptBase(base) } })
  return { python, base }
}

/** From the image of exactly these bodies, else from their sources: then that image is made. */
function fill(order: LoadOrder, { python, base }: Booted): Filled {
  const { request, images: way } = order
  const image = way === 'use' ? images.project(request, base) : null
  if (image) {
    python.adopt(image.heap)
    return { broken: image.broken, facts: image.facts, kept: [] }
  }
  const { facts, codes, kept } = study(order, { python, base })
  const broken = readBroken(python.load(withCodes(request, codes)), order.bodies.length)
  const tampering = broken.find(({ error }) => error.limit === 'canary')
  if (tampering) throw new Tampering(tampering.error.message, { body: tampering.body, item: LOADING })
  // Before anything is evaluated: the image is what the bodies were when they were loaded.
  const heap = way === 'ignore' ? null : python.image(base)
  if (heap) kept.push(images.keptProject(request, base, { broken, facts, heap }))
  return { broken, facts, kept }
}

/** First, and undone again: what the texts tell is not for the code in them to say. */
function study({ bodies, leftOut, images: way }: LoadOrder, { python, base }: Booted) {
  const named = bodies.filter((body): body is NamedBody => body.kind !== 'simple')
  const { studies, kept } = images.studies().of(named, new Set(leftOut), (text) => python.study(text))
  if (kept) python.reset(base)
  return {
    facts: JSON.stringify(studies.map((each) => each.facts)),
    codes: studies.map(({ code }) => code),
    kept: kept && way !== 'ignore' ? [images.keptStudies(kept())] : [],
  }
}

function load(order: LoadOrder, from: Booted): LoadedBodies {
  const { bodies, settings, clockMode, queries, packages } = order
  if (packages.digest !== installed) from.python.install(packages)
  from.python.limit(settings.limits.timeMs)
  const filled = fill(order, from)
  send({ kind: 'ready', heapBytes: from.python.heapBytes, ...filled })
  const broken = new Map(filled.broken.map(({ body, error }) => [body, error]))
  const rules = { settings, selection: createSelection(bodies, broken, queries), clockMode }
  return { python: from.python, cacheDesk, rules, matching: createMatching(bodies), bodies, broken }
}

/** A worker whose bodies share something that one has changed says so, and nothing more. */
function unlessTampered(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof Tampering)) throw error
    send({ kind: 'tampered', what: error.message, culprit: error.culprit })
  }
}

port.once('message', (order: LoadOrder) => unlessTampered(() => serve(load(order, booted!))))

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
