/** Worker entry: boots Python, loads the bodies, then answers one job after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { Bug } from '../errors.ts'
import { readBroken, readFacts } from './answer.ts'
import { evaluateEvents, type LoadedBodies, testCalls } from './batch.ts'
import { createMatching } from './matching.ts'
import type { FromWorker, Job, LoadOrder, WorkerSetup } from './protocol.ts'
import { bootPython } from './pyodide.ts'
import { forbidCodeFromText } from './realm.ts'
import { createSelection } from './selection.ts'

const { boot, mark } = workerData as WorkerSetup
const port = parentPort
if (port === null || boot === undefined) throw new Bug('the worker entry runs only as a worker')
const send = (message: FromWorker) => port.postMessage(message)

const { module, base } = boot
const python = await bootPython({ mark: new Int32Array(mark), module, ...(base && { base }) })
forbidCodeFromText()
workerData.boot = undefined

function load(order: LoadOrder): LoadedBodies {
  const { bodies, settings, clockMode, queries, request, image } = order
  python.limit(settings.limits.timeMs)
  // First: what the texts tell is not for the code in them to say.
  const facts = image?.facts ?? readFacts(python.facts(request), bodies.length)
  if (image) python.adopt(image.heap)
  const broken = image?.broken ?? readBroken(python.load(request), bodies.length)
  const errors = new Map(broken.map(({ body, error }) => [body, error]))
  // Before anything is evaluated: the image is what the bodies were when they were loaded.
  const heap = order.wantsHeap && base !== null ? python.heap() : null
  send({ kind: 'ready', broken, facts, heap })
  return {
    python,
    rules: { settings, selection: createSelection(bodies, errors, queries), clockMode },
    matching: createMatching(bodies),
    bodies,
    broken: errors,
  }
}

port.once('message', (order: LoadOrder) => {
  const loaded = load(order)
  // Whatever Python throws across the border has ended the interpreter: uncaught, it ends this worker too.
  port.on('message', (job: Job) => {
    const answer = job.work.kind === 'test' ? testCalls(loaded, job) : evaluateEvents(loaded, job)
    send({ kind: 'done', ...answer })
  })
})
