/** Finds a detection and one of its cases by name. The error for an unknown name suggests a similar one. */

import { nearest } from '../../core/did-you-mean.ts'
import { UserError } from '../../errors.ts'
import type { Detection, TestCase } from '../../model/project/detection.ts'
import type { Project } from '../../model/project/project.ts'

export function findDetection({ detections, problems }: Project, id: string): Detection {
  const found = detections.get(id)
  if (found) return found
  const near = nearest(id, detections.keys())
  const broken = problems.some(({ severity }) => severity === 'error')
  const otherwise = broken ? 'run `signalbox validate`: files with errors are not loaded' : undefined
  throw new UserError(`detection "${id}" not found`, {
    code: 'unknown-detection',
    hint: near ? `did you mean "${near}"?` : otherwise,
  })
}

export function findCase(detection: Detection, name: string): TestCase {
  const found = detection.tests.find((test) => test.name === name)
  if (found) return found
  const names = detection.tests.map((test) => test.name)
  const near = nearest(name, names)
  throw new UserError(`detection ${detection.id} has no test "${name}"`, {
    code: 'unknown-test',
    hint: near ? `did you mean "${near}"?` : `its tests: ${names.join(', ') || 'none'}`,
  })
}
