/** POSTs of one event each to `run` as a process over a store on disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startReceiver } from './alert-receiver.ts'
import { eventOf, post, startDaemon, writeProject } from './daemon-process.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'

const IN_FLIGHT = 64

async function measure({ checkout, quick, progress }: BenchContext): Promise<Figure[]> {
  const receiver = await startReceiver()
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-'))
  const repetitions = quick ? 2 : 3
  const posts: number[] = []
  try {
    for (let round = 0; round < repetitions; round++) {
      progress(`round ${round + 1} of ${repetitions}`)
      const project = join(folder, `project-${round}`)
      writeProject(project, receiver.url)
      const daemon = await startDaemon(checkout, project)
      await postRate(daemon.url, 500)
      posts.push(await postRate(daemon.url, quick ? 4_000 : 15_000))
      await daemon.stop()
    }
  } finally {
    await receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const name = `single-event POSTs, ${IN_FLIGHT} in flight`
  return [{ name, unit: 'requests/s', samples: posts, reach: { atLeast: 3_000 } }]
}

/** Quiet events, so that the intake is measured. */
async function postRate(url: string, requests: number): Promise<number> {
  let next = 0
  const client = async () => {
    while (next < requests) await post(url, eventOf(`post-${next++}`, null))
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, client))
  return (requests / (performance.now() - startedAt)) * 1_000
}

export default { title: 'HTTP intake', measure } satisfies Measurement
