/** Worker entry: boots Python, loads the bodies, then answers one job after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { Bug } from '../errors.ts'
import { evaluateEvents, type LoadedBodies, testCalls } from './batch.ts'
import type { BrokenBody, FromWorker, Job, WorkerSetup } from './protocol.ts'
import { bootPython } from './pyodide.ts'
import { forbidCodeFromText } from './realm.ts'
import { createSelection } from './selection.ts'

const setup = workerData as WorkerSetup
const port = parentPort
if (port === null) throw new Bug('the worker entry runs only as a worker')
const send = (message: FromWorker) => port.postMessage(message)

const { limits } = setup.settings
const { module, base, image } = setup.start
const python = await bootPython({
  mark: new Int32Array(setup.mark),
  timeMs: limits.timeMs,
  module,
  ...(base && { base }),
})
forbidCodeFromText()
if (image) python.adopt(image.heap)
const broken = image?.broken ?? (JSON.parse(python.load(setup.request)) as BrokenBody[])
// The images are in place: nothing may keep their bytes alive.
workerData.start = undefined
const errors = new Map(broken.map(({ body, error }) => [body, error]))
const selection = createSelection(setup.bodies, errors)
const loaded: LoadedBodies = {
  python,
  rules: { settings: setup.settings, selection, clockMode: setup.clockMode },
  bodies: setup.bodies,
  broken: errors,
}

// Whatever Python throws across the border has ended the interpreter: uncaught, it ends this worker too.
port.on('message', (job: Job) => {
  const answer = job.work.kind === 'test' ? testCalls(loaded, job) : evaluateEvents(loaded, job)
  send({ kind: 'done', ...answer })
})
const heap = setup.wantsHeap && base && !image ? python.heap() : null
send({ kind: 'ready', broken, heap })
