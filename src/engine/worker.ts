/** Worker entry: boots Python, loads the bodies, then answers one job after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { Bug } from '../errors.ts'
import { evaluateEvents, type LoadedBodies, testCalls } from './batch.ts'
import type { BrokenBody, FromWorker, Job, WorkerSetup } from './protocol.ts'
import { bootPython } from './pyodide.ts'
import { createSelection } from './selection.ts'

const setup = workerData as WorkerSetup
const port = parentPort
if (port === null) throw new Bug('the worker entry runs only as a worker')
const send = (message: FromWorker) => port.postMessage(message)

const { limits } = setup.settings
const python = await bootPython(new Int32Array(setup.mark), limits.timeMs)
const request = {
  bodies: setup.bodies,
  excluded: setup.excluded.map(({ body, error }) => [body, error]),
  timeMs: limits.timeMs,
  outputBytes: limits.outputBytes,
}
const broken = JSON.parse(python.load(JSON.stringify(request))) as BrokenBody[]
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
send({ kind: 'ready', broken })
