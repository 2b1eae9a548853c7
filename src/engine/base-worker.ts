/** Worker entry: makes the trusted base image and hands it over. No author's code comes near it. */
import { parentPort } from 'node:worker_threads'
import { makeBase } from './pyodide.ts'

const base = await makeBase()
parentPort?.postMessage(base)
