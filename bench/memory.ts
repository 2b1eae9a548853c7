/** Resident memory with one worker and with more, after a load, and whether it is flat under load. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { LONG_LIVED } from '../bin/node-runtime.cjs'
import { type BenchContext, type Figure, type Measurement, quantile, slope } from './figure.ts'
import type { MemorySamples } from './memory-subject.ts'

const MAX_WORKERS = 3

async function measure(context: BenchContext): Promise<Figure[]> {
  const { checkout, corpus, snapshotCache, quick, soakMinutes, progress } = context
  const runSubject = subjectOf(corpus ?? checkout, snapshotCache)
  const what = corpus === null ? 'example project' : 'corpus'
  const loadSeconds = quick ? 3 : 10
  const repetitions = quick ? 1 : 3
  progress('making the images')
  await runSubject(1, 0)
  const started: number[] = []
  const loaded: number[] = []
  const perWorker: number[] = []
  const kept: number[] = []
  for (let i = 0; i < repetitions; i++) {
    progress(`${what}, 1 worker and ${MAX_WORKERS}, load of ${loadSeconds} s`)
    const one = await runSubject(1, loadSeconds)
    const more = await runSubject(MAX_WORKERS, loadSeconds)
    started.push(one.startedMb)
    loaded.push(lastMb(one))
    kept.push(one.keptMb)
    perWorker.push((lastMb(more) - lastMb(one)) / (MAX_WORKERS - 1))
  }
  const ofCorpus = corpus !== null
  const figures: Figure[] = [
    { name: `${what}, one worker, started`, unit: 'MB', samples: started },
    {
      name: `${what}, one worker, after ${loadSeconds} s of load`,
      unit: 'MB',
      samples: loaded,
      ...(ofCorpus && { reach: { atMost: 400 } }),
    },
    {
      name: `${what}, each further worker, after ${loadSeconds} s of load`,
      unit: 'MB',
      samples: perWorker,
      ...(ofCorpus && { reach: { atMost: 180 } }),
    },
  ]
  const soakSeconds = soakMinutes === null ? (quick ? 6 : 60) : soakMinutes * 60
  progress(`${what}, one worker, load of ${soakSeconds} s`)
  return [...figures, ...flatness(await runSubject(1, soakSeconds), soakSeconds, quantile(kept, 0.5))]
}

/**
 * It covers the second half: the first is growth to working size. What is resident rises and falls with V8's collections;
 * whether memory is kept forever shows in what outlives one.
 */
function flatness({ samples, events, keptMb }: MemorySamples, seconds: number, keptBefore: number): Figure[] {
  const late = samples.slice(Math.floor(samples.length / 2))
  const points = late.map(({ seconds, mb }) => ({ x: seconds / 60, y: mb }))
  const range = late.map(({ mb }) => mb)
  const [low, high] = [Math.min(...range), Math.max(...range)].map(Math.round)
  return [
    { name: `in each minute of ${seconds} s of load`, unit: 'MB', samples: byMinute(samples) },
    {
      name: `slope over the second half of ${seconds} s of load`,
      unit: 'MB/min',
      samples: [slope(points)],
      note: `between ${low} and ${high} MB, ${events} events`,
    },
    {
      name: `what outlives a collection, more after ${seconds} s of load than after the short one`,
      unit: 'MB',
      samples: [keptMb - keptBefore],
      note: `${keptMb.toFixed(1)} MB`,
    },
  ]
}

function byMinute(samples: MemorySamples['samples']): number[] {
  const minutes = Map.groupBy(samples, ({ seconds }) => Math.floor(seconds / 60))
  return [...minutes.values()].map((each) =>
    quantile(
      each.map(({ mb }) => mb),
      0.5,
    ),
  )
}

function lastMb({ samples }: MemorySamples): number {
  return samples.at(-1)!.mb
}

/** The load runs in a separate process with the flags of `run`, so that the memory of the benchmark is not counted. */
function subjectOf(root: string, snapshotCache: string) {
  return async (workers: number, loadSeconds: number): Promise<MemorySamples> => {
    const subject = join(import.meta.dirname, 'memory-subject.ts')
    const args = [
      ...LONG_LIVED,
      '--expose-gc',
      subject,
      root,
      snapshotCache,
      String(workers),
      String(loadSeconds),
    ]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    return JSON.parse(await text(child.stdout)) as MemorySamples
  }
}

export default { title: 'Memory', measure } satisfies Measurement
