// The analysis of a project's bodies by native CPython, as each worker would have it from its own interpreter.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bodiesOf } from '../../src/engine/protocol/bodies.ts'
import type { Body, NamedBody } from '../../src/engine/protocol/messages.ts'
import type { BodyGuards } from '../../src/engine/protocol/module-analysis.ts'
import { AnalysisCache } from '../../src/engine/snapshot/analysis-cache.ts'
import { summarizeGuards } from '../../src/engine/worker/event-index/guard-summary.ts'
import type { Project } from '../../src/model/project/project.ts'

const MAX_ANSWER_BYTES = 2 ** 30

export interface NativeAnalysis {
  readonly bodies: readonly Body[]
  /** `ModuleAnalysis.guard` of each body. */
  readonly guards: readonly (BodyGuards | null)[]
  /** How long Python took for all of them. */
  readonly ms: number
}

export function analyzeNatively(project: Project, purpose: 'run' | 'test'): NativeAnalysis {
  // Bodies without Python have no analysis and come last, so the numbers of the others are theirs among all.
  const bodies = bodiesOf(project, purpose).filter(({ kind }) => kind !== 'unit-tests')
  const named = bodies.filter((body): body is NamedBody => body.kind !== 'simple')
  let ms = 0
  const { analyses } = new AnalysisCache(null).analyze(named, new Set(), {
    summarize: summarizeGuards,
    analyze: (request) => {
      const answer = runPython(request)
      ms = answer.ms
      return answer.analyses
    },
  })
  return { bodies, guards: analyses.map(({ guard }) => guard), ms }
}

function runPython(request: string): { readonly analyses: string; readonly ms: number } {
  const { status, stdout, stderr } = spawnSync('python3', ['-B', join(import.meta.dirname, 'analyze.py')], {
    input: JSON.stringify({ runtime: join(import.meta.dirname, '../../src/engine/python'), request }),
    encoding: 'utf8',
    maxBuffer: MAX_ANSWER_BYTES,
  })
  if (status !== 0) throw new Error(`the analysis ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as { analyses: string; ms: number }
}
